"""Real workers of Dask, which die; and a runner that is killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn

import pytest

from nemesis.campaigns.cluster import DaskWorkers, NotYet, dask_workers
from nemesis.campaigns.conductor import Budget, Conductor
from nemesis.campaigns.errors import WorkersGone
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.outcomes import Failure, Outcome
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.work import Done
from nemesis.cli import BAD_ARGUMENTS, CRASH, run
from nemesis.search.block import Block, run_block
from tests.campaigns.crew import Crew

pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")


@pytest.mark.long
def test_a_worker_that_is_killed_loses_no_seed(tmp_path: Path) -> None:
    """What fails is in the account, too; bench/campaign_kills.py does this for minutes."""
    settings = Settings(seed=100, subject="retry-applied-twice", strategy="uniform-walk")
    ledger = Ledger(open_engine(sqlite_url(tmp_path / "campaign.db")), "one", settings)
    killed: list[int] = []
    told: list[Failure] = []
    with dask_workers(None, 2, None) as crew:
        # By the calendar: if a clock is set forward, or the machine has slept, all are given up.
        assert crew.local.scheduler.worker_ttl is None

        def kill_one(_done: Done, failures: list[Failure]) -> None:
            told.extend(failures)
            if len(killed) < 2:
                killed.append(crew.local.workers[len(killed)].pid)
                os.kill(killed[-1], signal.SIGKILL)

        Conductor(ledger, crew, tmp_path, kill_one).conduct(Budget(None, 160))
    assert len(killed) == 2
    undisturbed = run_block(settings.campaign(frozenset({"exactly-once"})), Block(100, 160, 0))
    assert ledger.totals().tally == undisturbed.tally
    assert ledger.totals().planned == 0
    assert ledger.gaps() == []
    failing = [found.seed for found in undisturbed.findings]
    assert sorted(failure.seed for failure in told) == failing
    assert sum(cause.seen for cause in ledger.causes()) == len(failing) > 1


class Reports:
    """What Dask's cluster says of a worker that it has given up."""

    def __init__(self, cluster: dict[int, str]) -> None:
        self.workers = cluster
        self.scaled: list[int] = []

    def scale(self, count: int) -> None:
        self.scaled.append(count)

    @property
    def scheduler(self) -> Reports:
        return self

    def ncores(self) -> dict[str, int]:
        return dict.fromkeys(self.workers.values(), 1)

    def sync(self, ask: Callable[[], dict[str, int]], callback_timeout: float) -> dict[str, int]:
        assert callback_timeout < 60
        return ask()


def test_workers_that_dask_has_given_up_are_made_anew() -> None:
    """It does so with one that dies while it starts: a campaign would wait for ever."""
    cluster = Reports({0: "here", 1: "there"})
    crew = DaskWorkers(cluster, cluster)
    assert crew.slots() == 2
    assert cluster.scaled == []
    del cluster.workers[1]
    assert crew.slots() == 1
    assert cluster.scaled == [2]


class Ended:
    """A task of Dask, whose result cannot be had."""

    key = "splitbrain-one-100-work"

    def __init__(self, status: str, error: Exception) -> None:
        self.status = status
        self._error = error

    def result(self, timeout: float) -> NoReturn:
        assert timeout < 10
        raise self._error


def test_a_result_that_died_with_its_worker_is_not_waited_for() -> None:
    """A session would not end before somebody has done the task again."""
    crew = DaskWorkers(Reports({}))
    for status in ("lost", "pending"):
        with pytest.raises(NotYet):
            crew.result(Ended(status, TimeoutError()))
    with pytest.raises(WorkersGone):
        crew.result(Ended("error", TimeoutError("of the task itself")))


def test_a_full_disk_of_a_worker_is_told_in_a_line() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/tmp/x")
    crew = DaskWorkers(Reports({}))
    with pytest.raises(WorkersGone, match=r"100-work: its worker cannot work: .*No space left"):
        crew.result(Ended("error", full))


def test_a_scheduler_without_workers_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent(Crew):
        """Nobody, as far as one can tell."""

        def slots(self) -> int:
            return 0

    monkeypatch.setattr("nemesis.campaigns.cluster.dask_workers", lambda *_: nullcontext(Absent()))
    arguments = ["campaign", "--budget", "5", "--scheduler", "tcp://x:1", "--workload", "register"]
    assert run([*arguments, "--seed", "1", "--store", str(tmp_path)]) == 0
    assert "nobody works for that scheduler yet" in capsys.readouterr().out


_SCHEDULER = """
from distributed import LocalCluster
cluster = LocalCluster(
    n_workers=1, threads_per_worker=1, processes=False, host="127.0.0.1", protocol="tcp",
    dashboard_address="127.0.0.1:0", silence_logs=50,
)
print(cluster.scheduler_address, flush=True)
input()
"""


def test_a_scheduler_that_is_killed_ends_the_session_with_a_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with its worker, as where their machine dies, when something was recorded."""
    with subprocess.Popen(
        [sys.executable, "-c", _SCHEDULER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as scheduler:
        assert scheduler.stdout is not None
        address = scheduler.stdout.readline().strip()
        record = Ledger.record_all

        def record_and_kill(self: Ledger, *what: Any) -> list[Outcome]:
            scheduler.kill()
            return record(self, *what)

        monkeypatch.setattr(Ledger, "record_all", record_and_kill)
        arguments = ["campaign", "--name", "one", "--seed", "100", "--store", str(tmp_path)]
        arguments += ["--budget", "100", "--workload", "register"]
        assert run([*arguments, "--scheduler", address]) == CRASH
    out, err = capfd.readouterr()
    (line,) = err.splitlines()
    assert "the scheduler cannot be reached any more" in line
    assert "the same command goes on" in line
    assert "Traceback" not in out
    url = sqlite_url(tmp_path / "campaigns" / "one" / "campaign.db")
    settings = Ledger.settings_of(open_engine(url), "one")
    assert settings is not None
    ledger = Ledger(open_engine(url), "one", settings)
    before = ledger.totals()
    assert before.tally.runs == 20
    assert before.planned
    Conductor(ledger, Crew(1), tmp_path, lambda done, failures: None).conduct(Budget(None, 100))
    assert ledger.totals().tally.runs == 100
    assert ledger.gaps() == []


@pytest.mark.long
def test_a_runner_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    code = "import sys; from nemesis.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "campaign", "--jobs", "1", "--seed", "100"]
    command += ["--workload", "register", "--store", str(tmp_path), "--name", "one", "--budget"]
    url = sqlite_url(tmp_path / "campaigns" / "one" / "campaign.db")
    process = subprocess.Popen(
        [*command, "1000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
    )
    settings = None
    try:
        for _ in range(1200):
            # Until something is recorded: how long that takes is the machine's affair.
            time.sleep(0.05)
            if (tmp_path / "campaigns" / "one" / "campaign.db").exists():
                settings = Ledger.settings_of(open_engine(url), "one")
                if settings and Ledger(open_engine(url), "one", settings).totals().batches:
                    break
        second = subprocess.run(
            [*command, "10"], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert second.returncode == BAD_ARGUMENTS
        assert "is being conducted by another process" in second.stderr
    finally:
        process.kill()
        # Its workers write to the same pipe: it ends when the last of them has ended.
        process.communicate(timeout=60)
    assert settings is not None
    ledger = Ledger(open_engine(url), "one", settings)
    before = ledger.totals()
    assert before.batches
    assert before.planned
    goal = before.tally.runs + before.planned
    ended = subprocess.run(
        [*command, str(goal)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"goes on after {before.tally.runs:,} runs, seed 100" in ended.stdout
    assert ledger.totals().tally.runs == goal
    assert ledger.totals().planned == 0
    assert ledger.gaps() == []


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nemesis.campaigns.cluster._PATIENCE", 0.1)
    with (
        pytest.raises(WorkersGone, match="no scheduler answers"),
        dask_workers("tcp://127.0.0.1:1", 1, None, patience=1.0),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--budget", "soon"], "is no time"),
        (["--budget", "0"], "at least 1 run"),
        (["--budget", "10", "--name", "a/b"], "letters, digits"),
        (["--budget", "10", "--name", ".."], "letters, digits"),
        (["--budget", "10", "--nemesis", "none"], "without faults"),
        (["--budget", "10", "--database", "nonsense"], "nonsense: is no database"),
        (["--budget", "10", "--subject", "healthi"], "did you mean 'healthy'"),
    ],
)
def test_arguments_that_make_no_sense(
    arguments: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["campaign", "--store", str(tmp_path), *arguments]) == BAD_ARGUMENTS
    assert what in capsys.readouterr().err
