"""Disks of real clusters: what an honest one forgets costs nothing, and what a liar forgets is
missed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checker.verdict import Validity
from nemesis.cli import run
from nemesis.cluster.real import disks, runner
from nemesis.cluster.real.disks import DISK_FAULTS
from nemesis.cluster.real.kinds import Options, make_cluster
from nemesis.cluster.real.run_file import RunFile, marked_with
from nemesis.cluster.real.runner import RealExecution, RealRun
from nemesis.disk.mounted import DiskGone
from nemesis.disk.mounts import why_not
from nemesis.faults import CrashAll, LyingDisk, Restart, UnsyncedLoss
from nemesis.schedule import MILLISECOND, Schedule
from nemesis.search.generate import LOSSES
from nemesis.search.real_time import SECOND, Plan, generate_real_time, without
from nemesis.store import HISTORY, Saved, load
from tests.nemesis.real.test_real_clusters import NEEDS_ETCD

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

ROOT = Path(__file__).parents[3]
# Where the tests run in the background, SIGINT would be ignored.
_COMMAND = """
import signal
import nemesis.cli
signal.signal(signal.SIGINT, signal.default_int_handler)
nemesis.cli.main()
"""
KINDS = [pytest.param("etcd", marks=NEEDS_ETCD), "process"]


def _mounts_below(directory: Path) -> list[str]:
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    return [line for line in mounts.splitlines() if str(directory) in line]


def _test(store: Path, *arguments: str) -> tuple[int, Saved]:
    code = run(["test", "--store", str(store), "--seed", "1", *arguments])
    return code, load((store / "latest").resolve())


def _perform(
    kind: str, schedule: Schedule, performed: Schedule, directory: Path, bug: str | None = None
) -> RealRun:
    """``performed``, on a cluster that has whatever ``schedule`` needs."""
    run_file = RunFile(directory)
    cluster = make_cluster(kind, schedule, directory / "nodes", run_file, options=Options(bug))
    try:
        cluster.start()
        return RealExecution(performed, cluster).perform()
    finally:
        cluster.close()
        run_file.remove()
        assert _mounts_below(directory) == []


@pytest.mark.long
def test_our_server_survives_bad_disks(tmp_path: Path) -> None:
    code, saved = _test(
        tmp_path, "--cluster", "process", "--time-limit", "16s", "--rate", "60",
        "--nemesis", "unsynced-loss,torn-write,full-disk,io-error,slow-disk",
    )  # fmt: skip
    assert (code, saved.results.failures) == (0, ())
    assert set(saved.results.statistics.confirmed) == DISK_FAULTS - {"lying-disk", *LOSSES}
    assert _mounts_below(tmp_path) == []


@NEEDS_ETCD
def test_etcd_survives_bad_disks(tmp_path: Path) -> None:
    code, saved = _test(
        tmp_path, "--cluster", "etcd", "--time-limit", "7s", "--rate", "40",
        "--nemesis", "torn-write,io-error",
    )  # fmt: skip
    assert (code, saved.results.failures) == (0, ())
    assert saved.results.statistics.confirmed == ["io-error", "torn-write"]


@pytest.mark.long
@pytest.mark.parametrize("lies", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_disks_that_lie_are_found_out_and_honest_ones_are_not_accused(
    kind: str, lies: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of three; then all are killed together, and the two are started first. The third does
    not always get on with them: that is not waited for."""
    monkeypatch.setattr(runner, "LIVENESS_BOUND", 5 if lies else runner.LIVENESS_BOUND)
    plan = Plan(faults=("lying-disk", "crash-all"), duration=8 * SECOND, workload="register")
    schedule = generate_real_time(1, plan)
    assert {fault.target for fault in schedule.faults if isinstance(fault, LyingDisk)} < {
        "n1",
        "n2",
        "n3",
    }
    performed = schedule if lies else without(schedule, "lying-disk")
    result = _perform(kind, schedule, performed, tmp_path)
    verdict = result.run.verdict
    if not lies:
        assert verdict.validity is Validity.VALID, verdict
        return
    assert "linearizability" in verdict.kinds
    failure = next(each for each in verdict.failures if each.kind == "linearizability")
    assert failure.evidence
    assert result.run.statistics.confirmed == ["crash-all", "lying-disk"]


@pytest.mark.long
def test_a_log_that_is_not_synced_is_found_out_by_what_clients_miss(tmp_path: Path) -> None:
    """SIGKILL alone, which leaves the page cache, would cost nothing."""
    plan = Plan(faults=(), duration=6 * SECOND, workload="register")
    whole = generate_real_time(1, plan)
    knobs, half = whole.knobs, len(whole.steps) // 2
    crash = (CrashAll(wait=100 * MILLISECOND), Restart())
    steps = (*whole.steps[:half], *crash, *whole.steps[half:])
    schedule = Schedule(knobs=knobs, steps=(*steps, UnsyncedLoss()))
    performed = Schedule(knobs=knobs, steps=steps)
    bad = _perform("process", schedule, performed, tmp_path / "bad", bug="log-not-synced")
    assert bad.history_validity is Validity.INVALID
    good = _perform("process", schedule, performed, tmp_path / "good")
    assert good.run.verdict.validity is Validity.VALID, good.run.verdict


def test_a_disk_that_is_gone_is_no_verdict(tmp_path: Path) -> None:
    schedule = generate_real_time(1, Plan(faults=("unsynced-loss",), duration=5 * SECOND))
    run_file = RunFile(tmp_path)
    cluster = make_cluster("process", schedule, tmp_path / "nodes", run_file)
    try:
        cluster.start()
        for pid in marked_with(run_file.token):
            if b"nemesis.disk" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(DiskGone, match="'s disk"):
            RealExecution(schedule, cluster).perform()
    finally:
        cluster.close()
        run_file.remove()
    assert marked_with(run_file.token) == []
    assert _mounts_below(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_mounted_after_a_run_that_was_cut_short(
    number: signal.Signals, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", _COMMAND, "test", "--cluster", "process"),
            *("--nemesis", "slow-disk", "--time-limit", "60s", "--store", str(tmp_path)),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    history = tmp_path / "latest" / HISTORY
    while process.poll() is None and not (
        history.exists() and history.read_bytes().count(b"\n") > 20
    ):
        time.sleep(0.05)
    assert _mounts_below(tmp_path) != []
    process.send_signal(number)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 2, told
    assert _mounts_below(tmp_path) == []
    assert load((tmp_path / "latest").resolve()).results.history_validity == "valid"


def test_lies_are_only_told_where_they_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fuzz", "--runs", "1", "--nemesis", "lying-disk", "--store", str(tmp_path)]) == 254
    assert "healthy does not claim to bear lying-disk" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_server_refuses_to_start_and_the_others_go_on(kind: str, tmp_path: Path) -> None:
    code, saved = _test(
        tmp_path, "--cluster", kind, "--nemesis", "bit-flip", "--time-limit", "5s", "--rate", "40",
    )  # fmt: skip
    assert (code, saved.results.failures) == (0, ())
    assert saved.results.statistics.confirmed == ["bit-flip"]
    history = (saved.directory / HISTORY).read_text(encoding="utf-8")
    assert "it refuses to start, after the bit-flip" in history


def test_more_disks_are_not_damaged_than_a_cluster_can_lose(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for names, message in [
        ("bit-flip,lost-file", "3 can lose but 1"),
        ("bit-flip,remove-server", "not together with changes of the membership"),
    ]:
        arguments = ["test", "--store", str(tmp_path), "--cluster", "process", "--nemesis", names]
        assert run(arguments) == 254
        assert message in capsys.readouterr().err


def test_where_no_disk_can_be_mounted_it_is_said_what_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "why_not", lambda: "there is no libfuse: install it")
    arguments = ["--cluster", "process", "--nemesis", "unsynced-loss"]
    assert run(["test", "--store", str(tmp_path), *arguments]) == 254
    told = capsys.readouterr().err
    assert "cannot receive the fault unsynced-loss (there is no libfuse: install it)" in told
