"""Campaigns on a file system of two megabytes that is full now and then: to be run as root in a
mount namespace of its own, ``python -m tests.campaigns.full_disk FOLDER``. Prints what came of it,
as JSON."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from nemesis.campaigns.conductor import Budget, Conductor
from nemesis.campaigns.ledger import Ledger
from nemesis.campaigns.outcomes import Failure
from nemesis.campaigns.session import open_session
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.work import Done, work
from nemesis.cli import run
from nemesis.errors import NemesisError
from nemesis.search.block import Block
from nemesis.search.generate import ANYTHING
from nemesis.store import RESULTS, load
from tests.campaigns.crew import Crew

SETTINGS = Settings(seed=1, subject="vote-twice", strategy="uniform-walk")
RUNS = 40
# Bytes that are left when a campaign begins.
ROOMS = (0, 8_192, 65_536, 118_784, 196_608)
_BALLAST = "ballast"


class Recalling(Crew):
    """Runs each batch once, however many campaigns there are."""

    known: dict[tuple[int, int], Done] = {}  # noqa: RUF012 (shared on purpose)

    def result(self, task: Hashable) -> Any:
        _, _, (settings, block, _) = self._tasks.pop(task)
        if (block.first, block.runs) not in self.known:
            self.known[block.first, block.runs] = work(settings, block, frozenset())
        return self.known[block.first, block.runs]


class Session:
    """What a session has told, and what ended it."""

    def __init__(self, place: Path) -> None:
        self.failures: list[Failure] = []
        self.runs = 0
        self.error: str | None = None
        with contextlib.ExitStack() as stack:
            try:
                ledger = stack.enter_context(campaign(place))
                Conductor(ledger, Recalling(1), place, self._tell).conduct(Budget(None, RUNS))
            except NemesisError as error:
                self.error = f"{type(error).__name__}: {error}"

    def _tell(self, done: Done, failures: list[Failure]) -> None:
        self.runs += done.report.tally.runs
        self.failures += failures


def campaign(place: Path) -> contextlib.AbstractContextManager[Ledger]:
    return open_session(
        place,
        None,
        "one",
        SETTINGS.seed,
        0,
        subject=SETTINGS.subject,
        strategy=SETTINGS.strategy,
        only=ANYTHING,
    )


def fill(disk: Path, room: int) -> None:
    status = os.statvfs(disk)
    with open(disk / _BALLAST, "wb") as file:
        file.write(b"x" * max(0, status.f_bavail * status.f_frsize - room))


def make_room(disk: Path) -> None:
    (disk / _BALLAST).unlink()


def whole(place: Path) -> int:
    """How many run directories there are; all that look whole are."""
    found = list(place.glob(f"*/{RESULTS}"))
    for results in found:
        load(results.parent)
    return len(found)


def campaign_with(disk: Path, room: int) -> str | None:
    """What ended a campaign that had so much room. When there is more, it goes on, and nothing
    that was told is lost."""
    place = disk / f"room-{room}"
    fill(disk, room)
    first = Session(place)
    whole(place)
    make_room(disk)
    second = Session(place)
    assert second.error is None, second.error
    assert first.runs + second.runs == RUNS
    with campaign(place) as ledger:
        assert ledger.gaps() == []
        totals, causes = ledger.totals(), ledger.causes()
    assert (totals.tally.runs, totals.planned) == (RUNS, 0)
    told = first.failures + second.failures
    assert sum(cause.seen for cause in causes) == len(told) == totals.tally.kinds.total()
    assert whole(place) == len(causes)
    for cause in causes:
        assert (Path(cause.directory) / "report.html").stat().st_size > 10_000
        assert load(Path(cause.directory)).results.failures[0].kind == cause.kind
    subprocess.run(["rm", "-r", place], check=True)
    return first.error


def on_a_read_only_disk(disk: Path) -> list[str | None]:
    """What a campaign is told that is there already, and one that is not."""
    Session(disk / "there")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    told = [Session(disk / "there").error, Session(disk / "new").error]
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    subprocess.run(["rm", "-r", disk / "there"], check=True)
    return told


def fuzz_with(disk: Path, room: int) -> tuple[int, str]:
    """The exit code of ``splitbrain fuzz``, and what it writes to its standard error."""
    fill(disk, room)
    arguments = ["fuzz", "--bug", "vote-twice", "--runs", "60", "--jobs", "1", "--seed", "1"]
    arguments += ["--strategy", "uniform-walk", "--store", str(disk / "store")]
    arguments += ["--histories", str(disk / "histories")]
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as said,
    ):
        code = run(arguments)
    for folder in (*(disk / "store").glob("*/*"), disk / "histories"):
        whole(folder)
    make_room(disk)
    subprocess.run(["rm", "-rf", disk / "store", disk / "histories"], check=True)
    return code, said.getvalue()


def main(disk: Path) -> None:
    # The batches, before there is no room for what running them may write.
    Recalling().known.update(
        {(first, 20): work(SETTINGS, Block(first, 20, 0), frozenset()) for first in (1, 21)}
    )
    print(
        json.dumps(
            {
                "campaigns": [campaign_with(disk, room) for room in ROOMS],
                "read-only": on_a_read_only_disk(disk),
                "fuzz": [fuzz_with(disk, room) for room in (0, 320_000)],
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
