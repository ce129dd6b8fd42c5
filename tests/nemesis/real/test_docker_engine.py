"""An engine of our own: it serves a command, and nothing of it stays."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nemesis.cluster.real import docker_engine

WHY_NOT = docker_engine.missing()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or "it can be started")

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where an engine has its data; whatever is started carries its mark, and is gone after the
    test, with its mounts, control groups and namespaces."""
    monkeypatch.setenv("SPLITBRAIN_TEST", str(tmp_path))
    engine = tmp_path / "engine"
    yield engine
    mark = f"SPLITBRAIN_TEST={tmp_path}".encode()
    left = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environment.read_bytes().split(b"\0"):
                left.append(environment.parent.name)
        except OSError:
            continue
    assert left == [], "processes are left"
    mounts = Path("/proc/mounts").read_text().splitlines()
    assert [
        each for each in mounts if str(tmp_path) in each or each.startswith("splitbrain /run")
    ] == []
    groups = Path("/sys/fs/cgroup").glob(f"**/{docker_engine.cgroup_of(engine)}")
    assert list(groups) == []


def _command(data: Path, *words: str) -> list[str]:
    engine = (sys.executable, "-m", "nemesis.cluster.real.docker_engine", "--data", str(data))
    return [*engine, "--", *words]


def _run(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(data, *words), cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_command_finds_the_engine_and_nothing_but_loopback_and_its_bridge(data: Path) -> None:
    asked = "import os, docker; print(docker.from_env().info()['DockerRootDir'])"
    done = _run(data, "sh", "-c", f'"{sys.executable}" -c "{asked}"; ls /sys/class/net; exit 7')
    assert (done.returncode, done.stderr) == (7, "")
    root, *_ = done.stdout.splitlines()
    assert root == str(data / "data")
    # /sys is that of the machine; the kernel tells of the namespace in /proc.
    devices = _run(data, "sh", "-c", "tail -n +3 /proc/net/dev | cut -d: -f1")
    assert sorted(devices.stdout.split()) == ["docker0", "lo"]


def test_a_command_that_dies_of_a_signal(data: Path) -> None:
    assert _run(data, "sh", "-c", "kill -9 $$").returncode == 128 + signal.SIGKILL


def test_a_command_that_does_not_exist(data: Path) -> None:
    done = _run(data, "no-such-command")
    assert (done.returncode, done.stderr) == (
        254,
        "Error: no-such-command cannot be started: No such file or directory\n",
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signals_end_all_of_it(data: Path, number: signal.Signals) -> None:
    """SIGINT and SIGTERM are the command's to handle, nobody survives SIGKILL."""
    script = f"trap 'echo told; exit 9' {' '.join(('INT', 'TERM'))}; echo ready; sleep 600 & wait"
    process = subprocess.Popen(
        _command(data, "sh", "-c", script), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    told, _ = process.communicate(timeout=60)
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
        # Only empty control groups stay; the next one removes them.
        assert _run(data, "true").returncode == 0
    else:
        assert (process.returncode, told) == (9, "told\n")


def test_two_engines_do_not_share_their_data(data: Path) -> None:
    done = _run(data, *_command(data, "true"))
    assert done.returncode == 254
    assert done.stderr == f"Error: {data} is in use by another engine\n"


def test_an_engine_that_does_not_start_says_why(data: Path) -> None:
    data.mkdir()
    (data / "data").write_text("no directory")
    done = _run(data, "true")
    assert done.returncode == 254
    assert "dockerd has ended; its log" in done.stderr
    assert "points to a file" in done.stderr


def test_the_network_of_the_machine_is_there_for_who_asks(data: Path) -> None:
    asked = "from nemesis.cluster.real.docker_engine import outside; print(*outside())"
    done = _run(
        data,
        "sh",
        "-c",
        f'readlink /proc/self/ns/net; $("{sys.executable}" -c "{asked}") readlink /proc/self/ns/net',
    )
    inside, outside = done.stdout.split()
    assert outside == str(Path("/proc/self/ns/net").readlink())
    assert inside != outside
    assert docker_engine.outside() == []
