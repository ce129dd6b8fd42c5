"""What hunts have come to, a bug a row: the numbers that every change is judged by."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable

import msgspec

from nemesis.zoo.hunt import Catch
from raft.bugs import BUGS

# Within so many executions (in the median) nearly all bugs are to be found.
SOON = 2_000


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A bug: ``found`` of ``hunts``; executions and s until then, in the median and the worst hunt
    (None: a hunt that found nothing); who convicted it; steps after shrinking."""

    bug: str
    hunts: int
    found: int
    executions: float | None
    executions_worst: int | None
    seconds: float
    seconds_worst: float
    convicted_by: dict[str, int]
    steps: float | None
    steps_worst: int | None
    shrink_seconds: float | None
    shrink_seconds_worst: float | None
    others: dict[str, int]
    false_alarms: tuple[str, ...]

    @property
    def is_missed(self) -> bool:
        """Whether any hunt came back without it."""
        return self.found < self.hunts


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A whole round of hunts."""

    strategy: str
    budget: int
    rows: tuple[Row, ...]
    # Of the clock on the wall, with so many processes.
    seconds: float
    jobs: int
    version: str

    @property
    def missed(self) -> tuple[str, ...]:
        """The hard tier: what some hunt did not find."""
        return tuple(row.bug for row in self.rows if row.is_missed)

    @property
    def soon(self) -> int:
        """How many were found soon, in the median of their hunts."""
        return sum(row.executions is not None and row.executions <= SOON for row in self.rows)

    @property
    def false_alarms(self) -> tuple[str, ...]:
        """What the healthy Raft did wrong in shrunk runs: must be nothing."""
        return tuple(f"{row.bug}: {each}" for row in self.rows for each in row.false_alarms)


def row_of(bug: str, catches: Iterable[Catch]) -> Row:
    """The row of a bug."""
    hunts = [catch for catch in catches if catch.hunt.bug == bug]
    counts = [each.executions for each in hunts]
    known = [count for count in counts if count is not None]
    missing = float("inf")
    median = statistics.median([missing if count is None else count for count in counts])
    shrunk = [each.shrunk for each in hunts if each.shrunk is not None]
    others: Counter[str] = Counter()
    for each in hunts:
        others.update(each.others)
    seconds = [each.seconds for each in hunts]
    return Row(
        bug=bug,
        hunts=len(hunts),
        found=len(known),
        executions=None if median == missing else median,
        executions_worst=max(known) if len(known) == len(counts) else None,
        seconds=statistics.median(seconds),
        seconds_worst=max(seconds),
        convicted_by=dict(Counter(each.kind for each in hunts if each.kind is not None)),
        steps=statistics.median(each.steps for each in shrunk) if shrunk else None,
        steps_worst=max((each.steps for each in shrunk), default=None),
        shrink_seconds=statistics.median(each.seconds for each in shrunk) if shrunk else None,
        shrink_seconds_worst=max((each.seconds for each in shrunk), default=None),
        others=dict(others),
        false_alarms=tuple(failure for each in shrunk for failure in each.healthy_failures),
    )


def rows_of(catches: Iterable[Catch]) -> tuple[Row, ...]:
    """A row for each bug, in the order of the zoo."""
    catches = list(catches)
    hunted = {catch.hunt.bug for catch in catches}
    return tuple(row_of(name, catches) for name in sorted(BUGS) if name in hunted)
