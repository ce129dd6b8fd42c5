"""What may be wrong with what a browser asks for."""

from __future__ import annotations

from nemesis.errors import NemesisError


class NotInStore(NemesisError):
    """There is no such run or file below the folder that is served, or it lies outside."""


class BadQuery(NemesisError):
    """The query of an address makes no sense; the message says what may be asked."""
