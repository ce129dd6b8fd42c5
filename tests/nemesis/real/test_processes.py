"""Processes of servers, and what is cleaned up after a run that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from nemesis.cluster.real.leftovers import REMOVERS
from nemesis.cluster.real.processes import ProcessError, ServerProcess
from nemesis.cluster.real.run_file import (
    Made,
    RunFile,
    Started,
    clean_up,
    marked_with,
    pid_namespace,
    start_time,
    state_of,
)
from nemesis.store import StoreUnwritable

SLEEPER = ("sleep", "600")
# What SIGTERM does not end.
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True:
    signal.pause()
"""
# A run that starts two servers, says so, and waits to be killed.
RUNNER = """
import sys, time
from pathlib import Path
from nemesis.cluster.real.processes import ServerProcess
from nemesis.cluster.real.run_file import RunFile
store = Path(sys.argv[1])
run_file = RunFile(store)
for name in ("n1", "n2"):
    server = ServerProcess(name, ("sleep", "600"), store / f"{name}.log", run_file)
    server.start()
    print(server.pid, flush=True)
server.pause()
print(run_file.token, flush=True)
time.sleep(600)
"""


@pytest.fixture
def run_file(tmp_path: Path) -> Iterator[RunFile]:
    """A run-file whose processes are gone after the test."""
    made = RunFile(tmp_path)
    yield made
    assert marked_with(made.token) == []
    made.remove()


@pytest.fixture
def server(tmp_path: Path, run_file: RunFile) -> Iterator[ServerProcess]:
    made = ServerProcess("n1", SLEEPER, tmp_path / "n1.log", run_file)
    yield made
    made.kill()


def test_started_killed_and_started_again(server: ServerProcess, run_file: RunFile) -> None:
    assert server.pid is None
    server.start()
    first = server.pid
    assert first is not None
    # It is started a moment before its environment can be read.
    while not (marked := marked_with(run_file.token)):
        pass
    assert marked == [first]
    assert os.getsid(first) == first, "Ctrl-C in our terminal is not for it"
    assert server.kill()
    assert start_time(first) is None
    assert not server.is_running
    assert server.ended_by_itself() is None, "it was told to"
    server.start()
    assert server.pid != first


def test_paused_and_resumed(server: ServerProcess) -> None:
    server.start()
    assert server.pid is not None
    assert server.pause()
    assert (server.is_paused, state_of(server.pid)) == (True, "T")
    assert server.resume()
    assert not server.is_paused
    assert state_of(server.pid) in ("R", "S")


def test_paused_server_can_be_killed_and_stopped(server: ServerProcess) -> None:
    for number in range(2):
        server.start()
        server.pause()
        if number:
            server.kill()
        else:
            server.stop(5.0)
        assert not server.is_running
        assert not server.is_paused


def test_what_was_killed_while_it_was_paused_is_paused_no_more(server: ServerProcess) -> None:
    """As by its disk, where power is lost at a sync that was under way when it was paused."""
    server.start()
    pid = server.pid
    assert pid is not None
    server.pause()
    os.kill(pid, signal.SIGKILL)
    while start_time(pid) is not None:
        pass
    assert not server.is_paused
    assert server.ended_by_itself() == -signal.SIGKILL


def test_pause_of_what_does_not_run_has_no_effect(server: ServerProcess) -> None:
    assert not server.pause()
    assert not server.kill()


def test_end_without_being_told_to_is_told_once(tmp_path: Path, run_file: RunFile) -> None:
    command = ("sh", "-c", "echo the reason; exit 3")
    server = ServerProcess("n1", command, tmp_path / "n1.log", run_file)
    server.start()
    pid = server.pid
    while pid is not None and start_time(pid) is not None:
        pass
    assert server.ended_by_itself() == 3
    assert server.ended_by_itself() is None
    assert server.last_words() == "the reason"


def test_server_that_ignores_sigterm_is_killed(tmp_path: Path, run_file: RunFile) -> None:
    command = (
        sys.executable,
        "-c",
        STUBBORN,
    )
    server = ServerProcess("n1", command, tmp_path / "n1.log", run_file)
    server.start()
    while "ready" not in server.last_words():
        pass
    assert server.stop(0.1) == -signal.SIGKILL


def test_whoever_is_interrupted_while_it_ends_can_still_end_it(
    tmp_path: Path, run_file: RunFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = (sys.executable, "-c", STUBBORN)
    server = ServerProcess("n1", command, tmp_path / "n1.log", run_file)
    server.start()
    while "ready" not in server.last_words():
        pass
    with monkeypatch.context() as patched:
        patched.setattr(subprocess.Popen, "wait", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            server.stop(10)
    assert server.is_running
    assert server.kill()


def test_whoever_is_interrupted_while_it_ends_does_not_take_that_for_an_end_of_its_own(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.start()
    pid = server.pid
    assert pid is not None
    with monkeypatch.context() as patched:
        patched.setattr(subprocess.Popen, "wait", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            server.kill()
    while start_time(pid) is not None:
        pass
    assert server.ended_by_itself() is None
    server.start()
    os.kill(server.pid or 0, signal.SIGKILL)
    while server.is_running:
        pass
    assert server.ended_by_itself() == -signal.SIGKILL, "nobody has told it to, this time"


def _interrupted(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
    raise KeyboardInterrupt


def test_command_that_does_not_exist(tmp_path: Path, run_file: RunFile) -> None:
    server = ServerProcess("n1", ("no-such-server",), tmp_path / "n1.log", run_file)
    with pytest.raises(ProcessError, match="n1: no-such-server cannot be started: No such file"):
        server.start()


def test_what_a_killed_run_has_left_is_ended_and_nothing_else(tmp_path: Path) -> None:
    bystander = subprocess.Popen(SLEEPER)
    runner = subprocess.Popen(
        (sys.executable, "-c", RUNNER, str(tmp_path)), stdout=subprocess.PIPE, text=True
    )
    try:
        assert runner.stdout is not None
        pids = [int(runner.stdout.readline()) for _ in range(2)]
        token = runner.stdout.readline().strip()
        # The run goes on: nothing of it is touched.
        assert clean_up(tmp_path) == []
        assert marked_with(token) == sorted(pids)
        runner.kill()
        runner.wait()
        runner.stdout.close()
        assert marked_with(token) == sorted(pids)
        ended = clean_up(tmp_path)
        assert sorted(str(each) for each in ended) == sorted(
            f"{name} (process {pid})" for name, pid in zip(("n1", "n2"), pids, strict=True)
        )
        assert marked_with(token) == []
        assert bystander.poll() is None
        assert clean_up(tmp_path) == []
        assert list((tmp_path / ".running").iterdir()) == []
    finally:
        bystander.kill()
        bystander.wait()
        runner.kill()
        runner.wait()


def test_process_that_was_started_but_not_written_down_is_found(tmp_path: Path) -> None:
    """A run may be killed between the two."""
    token = _left_behind(tmp_path, ())
    process = subprocess.Popen(SLEEPER, env={**os.environ, "SPLITBRAIN_RUN": token})
    try:
        assert [str(each) for each in clean_up(tmp_path)] == [f"unknown (process {process.pid})"]
        assert process.wait() == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()


def test_pid_that_was_given_to_somebody_else_is_left_alone(tmp_path: Path) -> None:
    process = subprocess.Popen(SLEEPER)
    try:
        started = start_time(process.pid)
        assert started is not None
        _left_behind(tmp_path, (Started(name="n1", pid=process.pid, start_time=started - 1),))
        assert clean_up(tmp_path) == []
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces of pids are made by root")
def test_run_in_another_namespace_of_pids_is_left_alone(tmp_path: Path) -> None:
    """Its runner has another pid for us, so that it seems to be no more."""
    alone = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    runner = subprocess.Popen(
        (*alone, sys.executable, "-c", RUNNER, str(tmp_path)), stdout=subprocess.PIPE, text=True
    )
    try:
        assert runner.stdout is not None
        for _ in range(2):
            runner.stdout.readline()
        token = runner.stdout.readline().strip()
        assert len(marked_with(token)) == 2
        assert clean_up(tmp_path) == []
        assert len(marked_with(token)) == 2, "it goes on"
        # Nor may one of such a namespace judge ours: it does not see us.
        (ours := RunFile(tmp_path)).will_make("thing", "ours")
        code = f"from pathlib import Path; from nemesis.cluster.real.run_file import clean_up; clean_up(Path({str(tmp_path)!r}))"
        subprocess.run((*alone, sys.executable, "-c", code), check=True)
        assert len(list((tmp_path / ".running").iterdir())) == 2
        ours.remove()
    finally:
        runner.kill()
        runner.wait()
        assert runner.stdout is not None
        runner.stdout.close()
    if pid_namespace() != 0xEFFFFFFC:
        pytest.skip("here not all processes are seen: the file stays")
    end = time.monotonic() + 60
    while list((tmp_path / ".running").iterdir()):
        assert time.monotonic() < end, "it is no more"
        assert clean_up(tmp_path) == []


def test_what_a_killed_run_has_made_is_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exist = {"a", "b", "c"}

    def remove(name: str) -> bool:
        if name not in exist:
            return False
        exist.remove(name)
        return True

    monkeypatch.setitem(REMOVERS, "thing", remove)
    made = tuple(Made(kind="thing", name=name) for name in ("a", "b", "gone"))
    _left_behind(tmp_path, (), made)
    going_on = RunFile(tmp_path)
    going_on.will_make("thing", "c")
    assert [str(each) for each in clean_up(tmp_path)] == ["thing a", "thing b"]
    assert exist == {"c"}
    # Whoever removes it forgot that.
    going_on.remove()
    assert exist == set()


def test_what_still_runs_when_its_run_is_over_is_ended(
    server: ServerProcess, run_file: RunFile
) -> None:
    """Nobody could find it afterwards."""
    server.start()
    pid = server.pid
    assert pid is not None
    run_file.remove()
    assert start_time(pid) is None


def test_run_file_that_cannot_be_written_is_told_and_leaves_nothing(
    server: ServerProcess, run_file: RunFile, tmp_path: Path
) -> None:
    directory = tmp_path / ".running"
    (path,) = directory.iterdir()
    # In its place is something that nothing can be written to, as to a full disk.
    unfinished = path.with_suffix(".new")
    unfinished.symlink_to("/dev/full")
    with pytest.raises(StoreUnwritable, match=f"{path.name}: No space left on device"):
        server.start()
    assert server.is_running
    server.kill()
    run_file.remove()
    assert list(directory.iterdir()) == []
    no_directory = tmp_path / "store"
    no_directory.touch()
    with pytest.raises(StoreUnwritable, match=r"\.running: Not a directory"):
        RunFile(no_directory)


def test_run_file_that_is_broken_names_nothing(tmp_path: Path) -> None:
    directory = tmp_path / ".running"
    directory.mkdir()
    (directory / "1-a.json").write_text('{"token": "x", "runn')
    (directory / "1-a.new").write_text('{"tok')
    assert clean_up(tmp_path) == []
    assert list(directory.iterdir()) == []


def _left_behind(store: Path, processes: tuple[Started, ...], made: tuple[Made, ...] = ()) -> str:
    """The run-file of a run that is no more; its token."""
    directory = store / ".running"
    directory.mkdir()
    token = f"{os.getpid()}-test-token"
    runner = Started(name="runner", pid=os.getpid(), start_time=0)
    content = {"token": token, "runner": runner, "processes": processes, "made": made}
    (directory / "1-a.json").write_bytes(msgspec.json.encode(content))
    return token
