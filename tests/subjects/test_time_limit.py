"""Runs that never return: their processes are ended, and they are findings with their seeds."""

from __future__ import annotations

import signal
from importlib import import_module
from pathlib import Path

import pytest

from nemesis.cli import run as run_command_line
from nemesis.search.block import (
    Block,
    Death,
    Report,
    execute,
    run_block,
    sample,
    schedule_of,
)
from nemesis.search.campaign import Campaign, campaign, do_alone
from nemesis.search.ensemble import TIMED, strategy_of
from nemesis.search.mutation import is_mutated
from nemesis.search.tally import Tally
from nemesis.search.time_limit import TimeLimit, limited
from nemesis.search.workers import WorkerDied, alone, workers
from nemesis.subjects.own import OWN

TOYS = "tests.subjects.toys"
# In s; what is not tried here is out of reach.
BUSY = TimeLimit(processor=0.2, clock=60)
IDLE = TimeLimit(processor=60, clock=0.4)
# What the ensemble draws for them.
TIMED_SEED = next(seed for seed in range(100) if strategy_of(seed) == TIMED)
WALKED_SEED = next(seed for seed in range(100) if strategy_of(seed) != TIMED)


def test_a_run_that_never_returns_is_a_finding() -> None:
    settled = frozenset({"never-returned"})
    what = Campaign(subject=f"{TOYS}:endless", runs=3, jobs=1, limit=BUSY, settled=settled)
    (report,) = campaign(what)
    (death,) = report.deaths
    assert (death.seed, death.executions, death.kind) == (0, 1, "never-returned")
    assert death.how == "killed after 0.2 s of processor time, as it had not returned"
    assert report.tally.kinds == {"never-returned": 1}
    assert report.tally.verdicts == {"invalid": 1}


def test_waiting_is_no_work_but_does_not_return_either() -> None:
    what = Campaign(subject=f"{TOYS}:waiting", limit=IDLE)
    (death,) = do_alone(what, Block(0, 1, 0)).deaths
    assert death.how == "killed after 0.4 s, as it had not returned"
    assert death.kind == "never-returned"


def test_whoever_ignores_signals_is_ended_by_who_waits() -> None:
    limit = TimeLimit(processor=0.1, clock=0.3)
    with pytest.raises(WorkerDied, match=r"ended: killed after 0\.6 s, as it had") as caught:
        alone(sample, Campaign(subject=f"{TOYS}:deaf"), limit=limit)
    assert caught.value.is_endless


def test_the_time_begins_again_with_each_run() -> None:
    what = Campaign(subject=f"{TOYS}:correct", limit=TimeLimit(processor=0.25, clock=60))
    report = do_alone(what, Block(0, 250, 0))
    assert report.tally.verdicts == {"valid": 250}
    assert not report.deaths


def timers_after(what: Campaign) -> list[float]:
    run_block(what, Block(0, 1, 0))
    return [signal.getitimer(each)[0] for each in (signal.ITIMER_PROF, signal.ITIMER_REAL)]


def test_nothing_else_is_limited() -> None:
    """Not what a worker does next, nor a process for which nobody waits."""
    with workers(1) as pool:
        assert pool.submit(timers_after, Campaign()).result() == [0, 0]
    with limited(TimeLimit(processor=50, clock=50)):
        assert signal.getitimer(signal.ITIMER_PROF)[0] == 0


def test_a_schedule_is_told_only_if_it_is_the_one_that_was_run() -> None:
    """Of a walk nobody knows the steps until it has been run."""
    for strategy, seed in (("timed", 3), ("ensemble", TIMED_SEED)):
        what = Campaign(strategy=strategy)
        assert schedule_of(what, seed) == execute(what, seed, OWN).schedule
    assert schedule_of(Campaign(strategy="ensemble"), WALKED_SEED) is None
    assert schedule_of(Campaign(strategy="role-walk"), TIMED_SEED) is None
    # It went on from a schedule of others.
    mutated = next(
        seed for seed in range(1_000) if strategy_of(seed) == TIMED and is_mutated(seed, 50)
    )
    assert schedule_of(Campaign(strategy="ensemble", corpus=50), mutated) is None


def test_fuzz_tells_of_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fuzz = import_module("nemesis.cli.fuzz")
    monkeypatch.chdir(tmp_path)
    death = Death(7, 8, "killed after 120 s of processor time, as it had not returned", "", True)
    tally = Tally()
    tally.add_death(death.seed, death.kind)
    monkeypatch.setattr(fuzz, "campaign", lambda _: (each for each in [Report(tally, [], [death])]))
    monkeypatch.setattr(fuzz, "_save_sample", lambda *_: False)
    code = run_command_line(["fuzz", "--subject", f"{TOYS}:endless", "--runs", "9", "--seed", "0"])
    out = " ".join(capfd.readouterr().out.split())
    assert code == 1
    assert "never-returned: after 8 executions, the run of seed 7 did not return, nor did" in out
    assert "when it ran alone: killed after 120 s of processor time" in out
    assert (next((tmp_path / "store").glob("fuzz-*/2*/died-7")) / "schedule.json").exists()
