"""Which faults a subject can be attacked with."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from nemesis.errors import UnknownName, UnsupportedFault
from nemesis.faults import ENDS, FAULTS
from nemesis.subjects.subject import Subject


def bearable(subject: Subject) -> frozenset[str]:
    """The kinds of faults that the simulator may inject: those that the subject claims to bear, and
    what ends them. Raises UnknownName for a claim that means nothing."""
    return _bearable(subject.faults)


@cache
def _bearable(claimed: frozenset[str]) -> frozenset[str]:
    for name in claimed:
        if name not in FAULTS:
            raise UnknownName("fault, in what a subject bears:", name, FAULTS)
    ends = {ENDS[name] for name in claimed if name in ENDS}
    return frozenset(name for name in claimed | ends if FAULTS[name].is_simulated)


def refuse_unbearable(subject: Subject, names: Iterable[str]) -> None:
    """Raise UnsupportedFault for faults that the subject does not claim to bear."""
    wrong = sorted(set(names) - bearable(subject))
    if wrong:
        raise unbearable(subject, wrong)


def unbearable(subject: Subject, names: Iterable[str]) -> UnsupportedFault:
    """The error that refuses these faults."""
    return UnsupportedFault(
        f"{subject.name} does not claim to bear {', '.join(names)}: it bears "
        f"{', '.join(sorted(subject.faults))}"
    )
