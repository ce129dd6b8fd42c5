"""The verdict on a run, and the evidence that it rests on.

``valid``, ``invalid`` or ``unknown``; merged as invalid > unknown > valid, as in Jepsen. An invalid
verdict always carries at least one failure, an unknown one at least one reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Validity(StrEnum):
    """What is known of a run: it kept its promises, it broke one, or nobody can tell."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """Process exit code, as in Jepsen: 0 valid, 1 invalid, 2 unknown."""
        return _EXIT_CODES[self]


_EXIT_CODES = {Validity.VALID: 0, Validity.INVALID: 1, Validity.UNKNOWN: 2}


@dataclass(frozen=True, slots=True)
class Failure:
    """One broken promise.

    ``kind`` names the monitor or checker that convicts ("election-safety", "linearizability");
    ``message`` says in words what happened; ``time`` is in ns since the run began; ``evidence``
    holds JSON-ready facts (nodes, terms, indices, operations).
    """

    kind: str
    message: str
    time: int | None = None
    node: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A validity with its evidence: ``failures`` for invalid, ``reasons`` for unknown."""

    validity: Validity
    failures: tuple[Failure, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of all failures: what the shrinker must preserve."""
        return frozenset(failure.kind for failure in self.failures)


VALID = Verdict(Validity.VALID)


def invalid(*failures: Failure) -> Verdict:
    """An invalid verdict; at least one failure, for there is no verdict without evidence."""
    if not failures:
        raise ValueError("an invalid verdict needs at least one failure")
    return Verdict(Validity.INVALID, failures=failures)


def unknown(*reasons: str) -> Verdict:
    """An unknown verdict; at least one reason."""
    if not reasons:
        raise ValueError("an unknown verdict needs at least one reason")
    return Verdict(Validity.UNKNOWN, reasons=reasons)


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Merge verdicts: invalid > unknown > valid; evidence of all of them is kept."""
    failures: list[Failure] = []
    reasons: list[str] = []
    for verdict in verdicts:
        failures.extend(verdict.failures)
        reasons.extend(verdict.reasons)
    if failures:
        return Verdict(Validity.INVALID, tuple(failures), tuple(reasons))
    if reasons:
        return Verdict(Validity.UNKNOWN, (), tuple(reasons))
    return VALID
