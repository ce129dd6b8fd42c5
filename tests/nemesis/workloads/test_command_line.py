"""Workloads from the command line: what is printed, what is saved, on simulated and real servers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checker.verdict import Validity
from nemesis.cli import run
from nemesis.cluster.real.etcd import EtcdCluster
from nemesis.cluster.real.loopback import Loopback
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.runner import RealExecution
from nemesis.faults import Heal, Partition
from nemesis.schedule import MILLISECOND, Advance, Operate, Schedule, Step
from nemesis.search.real_time import Plan, generate_real_time
from nemesis.store import load
from nemesis.workloads import WORKLOADS
from tests.nemesis.workloads.test_programs import PROGRAMS

PAGE = Path(__file__).parents[3] / "docs" / "workloads.md"
NEEDS_ETCD = pytest.mark.skipif(
    shutil.which("etcd") is None, reason="etcd is not installed: apt-get install etcd-server"
)
Capture = pytest.CaptureFixture[str]


def test_the_page_names_every_workload_every_operation_and_its_model() -> None:
    table = PAGE.read_text().partition("\n## ")[0]
    rows = {line.split("|")[1].strip(): line for line in table.splitlines() if line[:1] == "|"}
    for name, kind in WORKLOADS.items():
        row = rows[f"`{name}`"]
        assert f"`{kind.model}`" in row
        for operation in kind.operations:
            assert f"`{operation}`" in row, operation


@pytest.mark.parametrize("workload", PROGRAMS)
def test_one_run_tells_its_account_saves_it_and_is_replayed(
    workload: str, tmp_path: Path, capsys: Capture
) -> None:
    arguments = ["test", "--workload", workload, "--seed", "3", "--store", str(tmp_path)]
    assert run(arguments) == 0
    directory = (tmp_path / "latest").resolve()
    results = load(directory).results
    assert results.model == WORKLOADS[workload].model
    account = results.statistics.account
    assert account
    out = capsys.readouterr().out
    name, number = next(iter(account.items()))
    assert f"{name} {number:,}" in out
    assert run(["replay", str(directory)]) == 0
    assert run(["check", "--model", results.model, str(directory / "history.jsonl")]) == 0


def test_a_campaign_of_one_workload_proves_and_adds_up(tmp_path: Path, capsys: Capture) -> None:
    arguments = ["fuzz", "--workload", "lock", "--runs", "6", "--seed", "0", "--jobs", "1"]
    assert run([*arguments, "--store", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "strategy timed" in out
    assert "handovers" in out
    assert "proved by a certificate: 1" in out


def test_a_bug_is_found_shrunk_and_saved(tmp_path: Path, capsys: Capture) -> None:
    arguments = ["fuzz", "--workload", "counter", "--bug", "retry-applied-twice", "--runs", "40"]
    code = run([*arguments, "--seed", "0", "--jobs", "1", "--store", str(tmp_path)])
    assert code == 1
    assert "workload counter" in capsys.readouterr().out


# -- Real servers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cluster", "workload"),
    [
        ("process", "queue"),
        ("process", "lock"),
        pytest.param("etcd", "bank", marks=NEEDS_ETCD),
        pytest.param("etcd", "transactions", marks=NEEDS_ETCD),
    ],
)
def test_real_servers_keep_their_promises(cluster: str, workload: str, tmp_path: Path) -> None:
    code = run(
        [
            *("test", "--cluster", cluster, "--workload", workload, "--nemesis", "crash"),
            *("--time-limit", "4s", "--rate", "30", "--concurrency", "4", "--seed", "1"),
            *("--store", str(tmp_path)),
        ]
    )
    results = load((tmp_path / "latest").resolve()).results
    assert (code, results.failures, results.reasons) == (0, (), ())
    assert set(results.statistics.succeeded) == set(WORKLOADS[workload].operations)
    assert results.statistics.account


@NEEDS_ETCD
@pytest.mark.parametrize("serializable", [True, False])
def test_old_balances_of_etcd_are_convicted_and_others_are_not(
    tmp_path: Path, serializable: bool
) -> None:
    """While the leader is cut off, money is moved by the others; who asks the old leader, and does
    not insist, is told of balances that were."""
    steps: list[Step] = [
        Operate(client=0, f="transfer", key="x", value=[0, 1, 1], wait=200 * MILLISECOND),
        Partition(target="leader", shape="isolate", wait=2_000 * MILLISECOND),
        *(Operate(client=at, f="transfer", key="x", value=[0, 1, at + 1]) for at in range(3)),
        Advance(wait=1_100 * MILLISECOND),
        *(Operate(client=at, f="read", key="x") for at in range(3)),
        Advance(wait=500 * MILLISECOND),
        Heal(),
    ]
    knobs = generate_real_time(0, Plan(workload="bank", clients=3)).knobs
    schedule = Schedule(knobs=knobs, steps=tuple(steps))
    run_file = RunFile(tmp_path)
    hosts = Loopback(knobs.members, run_file, 0)
    cluster = EtcdCluster(
        knobs, 0, tmp_path, run_file, hosts=hosts, serializable_reads=serializable
    )
    try:
        cluster.start()
        result = RealExecution(schedule, cluster).perform().run
    finally:
        cluster.close()
        run_file.remove()
    assert result.verdict.kinds == ({"linearizability"} if serializable else set())
    assert result.verdict.validity is (Validity.INVALID if serializable else Validity.VALID)
    # Old balances were true once: their total is what it always was.
    assert result.statistics.account["wrong-totals"] == 0
