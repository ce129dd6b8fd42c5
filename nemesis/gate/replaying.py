"""Every saved run, again."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future
from pathlib import Path
from time import monotonic

from checker.errors import CheckerError
from checker.history import HistoryError
from checker.verdict import Validity
from nemesis.errors import NemesisError
from nemesis.gate.stage import Case, Stage, validity_of
from nemesis.replay import is_of_real_processes, judged_again, replay
from nemesis.search.workers import workers
from nemesis.store import StoreError, find, load
from raft.errors import RaftError

NAME = "replay"


def replaying(histories: Path, jobs: int, trusted: Collection[str] = ()) -> Stage:
    """Replay what is in ``histories``; code that is not ours only if ``trusted`` names it. A
    project may have no saved runs yet: that is said, and let pass."""
    began = monotonic()
    try:
        directories = find([histories]) if histories.is_dir() else []
    except StoreError:
        directories = []
    if not directories:
        words = f"{histories} holds no saved run: nothing was replayed"
        nothing = Case("saved runs", skipped=words)
        return Stage(NAME, Validity.VALID, words, monotonic() - began, (nothing,))
    with workers(jobs) as pool:
        futures: list[Future[Case]] = [
            pool.submit(replay_case, each, trusted) for each in directories
        ]
        cases = tuple(future.result() for future in futures)
    seconds = monotonic() - began
    wrong = sum(case.problem is not None for case in cases)
    skipped = sum(case.skipped is not None for case in cases)
    words = (
        f"{len(cases) - skipped:,} of {len(cases):,} saved runs replayed, "
        f"{wrong:,} not as they must be"
    )
    return Stage(NAME, validity_of(cases), words, seconds, cases)


def replay_case(directory: Path, trusted: Collection[str] = ()) -> Case:
    """Replay one run directory."""
    began = monotonic()
    problem = skipped = None
    try:
        saved = load(directory)
        if is_of_real_processes(saved.results.variant):
            problem = "\n".join(judged_again(saved)) or None
            return Case(directory.name, monotonic() - began, problem)
        result = replay(directory, trusted)
    except (NemesisError, CheckerError, HistoryError, RaftError) as error:
        problem = str(error)
    else:
        skipped = result.not_replayed
        problem = "\n".join(result.problems) or None
    if problem is not None:
        skipped = None
    return Case(directory.name, monotonic() - began, problem, skipped)
