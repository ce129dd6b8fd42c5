"""Real clusters, from the command line: valid under faults, convicted where they must be."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from checker.verdict import Validity
from nemesis.cli import run
from nemesis.cluster.real.clocks import find_library
from nemesis.cluster.real.etcd import EtcdCluster
from nemesis.cluster.real.netns import Netns
from nemesis.cluster.real.process import ProcessCluster
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.runner import RealExecution
from nemesis.faults import ClockDrift, ClockOffset, Heal, Partition
from nemesis.schedule import MILLISECOND, Advance, Operate, Schedule, Step
from nemesis.search.real_time import SECOND, Plan, generate_real_time
from nemesis.store import HISTORY, RESOLVED, Saved, load
from tests.nemesis.real.requirements import NEEDS_NAMESPACES

ROOT = Path(__file__).parents[3]
# Where the tests run in the background, SIGINT would be ignored.
_COMMAND = """
import signal
import nemesis.cli
signal.signal(signal.SIGINT, signal.default_int_handler)
nemesis.cli.main()
"""
NEEDS_ETCD = pytest.mark.skipif(
    shutil.which("etcd") is None, reason="etcd is not installed: apt-get install etcd-server"
)

NEEDS_CLOCKS = pytest.mark.skipif(
    find_library() is None, reason="libfaketime is not installed: apt-get install faketime"
)


@pytest.fixture(autouse=True)
def _nothing_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test starts carries its mark."""
    monkeypatch.setenv("SPLITBRAIN_TEST", str(tmp_path))
    yield
    mark = f"SPLITBRAIN_TEST={tmp_path}".encode()
    left = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environment.read_bytes().split(b"\0"):
                left.append(environment.parent.name)
        except OSError:
            continue
    assert left == [], "a run has left processes behind"


def _test(store: Path, *arguments: str) -> tuple[int, Saved]:
    code = run(["test", "--store", str(store), "--seed", "1", *arguments])
    return code, load((store / "latest").resolve())


@NEEDS_ETCD
def test_etcd_survives_a_partition_and_a_crash(tmp_path: Path) -> None:
    code, saved = _test(
        tmp_path, "--cluster", "etcd", "--workload", "kv", "--nemesis", "partition,crash",
        "--time-limit", "7s", "--rate", "30",
    )  # fmt: skip
    assert (code, saved.results.failures) == (0, ())
    statistics = saved.results.statistics
    assert statistics.confirmed == ["crash", "partition"]
    assert statistics.leader_changes >= 1
    assert set(statistics.succeeded) == {"get", "put", "append", "cas", "delete", "txn"}
    assert saved.results.evidence is not None
    assert saved.results.evidence.reason is None
    assert saved.results.evidence.validity is Validity.VALID
    assert (saved.directory / RESOLVED).exists()


@NEEDS_NAMESPACES
@NEEDS_ETCD
def test_etcd_in_namespaces_survives_a_partition_a_crash_and_loss(tmp_path: Path) -> None:
    code, saved = _test(
        tmp_path, "--cluster", "etcd", "--hosts", "netns", "--nemesis", "partition,crash,loss",
        "--time-limit", "10s", "--rate", "30",
    )  # fmt: skip
    assert (code, saved.results.failures) == (0, ())
    assert saved.results.statistics.confirmed == ["crash", "loss", "partition"]
    assert saved.results.variant == "etcd on netns"


@NEEDS_ETCD
@pytest.mark.parametrize("serializable", [True, False])
@pytest.mark.parametrize("kind", ["loopback", pytest.param("netns", marks=NEEDS_NAMESPACES)])
def test_stale_reads_of_etcd_are_convicted_and_others_are_not(
    tmp_path: Path, kind: str, serializable: bool
) -> None:
    """One client a server. While the leader is cut off, all of them write, and then read: the one
    that asks the old leader is told what was true before, unless it asks for linearizable reads."""
    steps: list[Step] = [
        Operate(client=0, f="write", key="x", value="before", wait=200 * MILLISECOND),
        Partition(target="leader", shape="isolate", wait=2_000 * MILLISECOND),
        *(Operate(client=each, f="write", key="x", value=f"new {each}") for each in range(3)),
        Advance(wait=1_100 * MILLISECOND),
        *(Operate(client=each, f="read", key="x") for each in range(3)),
        Advance(wait=500 * MILLISECOND),
        Heal(),
    ]
    knobs = generate_real_time(0, Plan(workload="register", clients=3)).knobs
    schedule = Schedule(knobs=knobs, steps=tuple(steps))
    run_file = RunFile(tmp_path)
    hosts = Netns(knobs.members, run_file, 0) if kind == "netns" else None
    cluster = EtcdCluster(
        knobs, 0, tmp_path, run_file, serializable_reads=serializable, hosts=hosts
    )
    try:
        cluster.start()
        result = RealExecution(schedule, cluster).perform()
    finally:
        cluster.close()
        run_file.remove()
    kinds = {"linearizability"} if serializable else set()
    assert result.run.verdict.kinds == kinds, result.run.verdict
    if serializable:
        assert result.run.verdict.failures[0].evidence
    else:
        assert result.run.verdict.validity is Validity.VALID, result.run.verdict


@pytest.mark.long
def test_our_server_survives_a_partition_a_crash_and_a_pause(tmp_path: Path) -> None:
    code, saved = _test(
        tmp_path, "--cluster", "process", "--workload", "kv", "--nemesis", "partition,crash,pause",
        "--time-limit", "10s", "--rate", "30",
    )  # fmt: skip
    assert (code, saved.results.failures) == (0, ())
    statistics = saved.results.statistics
    assert statistics.confirmed == ["crash", "partition", "pause"]
    assert statistics.leader_changes >= 1
    assert statistics.judged > 500
    assert saved.results.evidence is not None
    assert saved.results.evidence.reason is None
    assert saved.results.evidence.validity is Validity.VALID


@pytest.mark.long
@NEEDS_NAMESPACES
def test_our_server_in_namespaces_survives_them_and_wrong_clocks_too(tmp_path: Path) -> None:
    clock = () if find_library() is None else ("clock-jump",)
    faults = ("crash", "delay", "partition", "pause", "slow-link", *clock)
    code, saved = _test(
        tmp_path, "--cluster", "netns", "--nemesis", ",".join(faults), "--time-limit", "19s",
        "--rate", "30",
    )  # fmt: skip
    assert (code, saved.results.failures) == (0, ())
    statistics = saved.results.statistics
    assert statistics.confirmed == sorted(faults)
    assert statistics.leader_changes >= 1
    assert statistics.judged > 500


@NEEDS_CLOCKS
def test_drift_is_seen_even_if_the_clock_is_set_next(tmp_path: Path) -> None:
    knobs = generate_real_time(0, Plan(clients=1)).knobs
    steps = (
        Operate(f="put", key="x", value="1"),
        ClockDrift(target="n2", parts_per_million=2_000_000, wait=500 * MILLISECOND),
        ClockOffset(wait=100 * MILLISECOND),
    )
    schedule = Schedule(knobs=knobs, steps=steps)
    run_file = RunFile(tmp_path)
    cluster = ProcessCluster(knobs, 0, tmp_path, run_file, fakes_clocks=True)
    try:
        cluster.start()
        result = RealExecution(schedule, cluster).perform()
    finally:
        cluster.close()
        run_file.remove()
    assert result.run.statistics.confirmed == ["clock-drift", "clock-offset"]


@NEEDS_CLOCKS
def test_a_clock_is_read_again_where_no_answer_comes_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    knobs = generate_real_time(0, Plan(clients=1)).knobs
    run_file = RunFile(tmp_path)
    cluster = ProcessCluster(knobs, 0, tmp_path, run_file, fakes_clocks=True)
    try:
        cluster.start()
        clock, asked = cluster.gateway.clock, count()

        async def every_third(node: str, timeout: float) -> int | None:
            return await clock(node, timeout) if next(asked) % 3 == 2 else None

        monkeypatch.setattr(cluster.gateway, "clock", every_third)
        cluster.jump_clock("n2", 5 * SECOND)
        cluster.crash("n3")
        cluster.jump_clock("n3", 5 * SECOND)
    finally:
        cluster.close()
        run_file.remove()
    assert cluster.effects["clock-jump"] == 1


@pytest.mark.parametrize("cluster", ["process", pytest.param("netns", marks=NEEDS_NAMESPACES)])
def test_our_server_that_acknowledges_too_early_is_convicted_by_its_trace(
    tmp_path: Path, cluster: str
) -> None:
    code, saved = _test(
        tmp_path, "--cluster", cluster, "--nemesis", "none", "--time-limit", "1s",
        "--bug", "entries-acknowledged-before-durable",
    )  # fmt: skip
    assert code == 1
    assert "committed-on-majority" in {failure.kind for failure in saved.results.failures}


def test_ctrl_c_keeps_and_judges_what_was_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", _COMMAND, "test", "--cluster"),
            *("process", "--nemesis", "pause", "--time-limit", "60s", "--store", str(tmp_path)),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    history = tmp_path / "latest" / HISTORY
    while process.poll() is None and not (
        history.exists() and history.read_bytes().count(b"\n") > 40
    ):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "the run was interrupted after" in told
    saved = load((tmp_path / "latest").resolve())
    assert saved.results.history_validity == "valid"
    assert list((tmp_path / ".running").iterdir()) == []
    assert run(["replay", str(saved.directory)]) == 254
    assert "is a run of real processes" in capsys.readouterr().err


def test_options_of_other_clusters_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, message in [
        (["--time-limit", "5s"], "--time-limit: the simulated cluster knows"),
        (["--cluster", "process", "--operations", "5"], "--operations: the cluster process knows"),
        (["--cluster", "etcd", "--nemesis", "lost-file"], "cannot receive the fault lost-file"),
        (["--cluster", "etcd", "--nemesis", "clock-jump"], "cannot receive the fault clock-jump"),
        (
            ["--cluster", "netns", "--hosts", "loopback"],
            "servers of the cluster netns run on netns",
        ),
        (["--hosts", "netns"], "--hosts: the simulated cluster knows"),
        (["--cluster", "process", "--time-limit", "2s"], "2 s are too short"),
    ]:
        assert run(["test", "--store", str(tmp_path), *arguments]) == 254
        assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@NEEDS_ETCD
def test_etcd_has_no_bugs_of_the_zoo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["test", "--store", str(tmp_path), "--cluster", "etcd", "--bug", "stale-read"])
    assert code == 254
    assert "--bug goes with --cluster process" in capsys.readouterr().err
