"""What a stage of the gate comes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from checker.verdict import Validity


class Case(NamedTuple):
    """One thing that was checked: ``problem`` is what is wrong with it, ``skipped`` why it was not
    checked, if so."""

    name: str
    seconds: float = 0.0
    problem: str | None = None
    skipped: str | None = None


class Stage(NamedTuple):
    """A stage, ``words`` being what it did in a line."""

    name: str
    validity: Validity
    words: str
    seconds: float
    cases: tuple[Case, ...]

    @property
    def problems(self) -> list[Case]:
        """The cases that are not as they should be."""
        return [case for case in self.cases if case.problem is not None]

    @property
    def left_out(self) -> list[Case]:
        """The cases that were skipped, but for one whose reason is all that there is to say."""
        return [case for case in self.cases if case.skipped not in (None, self.words)]


def verdict_of(stages: Iterable[Stage]) -> Validity:
    """That of the gate: invalid > unknown > valid. A gate of no stages has let nothing through."""
    found = {stage.validity for stage in stages}
    if Validity.INVALID in found:
        return Validity.INVALID
    if Validity.UNKNOWN in found or not found:
        return Validity.UNKNOWN
    return Validity.VALID


def validity_of(cases: Iterable[Case]) -> Validity:
    """Valid if something was checked and nothing is wrong; nothing checked proves nothing."""
    cases = list(cases)
    if any(case.problem is not None for case in cases):
        return Validity.INVALID
    if all(case.skipped is not None for case in cases):
        return Validity.UNKNOWN
    return Validity.VALID
