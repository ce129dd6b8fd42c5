"""What the pages of campaigns show: figures of a ledger, by name, and the runs that it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from nemesis.errors import ScheduleError
from nemesis.schedule import read_schedule
from nemesis.serve.campaigns import Campaigns, Shown
from nemesis.serve.catalogue import Catalogue
from nemesis.serve.comparison import step_lines
from nemesis.serve.progress import Bars, Workers, bars_of, speed_lately, workers_of
from nemesis.store import SCHEDULE

if TYPE_CHECKING:
    from nemesis.campaigns.ledger import Cause

_MOST_CAUSES, _MOST_STEPS, _MOST_PLANNED = 100, 100, 20
# A schedule that is larger is no smallest one: it is not shown, in bytes.
_LARGEST = 1 << 20


class Line(NamedTuple):
    """A campaign among others."""

    shown: Shown
    # Runs a second: of the last minute, None if it does not run; of one worker, over all time.
    speed: float | None
    worker_speed: float
    # In s since 1970.
    last: float | None


class Counted(NamedTuple):
    """Something that was counted: how often, and how often it came to something."""

    name: str
    times: int
    of_these: int


class CauseRow(NamedTuple):
    """A cause, its smallest schedule in words, and where its run is below the folder, if it is."""

    cause: Cause
    steps: list[str]
    # How many more steps there are than are shown.
    left_out: int
    run: str | None


class CampaignView(NamedTuple):
    """A campaign by itself."""

    line: Line
    # In s since 1970; None if what the ledger says is no time.
    begun: float | None
    faults: list[Counted]
    operations: list[Counted]
    milestones: list[Counted]
    causes: list[CauseRow]
    more_causes: int
    workers: Workers
    bars: Bars
    # Seeds that are not accounted for, in words.
    planned: list[str]
    more_planned: int


def line_of(shown: Shown, now: float) -> Line:
    """``now``: in s since 1970."""
    account = shown.account
    seconds = account.seconds
    return Line(
        shown,
        speed_lately(account.done.values(), now) if shown.is_running else None,
        account.tally.runs / seconds if seconds > 0 else 0.0,
        account.last_activity or _seconds(account.begun),
    )


def view_of(shown: Shown, campaigns: Campaigns, catalogue: Catalogue, now: float) -> CampaignView:
    """Everything that the page of a campaign shows."""
    account, tally = shown.account, shown.account.tally
    return CampaignView(
        line_of(shown, now),
        _seconds(account.begun),
        _counted(tally.injected, tally.confirmed),
        _counted(tally.invoked, tally.succeeded),
        _counted(tally.milestones, tally.runs_with),
        [_cause(each, shown, campaigns, catalogue) for each in account.causes[:_MOST_CAUSES]],
        max(0, len(account.causes) - _MOST_CAUSES),
        workers_of(account.done.values()),
        bars_of(account.done.values()),
        [
            f"{each.first} to {each.first + each.runs - 1}"
            for each in account.planned[:_MOST_PLANNED]
        ],
        max(0, len(account.planned) - _MOST_PLANNED),
    )


def _seconds(begun: str) -> float | None:
    try:
        seconds = datetime.fromisoformat(begun).timestamp()
        # Beyond the year 9999, perhaps, where this is shown.
        datetime.fromtimestamp(seconds)
        return seconds
    except (ValueError, OverflowError):
        return None


def _counted(times: Mapping[str, int], of_these: Mapping[str, int]) -> list[Counted]:
    """The most frequent first."""
    names = sorted({*times, *of_these}, key=lambda name: (-times.get(name, 0), name))
    return [Counted(name, times.get(name, 0), of_these.get(name, 0)) for name in names]


def _cause(cause: Cause, shown: Shown, campaigns: Campaigns, catalogue: Catalogue) -> CauseRow:
    run = campaigns.run_of(shown, cause.directory)
    steps = [] if run is None else _steps(catalogue, run)
    return CauseRow(cause, steps[:_MOST_STEPS], max(0, len(steps) - _MOST_STEPS), run)


def _steps(catalogue: Catalogue, run: str) -> list[str]:
    """Empty if there is no schedule that can be read: the run's own page tells of that."""
    file = catalogue.directory(run) / SCHEDULE
    try:
        if file.stat().st_size > _LARGEST:
            return []
        lines = step_lines(read_schedule(file))
    except (OSError, ScheduleError):
        return []
    # Macro-steps stand in the file as they are written by people, in quotation marks.
    return [msgspec.json.decode(each) if each.startswith('"') else each for each in lines]
