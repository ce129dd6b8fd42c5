"""The root of nemesis' exceptions.

NemesisError
├── ScheduleError        a schedule file or value is malformed
├── UnsupportedFault     the cluster at hand cannot receive a fault
└── UnknownName          no such fault, workload, bug, monitor ...; carries a suggestion
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class NemesisError(Exception):
    """Base of every error that the nemesis package raises on purpose."""


class ScheduleError(NemesisError):
    """A schedule is malformed; the message says where and what is wrong."""


class UnsupportedFault(NemesisError):
    """The cluster cannot receive this fault; faults are refused, never skipped."""


class UnknownName(NemesisError):
    """A name that is not registered. Of ``others`` one may be suggested, but they are not listed:
    there are too many."""

    def __init__(
        self, what: str, name: str, known: Iterable[str], others: Iterable[str] = ()
    ) -> None:
        known = sorted(known)
        self._told = (what, name, known, tuple(others))
        close = get_close_matches(name, (*known, *self._told[3]), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        super().__init__(f"unknown {what} {name!r}: {hint}known are {', '.join(known)}")

    def __reduce__(self) -> tuple[type[UnknownName], tuple[Any, ...]]:
        """It may come from another process (nemesis.search.workers)."""
        return type(self), self._told
