"""Runs that end their process are shrunk as other failures are, and what is saved does it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from checker.verdict import Validity
from nemesis.cli import run as run_command_line
from nemesis.faults import Crash
from nemesis.gate.fuzzing import fuzzing
from nemesis.outcome import Run
from nemesis.replay import refresh, replay
from nemesis.report import save_report
from nemesis.run import run
from nemesis.schedule import Schedule
from nemesis.search import deaths, ending
from nemesis.search.block import Block, Campaign, Death, Report, schedule_of
from nemesis.search.campaign import do_alone
from nemesis.search.deaths import run_of, shrunk_in_words, smallest_deaths
from nemesis.search.tally import Tally
from nemesis.search.workers import WorkerDied
from nemesis.store import StoreError, load, save_death
from nemesis.subjects.registry import subject_named

TOYS = "tests.subjects.toys"
WHAT = Campaign(subject=f"{TOYS}:correct")
SEED = 3
HOW, WORDS = "killed by SIGABRT", "a\nb.c:7: assertion failed\n"
DEATH = Death(SEED, 1, HOW, WORDS)
Dies = Callable[[Schedule], tuple[str, str] | None]


class Processes:
    """In place of processes: they end as is said of a schedule, how and with what words."""

    def __init__(self, dies: Dies) -> None:
        self._dies = dies
        self.executed: list[Schedule] = []

    def alone(self, _function: object, schedule: Schedule, _subject: str, **_others: Any) -> None:
        self.executed.append(schedule)
        if (ended := self._dies(schedule)) is not None:
            raise WorkerDied(ended[0], None, ended[1])


def smallest(
    monkeypatch: pytest.MonkeyPatch, dies: Dies, death: Death = DEATH, what: Campaign = WHAT
) -> tuple[Death, list[Schedule]]:
    processes = Processes(dies)
    monkeypatch.setattr(ending, "alone", processes.alone)
    (found,) = smallest_deaths(what, [death])
    return found, processes.executed


def crashes(schedule: Schedule) -> int:
    return sum(isinstance(step, Crash) for step in schedule.steps)


def of_a_crash(schedule: Schedule) -> tuple[str, str] | None:
    return (HOW, WORDS) if crashes(schedule) else None


def whole() -> Schedule:
    schedule = schedule_of(WHAT, SEED)
    assert schedule is not None
    assert crashes(schedule)
    assert len(schedule.steps) > 50
    return schedule


def saved_run(found: Death, what: Campaign = WHAT) -> Run:
    died = run_of(what, found)
    assert died is not None
    return died


# -- Shrinking -------------------------------------------------------------------------------------


def test_it_is_shrunk_to_what_ends_a_process_in_the_same_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole()
    found, executed = smallest(monkeypatch, of_a_crash)
    assert found.shrunk is not None
    assert [type(step) for step in found.shrunk.steps] == [Crash]
    assert not found.not_shrunk
    # Those before and after it are no candidates.
    assert 0 < found.shrink_executions < len(executed) <= found.shrink_executions + 6
    assert saved_run(found).schedule == found.shrunk
    assert "shrunk from" in shrunk_in_words(WHAT, found)
    again, executed_again = smallest(monkeypatch, of_a_crash)
    assert again.shrunk == found.shrunk
    assert executed_again == executed


@pytest.mark.parametrize("other", [("killed by SIGSEGV", WORDS), (HOW, "b.c:8: assertion failed")])
def test_what_ends_it_in_another_way_is_another_failure(
    other: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = crashes(whole())
    assert many > 1

    def dies(schedule: Schedule) -> tuple[str, str]:
        return (HOW, WORDS) if crashes(schedule) == many else other

    found, _ = smallest(monkeypatch, dies)
    assert found.shrunk is not None
    assert crashes(found.shrunk) == many
    assert len(found.shrunk.steps) < len(whole().steps)


def test_words_that_always_differ_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = iter(range(10_000))

    def dies(schedule: Schedule) -> tuple[str, str] | None:
        return (HOW, f"at {next(addresses):#x}") if crashes(schedule) else None

    found, _ = smallest(monkeypatch, dies)
    assert found.shrunk is not None
    assert len(found.shrunk.steps) == 1
    # Of the words that were told before: campaigns know it again by them.
    assert found.cause == DEATH.cause == "process-died: b.c:7: assertion failed"


@pytest.mark.parametrize("often", [0, 1, 2, 3, 10])
def test_what_dies_at_random_keeps_its_schedule_and_says_so(
    often: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So often it does, and then no more."""
    left = iter(range(often))

    def dies(_schedule: Schedule) -> tuple[str, str] | None:
        return None if next(left, None) is None else (HOW, WORDS)

    found, _ = smallest(monkeypatch, dies)
    assert found.shrunk is None
    assert saved_run(found).schedule == whole()
    assert "always" in shrunk_in_words(WHAT, found)


def test_it_ends_after_so_many_candidates_or_so_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaths, "_EXECUTIONS", 10)
    found, executed = smallest(monkeypatch, lambda _: (HOW, WORDS))
    assert found.shrink_executions == 10
    assert len(executed) == 16
    monkeypatch.setattr(deaths, "_SECONDS", 0.0)
    found, executed = smallest(monkeypatch, lambda _: (HOW, WORDS))
    assert found.shrink_executions == 0
    assert found.shrunk == whole()
    assert len(executed) == 6


@pytest.mark.parametrize(
    ("death", "what", "words"),
    [
        (DEATH._replace(is_endless=True), WHAT, "it waits"),
        (DEATH, Campaign(strategy="role-walk"), "drawn while it ran"),
        (DEATH, WHAT._replace(settled=frozenset({"process-died"})), "of its kind 20 were before"),
    ],
)
def test_what_is_not_shrunk_says_why(
    death: Death, what: Campaign, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, executed = smallest(monkeypatch, of_a_crash, death, what)
    assert not executed
    assert found.shrunk is None
    assert words in shrunk_in_words(what, found)


def test_of_one_cause_one_is_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "alone", Processes(of_a_crash).alone)
    other = Death(5, 3, HOW, "another", is_endless=True)
    same = DEATH._replace(seed=4, last_words="c\nb.c:7: assertion failed")
    one, two, three = smallest_deaths(WHAT, [DEATH, same, other])
    assert one.shrunk is not None
    assert two.not_shrunk == "it ends as seed 3 does"
    assert two.cause == one.cause != three.cause


# -- What is saved ---------------------------------------------------------------------------------


def test_a_subject_that_aborts_is_shrunk_and_does_it_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deaths, "_EXECUTIONS", 14)
    monkeypatch.setattr(deaths, "_TIMES", 1)
    name = f"{TOYS}:fragile"
    what = Campaign(subject=name)
    (death,) = do_alone(what, Block(SEED, 1, 0)).deaths
    assert death.shrunk is not None
    assert len(death.shrunk.steps) <= 5
    save_death(tmp_path / "died", run_of(what, death), death.last_words)
    assert (tmp_path / "died" / "stderr.txt").read_text() == "toy.c:7: assertion failed\n"
    assert load(tmp_path / "died").results.has_died
    code = run_command_line(["replay", str(tmp_path), "--subject", name])
    out = capfd.readouterr().out
    assert code == 1
    assert "died: fails" in out
    assert "it still ends its process: killed by SIGABRT" in out
    with pytest.raises(StoreError, match="no trace to refresh"):
        refresh(tmp_path / "died")
    save_report(tmp_path / "died", [name])
    assert "it went with the process" in (tmp_path / "died" / "report.html").read_text()


def saved_as(directory: Path, variant: str) -> None:
    save_death(directory, replace(saved_run(DEATH), variant=variant), WORDS)


def test_one_that_was_mended_fails_no_more(tmp_path: Path) -> None:
    saved_as(tmp_path, f"{TOYS}:correct")
    result = replay(tmp_path, [f"{TOYS}:correct"])
    assert result.is_mended
    assert result.problems == ()


@pytest.mark.parametrize(
    ("how", "problems"),
    [(HOW, 0), ("killed by SIGSEGV", 1), (None, 3)],
)
def test_an_exhibit_must_end_its_process_as_it_did(
    how: str | None, problems: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_as(tmp_path, "c-raft")

    def alone(_function: object, schedule: Schedule, _name: str) -> Run:
        if how is None:
            return run(schedule, subject_named(WHAT.subject))
        raise WorkerDied(how, None, "")

    monkeypatch.setattr(import_module("nemesis.replay"), "alone", alone)
    result = replay(tmp_path)
    assert not result.still_dies
    assert len(result.problems) == problems


def test_the_gate_saves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrunk = Schedule(knobs=whole().knobs, steps=(Crash(),))
    death = DEATH._replace(shrunk=shrunk, shrink_executions=9)
    tally = Tally()
    tally.add_death(SEED, death.kind)
    monkeypatch.setattr(
        import_module("nemesis.gate.fuzzing"),
        "campaign",
        lambda _: (each for each in [Report(tally, [], [death])]),
    )
    stage = fuzzing(WHAT, tmp_path, lambda *_: "")
    assert stage.validity is Validity.INVALID
    problem = stage.problems[0].problem or ""
    assert problem.startswith(f"process-died: {HOW}\n{WORDS}")
    assert f"1 step in 0.0 s, 9 executions\nsaved in {tmp_path / 'died-3'}" in problem
    assert load(tmp_path / "died-3").schedule == shrunk
