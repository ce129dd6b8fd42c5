"""Real workers of Dask, which die; and a runner that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nemesis.campaigns.cluster import DaskWorkers, dask_workers
from nemesis.campaigns.conductor import Budget, Conductor
from nemesis.campaigns.errors import WorkersGone
from nemesis.campaigns.ledger import Failure, Ledger, open_engine, sqlite_url
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.work import Done
from nemesis.cli import BAD_ARGUMENTS, run

pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")
SETTINGS = Settings(seed=100, strategy="uniform-walk")


def test_a_worker_that_is_killed_loses_no_seed(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    ledger = Ledger(open_engine(sqlite_url(tmp_path / "campaign.db")), "one", SETTINGS)
    killed: list[int] = []
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):

        def kill_one(_done: Done, _failures: list[Failure]) -> None:
            if len(killed) < 2:
                nannies: dict[Any, Any] = cluster.workers
                pid = nannies[len(killed)].pid
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

        Conductor(ledger, DaskWorkers(client), tmp_path, kill_one).conduct(Budget(None, 300))
    assert len(killed) == 2
    assert ledger.totals().tally.runs == 300
    assert ledger.totals().planned == 0
    assert ledger.gaps() == []


def test_a_runner_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    code = "import sys; from nemesis.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "campaign", "--jobs", "1", "--seed", "100"]
    command += ["--workload", "register", "--store", str(tmp_path), "--name", "one", "--budget"]
    url = sqlite_url(tmp_path / "campaigns" / "one" / "campaign.db")
    process = subprocess.Popen(
        [*command, "1000000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
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
        process.wait()
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


def test_no_scheduler_there() -> None:
    with (
        pytest.raises(WorkersGone, match="no scheduler answers"),
        dask_workers("tcp://127.0.0.1:1", 1, None),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--budget", "soon"], "is no time"),
        (["--budget", "0"], "at least 1 run"),
        (["--budget", "10", "--name", "a/b"], "letters, digits"),
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
