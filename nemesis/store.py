"""Run directories: what a run did and what was found, on disk.

    schedule.json    what was to be done: enough to do it again
    history.jsonl    what the clients saw; each event is on disk as soon as it happened
    trace.jsonl      what happened inside the nodes
    resolved.jsonl   the history with what the servers' logs tell of operations left open, if any
    results.json     the verdict, its evidence, statistics, and the version that made it
    report.html      all of it as a page, made of the others (nemesis.report)
    stderr.txt       of a run that ended its process: what that wrote; nothing else was recorded

``store/<name>/<time>/`` holds the runs of this machine, ``store/<name>/latest`` and
``store/latest`` link to the newest. ``histories/<name>/`` holds the failing runs that are replayed
for ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec

from checker.formats import HistoryWriter
from checker.history import Event
from checker.verdict import Validity
from nemesis.errors import NemesisError
from nemesis.outcome import Evidence
from nemesis.run import Run, Statistics
from nemesis.schedule import Schedule, encode_schedule, read_schedule
from nemesis.search.tally import DEATH, ENDLESS

SCHEDULE = "schedule.json"
HISTORY = "history.jsonl"
TRACE = "trace.jsonl"
RESOLVED = "resolved.jsonl"
RESULTS = "results.json"
REPORT = "report.html"


class StoreError(NemesisError):
    """This is no run directory, or one that is broken; the message names file and reason."""


class StoreUnwritable(StoreError):
    """A run directory cannot be written: no space, no permission."""


class SavedFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A failure as it stands in results.json."""

    kind: str
    message: str
    time: int | None = None
    node: str | None = None
    evidence: dict[str, Any] = {}


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """What a test had against a run that no judge convicts: the test as pytest names it,
    "tests/test_raft.py::test_raft", and what it said."""

    test: str
    message: str


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """results.json."""

    # The version of splitbrain that made the run, and the variant of Raft that it ran.
    version: str
    variant: str
    validity: Validity
    failures: tuple[SavedFailure, ...]
    reasons: tuple[str, ...]
    # The model of the history, and what lincheck says of the history alone.
    model: str
    history_validity: Validity
    statistics: Statistics
    # Of real clusters whose logs can be read.
    evidence: Evidence | None = None
    # Why a run was saved that no judge convicts.
    objection: Objection | None = None

    @property
    def has_died(self) -> bool:
        """Whether the run ended its process: then its history and trace are empty."""
        return any(failure.kind in (DEATH, ENDLESS) for failure in self.failures)


def splitbrain_version() -> str:
    """The version of the installed distribution."""
    return version("splitbrain")


def results_of(
    run: Run,
    history_validity: Validity,
    evidence: Evidence | None = None,
    objection: Objection | None = None,
) -> Results:
    """What is to be saved of a run's verdict."""
    return Results(
        version=splitbrain_version(),
        variant=run.variant,
        validity=run.verdict.validity,
        failures=tuple(
            SavedFailure(
                kind=failure.kind,
                message=failure.message,
                time=failure.time,
                node=failure.node,
                evidence=failure.evidence,
            )
            for failure in run.verdict.failures
        ),
        reasons=run.verdict.reasons,
        model=run.model,
        history_validity=history_validity,
        statistics=run.statistics,
        evidence=evidence,
        objection=objection,
    )


def new_directory(root: Path, name: str, now: datetime) -> Path:
    """Make ``root/name/<time>/``, and let ``latest`` lead to it; without the colons that the names
    of subjects have, which not every file system and no artifact of GitHub's takes. Raises
    StoreUnwritable."""
    name = name.replace(":", "-")
    stamp = now.strftime("%Y%m%dT%H%M%S")
    with _errors(root):
        parent = root / name
        parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1_000):
            directory = parent / (stamp if not attempt else f"{stamp}-{attempt}")
            try:
                directory.mkdir()
            except FileExistsError:
                continue
            _link(parent / "latest", Path(directory.name))
            _link(root / "latest", Path(name) / directory.name)
            return directory
    raise StoreError(f"{root / name}: has a thousand runs of {stamp}; remove some")


def directory_for(parent: Path, name: str, schedule: Schedule) -> Path:
    """The directory of this name below ``parent`` for a run of the schedule; with a number behind
    it if one of another schedule is there, as what was saved is not written over. Whoever asks
    first has it, of several processes. Raises StoreUnwritable."""
    name = name.replace(":", "-")
    encoded = encode_schedule(schedule)
    with _errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            directory = parent / (name if number == 1 else f"{name}-{number}")
            try:
                directory.mkdir()
            except FileExistsError:
                known = directory / SCHEDULE
                if not (known.is_file() and known.read_bytes() == encoded):
                    continue
            return directory
    raise AssertionError("there is always one more number")


def _link(link: Path, target: Path) -> None:
    """Replaced in one step, so that it always leads somewhere."""
    # No number of a process: in two containers that share a store it may be the same.
    fresh = link.with_name(f".{link.name}.{token_hex(8)}")
    fresh.symlink_to(target)
    fresh.replace(link)


class HistoryFile:
    """history.jsonl of a run in progress: give ``write`` to the run as ``on_event``."""

    def __init__(self, directory: Path, schedule: Schedule, model: str) -> None:
        self._path = directory / HISTORY
        with _errors(self._path):
            directory.mkdir(parents=True, exist_ok=True)
            # What another run has left there is whole no more.
            (directory / RESULTS).unlink(missing_ok=True)
            (directory / SCHEDULE).write_bytes(encode_schedule(schedule))
            self._file = open(self._path, "w", encoding="utf-8")  # noqa: SIM115 (closed by close)
            self._writer = HistoryWriter(self._file, {"model": model})

    def write(self, event: Event) -> None:
        """Append an event. Raises StoreUnwritable."""
        with _errors(self._path):
            self._writer.write(event)

    def close(self) -> None:
        """No more events will come."""
        with _errors(self._path):
            self._file.close()


def save(
    directory: Path, run: Run, history_validity: Validity, objection: Objection | None = None
) -> None:
    """Write a finished run, results.json last: where it is, all is. Raises StoreUnwritable, which
    says what is wrong with the run that is not saved."""
    with telling_what_is_lost(run):
        history = HistoryFile(directory, run.schedule, run.model)
        with closing(history):
            for event in run.history:
                history.write(event)
        save_verdict(directory, run, history_validity, objection=objection)


@contextmanager
def telling_what_is_lost(run: Run) -> Iterator[None]:
    """Where the run cannot be saved within: a StoreUnwritable that says what is wrong with it."""
    try:
        yield
    except StoreUnwritable as error:
        lost = "; ".join(f"{each.kind}: {each.message}" for each in run.verdict.failures[:1])
        raise StoreUnwritable(f"{error}; not saved is {lost}" if lost else str(error)) from error


def save_verdict(
    directory: Path,
    run: Run,
    history_validity: Validity,
    evidence: Evidence | None = None,
    objection: Objection | None = None,
) -> None:
    """Write trace and results of a run whose history is there already. StoreUnwritable."""
    with _errors(directory):
        (directory / SCHEDULE).write_bytes(encode_schedule(run.schedule))
        (directory / TRACE).write_bytes(run.trace_bytes())
        for name in (SCHEDULE, HISTORY, TRACE):
            _sync(directory / name)
        results = msgspec.json.encode(results_of(run, history_validity, evidence, objection))
        write_whole(directory / RESULTS, msgspec.json.format(results, indent=1) + b"\n")


def save_resolved(directory: Path, events: Iterable[Event], model: str) -> None:
    """Write the history with what the servers' logs tell. StoreUnwritable."""
    path = directory / RESOLVED
    with _errors(path), path.open("w", encoding="utf-8") as file:
        writer = HistoryWriter(file, {"model": model})
        for event in events:
            writer.write(event)


def save_death(directory: Path, died: Run | None, last_words: str) -> None:
    """Write what there is of a run that ended its process: in stderr.txt what that wrote there in
    the end; and, if its schedule is known, a run directory to be replayed, whose history and trace
    are empty. StoreUnwritable."""
    with _errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "stderr.txt").write_text(last_words, encoding="utf-8")
    if died is not None:
        save(directory, died, Validity.VALID)


def save_summary(directory: Path, content: bytes) -> None:
    """Write campaign.json: what a whole campaign did. StoreUnwritable."""
    with _errors(directory):
        write_whole(directory / "campaign.json", content + b"\n")


def write_whole(path: Path, content: bytes) -> None:
    """All of it or nothing, whatever happens meanwhile. Raises OSError."""
    fresh = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        fresh.write_bytes(content)
        _sync(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlive the machine's power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A run directory as read."""

    directory: Path
    schedule: Schedule
    results: Results
    history: bytes
    trace: bytes


def load(directory: Path) -> Saved:
    """Read a run directory. Raises StoreError or ScheduleError, naming the file."""
    if not directory.is_dir():
        raise StoreError(f"{directory}: is no run directory")
    if not (directory / RESULTS).is_file():
        raise StoreError(
            f"{directory}: is no run directory, for it has no {RESULTS}: the run goes "
            "on, was killed, or runs are in folders below"
        )
    with _errors(directory, StoreError):
        results = (directory / RESULTS).read_bytes()
        history = (directory / HISTORY).read_bytes()
        trace = (directory / TRACE).read_bytes()
    try:
        decoded = msgspec.json.decode(results, type=Results)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{directory / RESULTS}: malformed: {error}") from error
    schedule = read_schedule(directory / SCHEDULE)
    return Saved(
        directory=directory, schedule=schedule, results=decoded, history=history, trace=trace
    )


def find(paths: list[Path]) -> list[Path]:
    """The run directories among and directly below these paths, sorted. StoreError if a path has
    none."""
    found: list[Path] = []
    for path in paths:
        if (path / RESULTS).is_file():
            found.append(path)
            continue
        below = sorted(child.parent for child in path.glob(f"*/{RESULTS}"))
        if not below:
            raise StoreError(f"{path}: neither it nor what is in it is a run directory")
        found.extend(below)
    return list(dict.fromkeys(found))


@contextmanager
def _errors(path: Path, kind: type[StoreError] = StoreUnwritable) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise kind(f"{where}: {error.strerror or error}") from error
