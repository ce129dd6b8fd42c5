"""Batches are handed out, workers die, sessions end; every seed is accounted for once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import pytest

from nemesis.campaigns.calendar import Calendar
from nemesis.campaigns.cluster import NotYet, TaskKilled
from nemesis.campaigns.conductor import Budget, Conductor
from nemesis.campaigns.errors import CalendarSetBack, WorkersGone
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.outcomes import Failure, Outcome
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.work import Done
from nemesis.run import run
from nemesis.search.block import Block, Death, Report
from nemesis.search.corpus import Corpus
from nemesis.search.generate import generate
from nemesis.search.tally import Tally
from nemesis.store import StoreUnwritable, load, save
from tests.campaigns.crew import Crew, Killer

HEALTHY = Settings(seed=100, strategy="uniform-walk")
BROKEN = Settings(seed=1, subject="vote-twice", strategy="uniform-walk")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "campaign"


def ledger_of(place: Path, settings: Settings) -> Ledger:
    place.mkdir(exist_ok=True)
    return Ledger(open_engine(sqlite_url(place / "campaign.db")), "one", settings)


class Told:
    """What a session has told."""

    def __init__(self) -> None:
        self.runs = 0
        self.failures: list[Failure] = []

    def __call__(self, done: Done, failures: list[Failure]) -> None:
        self.runs += done.report.tally.runs
        self.failures += failures


def conduct(
    place: Path,
    settings: Settings,
    crew: Crew,
    runs: int | None,
    clock: Iterator[float] | None = None,
) -> Told:
    told = Told()
    ticks = clock or iter(count(0.0, 0.0))
    conductor = Conductor(ledger_of(place, settings), crew, place, told, lambda: next(ticks))
    conductor.conduct(Budget(100.0, runs))
    return told


def test_a_budget_of_runs_is_that_of_all_sessions(place: Path) -> None:
    assert conduct(place, HEALTHY, Crew(2), 50).runs == 50
    assert conduct(place, HEALTHY, Crew(2), 50).runs == 0
    assert conduct(place, HEALTHY, Crew(2), 70).runs == 20
    ledger = ledger_of(place, HEALTHY)
    assert ledger.totals().tally.runs == 70
    assert ledger.totals().tally.verdicts == {"valid": 70}
    assert ledger.gaps() == []


def test_a_budget_of_time_is_that_of_the_session(place: Path) -> None:
    told = conduct(place, HEALTHY, Crew(1), None, iter(count(0.0, 45.0)))
    assert 0 < told.runs <= 60
    ledger = ledger_of(place, HEALTHY)
    assert ledger.gaps() == []
    left = ledger.totals().planned
    assert left > 0
    # The next session begins with what this one had handed out.
    crew = Crew(1)
    conduct(place, HEALTHY, crew, told.runs + left)
    assert crew.handed_out[0].startswith(f"splitbrain-one-{100 + told.runs}-")
    assert ledger_of(place, HEALTHY).totals().planned == 0


def test_workers_that_die_lose_no_seed(place: Path) -> None:
    crew = Crew(2, Killer("-100-work", "-140-work"))
    with pytest.raises(TaskKilled, match="-100-work_alone"):
        # Even alone: then nobody can tell why, and the seeds stay planned.
        conduct(place, HEALTHY, crew, 60)
    assert ledger_of(place, HEALTHY).totals().planned > 0
    told = conduct(place, HEALTHY, Crew(1), 60)
    ledger = ledger_of(place, HEALTHY)
    assert ledger.totals().tally.runs == 60
    assert told.runs <= 60
    assert ledger.gaps() == []


def test_a_batch_that_kills_its_worker_is_run_in_a_process_of_its_own(place: Path) -> None:
    def fate(key: str) -> None:
        Killer("-100-work!")(key + "!")

    crew = Crew(1, fate)
    assert conduct(place, HEALTHY, crew, 20).runs == 20
    assert crew.handed_out == ["splitbrain-one-100-work", "splitbrain-one-100-work_alone"]


class Dying(Crew):
    """Of each batch the first run ends its process."""

    def result(self, task: Hashable) -> Done:
        settings, block, _ = self._tasks[task][2]
        shrunk = generate(7) if block.first == settings.seed else None
        words = f"of seed {block.first}\nx.c:7: assertion failed\n"
        death = Death(block.first, 1, "killed by SIGABRT", words, shrunk=shrunk)
        tally = Tally(runs=block.runs - 1)
        tally.add_death(block.first, death.kind)
        return Done(block, Report(tally, [], [death]), 1.0, "one")


def test_runs_that_end_their_process_with_the_same_words_are_one_finding(place: Path) -> None:
    settings = Settings(seed=100, strategy="timed")
    told = conduct(place, settings, Dying(1), 40)
    first, second = told.failures
    (cause,) = ledger_of(place, settings).causes()
    assert cause.cause == first.cause == "process-died: x.c:7: assertion failed"
    assert cause.seen == 2
    # The smallest schedule, where there is one; or else the seed's.
    assert load(Path(first.directory)).schedule == generate(7)
    assert load(Path(second.directory)).schedule == generate(120)
    assert [each.steps for each in told.failures] == [
        len(generate(seed).steps) for seed in (7, 120)
    ]


def test_a_result_that_is_lost_with_its_worker_is_not_waited_for(place: Path) -> None:
    """Dask has somebody else do the task again, which may take long: others go on meanwhile."""
    times = count()

    def fate(key: str) -> None:
        if "-100-" in key and next(times) < 3:
            raise NotYet(key)

    crew = Crew(2, fate)
    assert conduct(place, HEALTHY, crew, 60).runs == 60
    assert next(times) > 3
    assert ledger_of(place, HEALTHY).gaps() == []


def test_a_scheduler_that_goes_away_loses_nothing(place: Path) -> None:
    def fate(key: str) -> None:
        if "-120-" in key:
            raise WorkersGone("gone")

    with pytest.raises(WorkersGone):
        conduct(place, HEALTHY, Crew(1, fate), 100)
    ledger = ledger_of(place, HEALTHY)
    assert ledger.totals().tally.runs == 20
    conduct(place, HEALTHY, Crew(1), 100)
    assert ledger.totals().tally.runs == 100
    assert ledger.gaps() == []


def test_a_calendar_that_is_set_back_ends_what_may_hear_nothing_more(place: Path) -> None:
    """After what had ended; one that is set forward, or by what clocks are set by all day, not."""
    days = iter([1_000.0, 1_000.5, 500_000.0, 499_999.5, 499_990.0])
    calendar = Calendar(lambda: next(days), lambda: 0.0)
    ledger = ledger_of(place, HEALTHY)
    conductor = Conductor(ledger, Crew(1), place, Told(), calendar=calendar)
    with pytest.raises(CalendarSetBack, match="clock was set back by 10 s"):
        conductor.conduct(Budget(None, 200))
    assert ledger.totals().batches == 4
    days = iter([1_000.0, 1_000.5, 500_000.0, 5.0])
    calendar = Calendar(lambda: next(days), lambda: 0.0)
    assert [calendar.is_set() for _ in range(3)] == [False, True, True]
    conduct(place, HEALTHY, Crew(), 200)
    assert ledger.totals().tally.runs == 200
    assert ledger.gaps() == []


def test_failures_are_saved_once_for_each_cause(place: Path) -> None:
    told = conduct(place, BROKEN, Crew(1), 60)
    ledger = ledger_of(place, BROKEN)
    causes = ledger.causes()
    assert (
        sum(cause.seen for cause in causes)
        == len(told.failures)
        == ledger.totals().tally.kinds.total()
    )
    assert len(causes) < len(told.failures)
    saved = sorted(path.parent for path in place.glob("*/results.json"))
    assert saved == sorted(Path(cause.directory) for cause in causes)
    for directory in saved:
        assert load(directory).results.validity == "invalid"
        assert (directory / "report.html").is_file()
    # The next session knows them.
    before = len(saved)
    conduct(place, BROKEN, Crew(1), 80)
    assert {cause.cause for cause in causes} <= {cause.cause for cause in ledger.causes()}
    assert len(list(place.glob("*/results.json"))) <= before + len(ledger.causes()) - len(causes)


def test_kinds_that_are_known_well_are_counted_and_not_shrunk(place: Path) -> None:
    conduct(place, BROKEN, Crew(1), 200)
    causes = ledger_of(place, BROKEN).causes()
    shrunk = sum(cause.seen for cause in causes if not cause.cause.endswith("not shrunk"))
    assert any(cause.cause.endswith("not shrunk") for cause in causes)
    # Twenty, and those of the batches that were under way.
    assert 20 <= shrunk < 100


def test_what_is_told_is_what_fails(place: Path) -> None:
    told = conduct(place, BROKEN, Crew(1), 20)
    directory = Path(ledger_of(place, BROKEN).causes()[0].directory)
    again = run(load(directory).schedule)
    assert told.failures
    assert not again.verdict.failures, "the healthy Raft must not fail it"


@pytest.mark.parametrize("where", ["work", "save", "save_report", "record", "on_done"])
def test_ctrl_c_at_any_moment_loses_nothing(
    where: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a batch is under way or a run is saved, within a transaction, or after it."""
    calls = 0

    def interrupted(*_: object) -> NoReturn:
        nonlocal calls
        calls += 1
        raise KeyboardInterrupt

    told = Told()
    ledger = ledger_of(place, BROKEN)
    crew = Crew(1, interrupted) if where == "work" else Crew(1)
    with monkeypatch.context() as patched:
        if where in ("save", "save_report"):
            patched.setattr(f"nemesis.campaigns.conductor.{where}", interrupted)
        elif where == "record":
            patched.setattr("nemesis.campaigns.outcomes._save_failure", interrupted)
        on_done = interrupted if where == "on_done" else told
        with pytest.raises(KeyboardInterrupt):
            Conductor(ledger, crew, place, on_done, lambda: 0.0).conduct(Budget(100.0, 40))
    assert calls == 1
    assert crew.dropped or ledger.totals().tally.runs == 40
    assert ledger.totals().tally.runs == (20 if where == "on_done" else 0)
    conduct(place, BROKEN, Crew(1), 40)
    assert ledger.totals().tally.runs == 40
    assert ledger.gaps() == []
    for cause in ledger.causes():
        assert (load(Path(cause.directory)).directory / "report.html").is_file()


def test_two_campaigns_in_one_database_at_once(place: Path) -> None:
    """As two processes conduct them, that share it."""
    names = ("one", "two", "three")
    place.mkdir()
    url = sqlite_url(place / "shared.db")

    def conduct_one(name: str) -> Ledger:
        ledger = Ledger(open_engine(url), name, HEALTHY)
        conductor = Conductor(ledger, Crew(1), place / name, Told(), lambda: 0.0)
        conductor.conduct(Budget(100.0, 60))
        return ledger

    with ThreadPoolExecutor(3) as pool:
        ledgers = list(pool.map(conduct_one, names))
    for ledger in ledgers:
        assert ledger.totals().tally.runs == 60
        assert ledger.gaps() == []


class Quick(Crew):
    """Does nothing, and says that a run takes 10 ms; all that is handed out ends at a time."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self.sizes: list[int] = []

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        return list(tasks)

    def result(self, task: Hashable) -> Done:
        block: Block = self._tasks.pop(task)[2][1]
        self.sizes.append(block.runs)
        return Done(block, Report(Tally(runs=block.runs), []), block.runs / 100, "w")


@pytest.mark.parametrize(("most_a_second", "seconds"), [(100, 3), (2, 5)])
def test_batches_take_three_seconds_or_longer_where_workers_are_many(
    most_a_second: int, seconds: int, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nemesis.campaigns.conductor._MOST_A_SECOND", most_a_second)
    slots = 10
    crew = Quick(slots)
    runs = slots * 8 * 100 * seconds
    assert conduct(place, HEALTHY, crew, runs).runs == runs
    assert max(crew.sizes) == 100 * seconds
    # In the end smaller ones, so that nobody waits long for the last.
    assert max(crew.sizes[-slots:]) < 100
    assert sum(crew.sizes) == runs
    assert ledger_of(place, HEALTHY).gaps() == []


class Together(Crew):
    """All that is handed out ends at a time."""

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        return list(tasks)


def test_what_ends_together_is_recorded_together(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the runs that failed are on the disk; the workers' next batches, too, are planned so."""
    ledger = ledger_of(place, BROKEN)
    record_all, plan_all = Ledger.record_all, Ledger.plan_all
    recorded, planned = [], []

    def record(self: Ledger, outcomes: Sequence[Outcome], corpus: Corpus) -> list[Outcome]:
        recorded.append(len(outcomes))
        new = record_all(self, outcomes, corpus)
        assert new == outcomes
        for cause in self.causes():
            assert (load(Path(cause.directory)).directory / "report.html").is_file()
        return new

    def plan(self: Ledger, sizes: Sequence[int], entries_for: Any) -> list[Block]:
        planned.append(len(sizes))
        return plan_all(self, sizes, entries_for)

    monkeypatch.setattr(Ledger, "record_all", record)
    monkeypatch.setattr(Ledger, "plan_all", plan)
    told = conduct(place, BROKEN, Together(2), 80)
    assert recorded == planned == [4]
    assert ledger.totals().tally.runs == told.runs == 80
    causes = ledger.causes()
    assert sum(cause.seen for cause in causes) == len(told.failures) > len(causes) > 0
    assert ledger.gaps() == []


@pytest.mark.parametrize("error", [TaskKilled, WorkersGone, ValueError])
def test_one_that_ends_the_session_does_not_lose_those_that_ended_with_it(
    error: type[Exception], place: Path
) -> None:
    def fate(key: str) -> None:
        if "-120-" in key:
            raise error(key)

    told = Told()
    ledger = ledger_of(place, HEALTHY)
    crew = Together(2, fate)
    conductor = Conductor(ledger, crew, place, told, lambda: 0.0)
    with pytest.raises(error):
        conductor.conduct(Budget(100.0, 80))
    assert told.runs == ledger.totals().tally.runs == 60
    assert [block.first for block in ledger.unfinished()] == [120]
    conduct(place, HEALTHY, Together(2), 80)
    assert ledger.totals().tally.verdicts == {"valid": 80}
    assert ledger.gaps() == []


def test_a_result_that_is_lost_does_not_keep_those_that_ended_with_it(place: Path) -> None:
    times = count()
    before: list[int] = []
    ledger = ledger_of(place, HEALTHY)

    def fate(key: str) -> None:
        if "-100-" in key:
            before.append(ledger.totals().tally.runs)
            if next(times) < 2:
                raise NotYet(key)

    assert conduct(place, HEALTHY, Together(2, fate), 80).runs == 80
    assert before == [0, 60, 60]
    assert ledger.gaps() == []


def test_a_run_that_cannot_be_saved_ends_the_session_after_what_ended_before_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the ledger tells of no run that is not there."""
    calls = 0

    def until_full(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise StoreUnwritable("disk is full")
        save(*arguments)

    told = Told()
    ledger = ledger_of(place, BROKEN)
    conductor = Conductor(ledger, Together(4), place, told, lambda: 0.0)
    with monkeypatch.context() as patched:
        patched.setattr("nemesis.campaigns.conductor.save", until_full)
        with pytest.raises(StoreUnwritable):
            conductor.conduct(Budget(100.0, 160))
    assert calls == 2
    assert 0 < told.runs == ledger.totals().tally.runs < 160
    assert len(ledger.causes()) <= 1
    conduct(place, BROKEN, Together(4), 160)
    assert ledger.totals().tally.runs == 160
    assert ledger.gaps() == []
    for cause in ledger.causes():
        assert (load(Path(cause.directory)).directory / "report.html").is_file()
