"""How a campaign goes: what its workers do, and its runs over time, as a page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nemesis.campaigns.account import Recorded

# Speed is that of the last minute, in s.
_LATELY = 60.0
# A picture of so many bars at most; each stands for one of these times, in s.
_BARS = 60
_HOUR, _DAY = 3600, 86400
_WIDTHS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, _HOUR, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY)
_MOST_WORKERS = 50


class WorkerRow(NamedTuple):
    """What a worker has done: a process of a machine."""

    name: str
    batches: int
    runs: int
    seconds: float
    last: float | None

    @property
    def speed(self) -> float:
        """Runs a second of its work."""
        return self.runs / self.seconds if self.seconds > 0 else 0.0


class Workers(NamedTuple):
    """Those that were at work last, and how many there ever were."""

    rows: list[WorkerRow]
    all: int


class Bar(NamedTuple):
    """Runs that were recorded in one span of time from ``begin`` on, in s since 1970."""

    begin: float
    runs: int
    failed: int


class Bars(NamedTuple):
    """Runs over time; each bar is ``width`` s, those without runs are there, too."""

    width: float
    bars: list[Bar]

    @property
    def highest(self) -> int:
        """The most runs of a bar."""
        return max((bar.runs for bar in self.bars), default=0)


def speed_lately(batches: Iterable[Recorded], now: float) -> float:
    """Runs a second that were recorded in the last minute before ``now``, in s since 1970."""
    began = now - _LATELY
    lately = [each for each in batches if each.ended is not None and began < each.ended <= now]
    return sum(each.runs for each in lately) / _LATELY


def workers_of(batches: Iterable[Recorded]) -> Workers:
    """Each worker once, those that were at work last first."""
    found: dict[str, WorkerRow] = {}
    for batch in batches:
        row = found.get(batch.worker, WorkerRow(batch.worker, 0, 0, 0.0, None))
        times = [each for each in (row.last, batch.ended) if each is not None]
        found[batch.worker] = WorkerRow(
            batch.worker,
            row.batches + 1,
            row.runs + batch.runs,
            row.seconds + batch.seconds,
            max(times, default=None),
        )
    rows = sorted(found.values(), key=lambda row: row.name)
    rows.sort(key=lambda row: -(row.last or 0.0))
    return Workers(rows[:_MOST_WORKERS], len(rows))


def bars_of(batches: Iterable[Recorded]) -> Bars:
    """Runs over time. Batches of which nobody knows when they were recorded are left out."""
    timed = [(each.ended, each.runs, each.failed) for each in batches if each.ended is not None]
    if not timed:
        return Bars(1.0, [])
    first, last = min(timed)[0], max(timed)[0]
    width: float = next((each for each in _WIDTHS if (last - first) / each < _BARS - 1), 0)
    if not width:
        width = _DAY * -(-(last - first) // (_DAY * (_BARS - 1)))
    begin = first // width * width
    sums = [[0, 0] for _ in range(int((last - begin) // width) + 1)]
    for ended, runs, failed in timed:
        of = sums[int((ended - begin) // width)]
        of[0] += runs
        of[1] += failed
    return Bars(width, [Bar(begin + at * width, *each) for at, each in enumerate(sums)])
