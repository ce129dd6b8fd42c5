"""Which faults a subject can be attacked with, and how it may be configured."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

import msgspec

from nemesis.errors import UnknownName, UnsupportedFault
from nemesis.faults import ENDS, FAULTS
from nemesis.schedule import Knobs
from nemesis.subjects.subject import Subject

# What a subject may claim, by what it has to rest on (docs/testing-your-raft.md).
NETWORK: Final = frozenset(
    ("partition", "grudge", "loss", "duplicate", "reorder", "delay", "slow-link")
)
PROCESSES: Final = frozenset(("crash", "crash-all", "pause"))
POWER: Final = frozenset(("unsynced-loss", "torn-write", "full-disk", "slow-disk"))
LOST_DISKS: Final = frozenset(("bit-flip", "lost-file"))
CLOCKS: Final = frozenset(("clock-drift", "clock-jump", "clock-offset"))


def plain_knobs(drawn: Knobs) -> Knobs:
    """The knobs of a Raft whose members never change and which serves no reads but through its log:
    what else there is to configure, it may heed or not."""
    return msgspec.structs.replace(
        drawn,
        spares=0,
        reads="log",
        session_timeout=None,
        asynchronous_storage=False,
        priorities={},
    )


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
        f"{', '.join(sorted(bearable(subject)))}"
    )
