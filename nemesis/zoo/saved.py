"""Shrunk runs of the zoo's bugs, kept under histories/ and replayed for ever."""

from __future__ import annotations

from pathlib import Path

from nemesis.replay import judge_history
from nemesis.run import run
from nemesis.schedule import Schedule, decode_schedule, read_schedule
from nemesis.store import SCHEDULE, save
from nemesis.zoo.hunt import Catch
from raft.bugs import get_bug

_PREFIX = "zoo-"


def directory_of(histories: Path, bug: str) -> Path:
    """Where the shrunk run of a bug is kept."""
    return histories / f"{_PREFIX}{bug}"


def saved_schedule(histories: Path, bug: str) -> Schedule | None:
    """The schedule of the shrunk run that is kept; None if there is none. Raises ScheduleError."""
    path = directory_of(histories, bug) / SCHEDULE
    return read_schedule(path) if path.is_file() else None


def keep_smallest(histories: Path, catches: list[Catch]) -> Path | None:
    """Keep the smallest run of those that were caught, all of one bug; where it is, if any was.
    Raises StoreUnwritable."""
    caught = [(each.shrunk, each.hunt) for each in catches if each.shrunk is not None]
    if not caught:
        return None
    shrunk, hunt = min(caught, key=lambda each: (each[0].steps, each[1].start))
    bug = get_bug(hunt.bug)
    again = run(decode_schedule(shrunk.schedule, bug.name), bug.variant)
    directory = directory_of(histories, bug.name)
    save(directory, again, judge_history(again.history, again.model))
    return directory
