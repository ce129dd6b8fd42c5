"""Why a program cannot be run in the simulation, or not further."""

from __future__ import annotations

from nemesis.errors import NemesisError


class LeavesTheSimulation(NemesisError):
    """The program asked for something of the real world: what came of it could not be repeated.
    The message says what it was, and what there is instead."""


class ProcessGone(BaseException):
    """The process has crashed, and this is what is left of its stack: raised at whatever it still
    asks for. No ``Exception``, so that no handler takes it for an error that can be dealt with."""
