"""Runs that never return are shrunk in a bounded time, and what comes of it never returns."""

from __future__ import annotations

import signal
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from nemesis.cli import run as run_command_line
from nemesis.faults import Crash
from nemesis.gate.fuzzing import fuzzing
from nemesis.replay import replay
from nemesis.schedule import Knobs, Schedule
from nemesis.search import deaths, ending, endless
from nemesis.search.block import Campaign, Death, schedule_of
from nemesis.search.campaign import campaign
from nemesis.search.deaths import run_of, shrunk_in_words, smallest_deaths
from nemesis.search.time_limit import TIME_LIMIT, TimeLimit, words_of
from nemesis.search.workers import LENIENCE, WorkerDied, alone
from nemesis.store import load, save_death
from nemesis.subjects.registry import subject_named

TOYS = "tests.subjects.toys"
WHAT = Campaign(subject=f"{TOYS}:correct")
SEED = 3
HOW = "killed after 120 s of processor time, as it had not returned"
DEATH = Death(SEED, 1, HOW, "", is_endless=True)
NEVER = 1e9
# Of ordinary runs, s of processor time.
USUAL = 0.05
Takes = Callable[[Schedule], float]


class Processes:
    """In place of processes: each takes so much of the processor's time as is said of a schedule,
    and is ended at its limit. No other time passes but what ``clock`` says of a process."""

    def __init__(self, takes: Takes, monkeypatch: pytest.MonkeyPatch, words: str = "") -> None:
        self._takes = takes
        self.words = words
        self.executed: list[tuple[Schedule, TimeLimit]] = []
        self.spent = 0.0
        self.now = 0.0
        # Of the clock's time, for each second of the processor's.
        self.slowness = 1.0
        monkeypatch.setattr(ending, "alone", self.alone)
        monkeypatch.setattr(endless, "monotonic", lambda: self.now)

    def alone(
        self, _function: object, schedule: Schedule, _subject: str, *, limit: TimeLimit, **_: Any
    ) -> float:
        self.executed.append((schedule, limit))
        takes = min(self._takes(schedule), limit.processor, limit.clock / self.slowness)
        self.spent += takes
        self.now += takes * self.slowness
        number = None
        if takes == limit.processor:
            number = signal.SIGPROF
        elif takes * self.slowness == limit.clock:
            number = signal.SIGALRM
        if number is None:
            return takes
        how = words_of(number, limit)
        assert how is not None
        raise WorkerDied(how, None, self.words, is_endless=True)


def smallest(death: Death = DEATH, what: Campaign = WHAT) -> Death:
    (found,) = smallest_deaths(what, [death])
    return found


def whole() -> Schedule:
    schedule = schedule_of(WHAT, SEED)
    assert schedule is not None
    assert len(schedule.steps) > 50
    assert crashes(schedule) > 1
    return schedule


def crashes(schedule: Schedule) -> int:
    return sum(isinstance(step, Crash) for step in schedule.steps)


def of_a_crash(schedule: Schedule) -> float:
    return NEVER if crashes(schedule) else USUAL


# -- What it comes to ------------------------------------------------------------------------------


def test_it_is_shrunk_and_the_smallest_reaches_the_whole_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes = Processes(of_a_crash, monkeypatch)
    found = smallest()
    assert found.shrunk is not None
    assert [type(step) for step in found.shrunk.steps] == [Crash]
    last, limit = processes.executed[-1]
    assert (last, limit.processor) == (found.shrunk, TIME_LIMIT.processor)
    # All others had a hundredth of that.
    assert {limit.processor for _, limit in processes.executed[1:-1]} == {1.0}
    assert shrunk_in_words(WHAT, found).endswith(
        f"{found.shrink_executions} executions: candidates were given 1 s of processor time, and "
        "the smallest the whole 120 s"
    )
    again = smallest()
    assert again.shrunk == found.shrunk
    assert again.shrink_executions == found.shrink_executions


def test_one_without_any_step_may_be_the_smallest(monkeypatch: pytest.MonkeyPatch) -> None:
    Processes(lambda _: NEVER, monkeypatch)
    found = smallest()
    assert found.shrunk is not None
    assert found.shrunk.steps == ()


@pytest.mark.parametrize("takes", [1.5, 10.0, 119.0])
def test_what_only_takes_long_is_not_taken_for_endless(
    takes: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all its crashes it does not return, with fewer it takes so long."""
    many = crashes(whole())

    def lasts(schedule: Schedule) -> float:
        if crashes(schedule) >= many:
            return NEVER
        return takes if crashes(schedule) else USUAL

    Processes(lasts, monkeypatch)
    found = smallest()
    assert found.shrunk is None or crashes(found.shrunk) >= many
    if found.shrunk is None:
        words = shrunk_in_words(WHAT, found)
        assert words.startswith("not shrunk: what is smaller took ")
        assert words.endswith(", and was not seen to take 120 s")
    run = run_of(WHAT, found)
    assert run is not None
    assert crashes(run.schedule) >= many


def test_if_the_smallest_returns_a_larger_one_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten steps are needed, and one crash seems enough."""

    def lasts(schedule: Schedule) -> float:
        if not crashes(schedule):
            return USUAL
        return NEVER if len(schedule.steps) >= 10 else 20.0

    Processes(lasts, monkeypatch)
    found = smallest()
    assert found.shrunk is not None
    assert 10 <= len(found.shrunk.steps) < len(whole().steps)


@pytest.mark.parametrize("usual", [0.5, 1.4])
def test_what_a_subject_takes_in_any_case_is_measured(
    usual: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is loaded slowly, say: no candidate is taken for endless for that."""
    processes = Processes(lambda each: max(usual, of_a_crash(each)), monkeypatch)
    found = smallest()
    assert found.shrunk is not None
    assert crashes(found.shrunk) > 0
    assert {limit.processor for _, limit in processes.executed[1:-1]} == {10 * usual}


def test_what_another_loop_writes_is_another_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    many = crashes(whole())

    class Writing(Processes):
        def alone(
            self, _function: object, schedule: Schedule, _subject: str, **others: Any
        ) -> float:
            self.words = "one\nloop\n" if crashes(schedule) == many else "another\n"
            return super().alone(_function, schedule, _subject, **others)

    Writing(of_a_crash, monkeypatch)
    found = smallest(DEATH._replace(last_words="loop"))
    assert found.shrunk is not None
    assert crashes(found.shrunk) == many


def test_words_that_differ_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = count()

    class Writing(Processes):
        def alone(
            self, _function: object, schedule: Schedule, _subject: str, **others: Any
        ) -> float:
            self.words = f"try {next(numbers)}\n"
            return super().alone(_function, schedule, _subject, **others)

    Writing(of_a_crash, monkeypatch)
    found = smallest(DEATH._replace(last_words="try 1e9"))
    assert found.shrunk is not None
    assert len(found.shrunk.steps) == 1


@pytest.mark.parametrize("often", [0, 1, 2, 5])
def test_what_does_not_return_at_random_keeps_its_schedule(
    often: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So often it does not, and then it always does."""
    left = iter(range(often))
    Processes(lambda _: USUAL if next(left, None) is None else NEVER, monkeypatch)
    found = smallest()
    assert found.shrunk is None
    assert shrunk_in_words(WHAT, found).startswith("not shrunk: ")


# -- What it costs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("slowness", [1.0, 3.0, 100.0])
@pytest.mark.parametrize("takes", [of_a_crash, lambda _: NEVER, lambda each: len(each.steps) * 2.0])
def test_it_ends_within_its_time_whatever_comes(
    takes: Takes, slowness: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = Processes(takes, monkeypatch)
    processes.slowness = slowness
    found = smallest()
    assert found.shrink_executions <= 250
    # What is looked for, the last candidate, and three that are confirmed.
    assert processes.spent <= 60 + 15 + 3 * (120 + 2 * 15)
    assert processes.now <= 1_200
    # A process that is deaf to its limits is waited for twice as long.
    assert all(limit.clock * LENIENCE <= 1_200 for _, limit in processes.executed)
    assert all(limit.clock > 0 for _, limit in processes.executed)


def test_a_search_has_its_own_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each candidate that is taken costs 14 s of the processor's time."""
    processes = Processes(lambda each: max(1.4, of_a_crash(each)), monkeypatch)
    found = smallest()
    assert found.shrunk is not None
    # The last of it, and what is confirmed.
    assert processes.spent <= 60 + 14 + (2 * 14 + 120)
    slower = Processes(lambda each: max(1.4, of_a_crash(each)), monkeypatch)
    slower.slowness = 6.0
    assert 0 < smallest().shrink_executions < found.shrink_executions


def test_a_machine_that_is_busy_makes_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """So busy that no second of processor time is had within a minute."""
    processes = Processes(of_a_crash, monkeypatch)
    processes.slowness = 100.0
    found = smallest()
    assert found.shrunk is None
    assert found.not_shrunk == "run once more, its schedule did not take 1 s of processor time"


@pytest.mark.parametrize(
    ("death", "what", "words"),
    [
        (DEATH._replace(how="killed after 1800 s, as it had not returned"), WHAT, "it waits"),
        (DEATH, Campaign(strategy="role-walk"), "drawn while it ran"),
        (DEATH, WHAT._replace(settled=frozenset({"never-returned"})), "of its kind 20 were before"),
    ],
)
def test_what_is_not_shrunk_says_why(
    death: Death, what: Campaign, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = Processes(of_a_crash, monkeypatch)
    found = smallest(death, what)
    assert not processes.executed
    assert found.shrunk is None
    assert words in shrunk_in_words(what, found)


def test_of_one_cause_one_is_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    Processes(of_a_crash, monkeypatch)
    one, two = smallest_deaths(WHAT, [DEATH, DEATH._replace(seed=4)])
    assert one.shrunk is not None
    assert two.not_shrunk == "it ends as seed 3 does"
    assert two.cause == one.cause


# -- With processes --------------------------------------------------------------------------------

NAME = f"{TOYS}:looping"
# A candidate has an eighth of it: several times what one takes that returns.
LIMIT = TimeLimit(processor=2.0, clock=600.0)
LIMITED = "killed after 2 s of processor time, as it had not returned"


def test_a_subject_that_loops_is_shrunk_and_saved_and_loops_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endless, "_EXECUTIONS", 8)
    # However busy the machine is.
    monkeypatch.setattr(endless, "_LEAST_CLOCK", 600.0)
    monkeypatch.setattr(endless, "_CLOCK", 1_200.0)
    what = Campaign(subject=NAME, limit=LIMIT)
    found = smallest(DEATH._replace(how=LIMITED), what)
    assert found.shrunk is not None
    assert len(found.shrunk.steps) <= 10
    knobs = found.shrunk.knobs
    plain = Knobs(workload=knobs.workload, clients=knobs.clients)
    assert knobs == subject_named(NAME).knobs(plain)
    save_death(tmp_path / "died", run_of(what, found), found.last_words)
    saved = load(tmp_path / "died")
    assert saved.schedule == found.shrunk
    (failure,) = saved.results.failures
    assert (failure.kind, failure.message) == ("never-returned", LIMITED)
    assert "the smallest the whole 2 s" in failure.evidence["shrinking"]

    def limited(function: Any, *arguments: Any) -> Any:
        return alone(function, *arguments, limit=LIMIT)

    monkeypatch.setattr(import_module("nemesis.replay"), "alone", limited)
    result = replay(tmp_path / "died", [NAME])
    assert result.still_dies
    assert result.problems == (f"it still ends its process: {LIMITED}",)


def test_a_campaign_shrinks_it_under_the_limit_of_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[TimeLimit] = []

    def noted(schedule: Schedule, _subject: str, limit: TimeLimit, *_how: str) -> endless.Smallest:
        limits.append(limit)
        return endless.Smallest(schedule, "so it was", 7)

    monkeypatch.setattr(deaths, "smallest_endless", noted)
    limit = TimeLimit(processor=0.2, clock=60.0)
    what = Campaign(seed=SEED, subject=f"{TOYS}:endless", runs=1, limit=limit)
    (report,) = campaign(what)
    (death,) = report.deaths
    assert limits == [limit]
    assert shrunk_in_words(what, death).endswith("7 executions: so it was")


# -- Interrupted -----------------------------------------------------------------------------------


@pytest.fixture
def _interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C, while what was found is shrunk."""

    def interrupt(*_: object) -> list[Death]:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("nemesis.search.campaign"), "smallest_deaths", interrupt)


@pytest.mark.usefixtures("_interrupted")
@pytest.mark.parametrize("going_on", [[], ["--keep-going"]])
def test_what_was_found_is_told_and_saved_though_shrinking_is_interrupted(
    going_on: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["fuzz", "--subject", f"{TOYS}:fragile", "--runs", "40", "--seed", str(SEED)]
    code = run_command_line([*arguments, "--jobs", "1", *going_on])
    out = " ".join(capfd.readouterr().out.split())
    assert code == 1
    assert "process-died: after 1 execution, the run of seed 3 ended its process" in out
    assert "not shrunk: it was interrupted" in out
    assert "interrupted: the verdict is on the runs that were finished" in out
    saved = next((tmp_path / "store").glob("fuzz-*/2*/died-3"))
    kept = load(saved)
    assert kept.schedule == schedule_of(Campaign(subject=f"{TOYS}:fragile"), SEED)
    assert kept.results.failures[0].evidence == {"shrinking": "not shrunk: it was interrupted"}


@pytest.mark.usefixtures("_interrupted")
def test_the_gate_saves_what_was_found_though_shrinking_is_interrupted(tmp_path: Path) -> None:
    what = Campaign(seed=SEED, subject=f"{TOYS}:fragile", runs=1)
    with pytest.raises(KeyboardInterrupt):
        fuzzing(what, tmp_path, lambda *_: "")
    assert load(tmp_path / "died-3").results.has_died
