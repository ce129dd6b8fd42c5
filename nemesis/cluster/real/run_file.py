"""What a run has started, on disk: so that the next run can end what a killed one left.

A run-file stands in ``store/.running`` as long as its run does. It has the run's token, which every
process that it starts carries in its environment, and the processes themselves, each by pid and
start time, so that a pid that was given to somebody else is told apart; and what else it makes, by
names with the token. It is written before the first process is started, and before anything is
made: whenever the run is killed, what it started can be found.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from pathlib import Path

import msgspec

from nemesis.cluster.real.leftovers import REMOVERS
from nemesis.store import StoreUnwritable

TOKEN = "SPLITBRAIN_RUN"
"""The variable of the environment that marks the processes of a run."""

_DIRECTORY = ".running"
_UNFINISHED = ".new"
# How long an ended process may take to be gone, in s.
_PATIENCE = 5.0
# The first namespace of pids, in which every process has one (Linux: PROC_PID_INIT_INO).
_ALL_ARE_SEEN = 0xEFFFFFFC


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A process: its pid, and when it was started, in ticks since the boot."""

    name: str
    pid: int
    start_time: int

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What is no process: its kind, one of REMOVERS, and its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    runner: Started
    # Of pids, in which those of this file mean something (pid_namespaces(7)); None: in ours.
    namespace: int | None = None
    processes: tuple[Started, ...] = ()
    made: tuple[Made, ...] = ()


def start_time(pid: int) -> int | None:
    """When the process was started, in ticks since the boot; None if there is none, or what is
    left of it waits to be reaped."""
    stat = _stat(pid)
    return None if stat is None or stat[0] == "Z" else int(stat[19])


def state_of(pid: int) -> str | None:
    """The state of a process as /proc tells it ("R", "S", "T" ...); None if there is none."""
    stat = _stat(pid)
    return None if stat is None else stat[0]


def pid_namespace(pid: int | str = "self") -> int | None:
    """The number of the namespace of pids that a process is in; None if there is no process."""
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on: the name before may contain anything."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return content.rpartition(")")[2].split()


class RunFile:
    """The run-file of this run. Whatever writes it raises StoreUnwritable if there is no room."""

    def __init__(self, store: Path) -> None:
        self.token = secrets.token_hex(16)
        directory = store / _DIRECTORY
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnwritable(f"{directory}: {error.strerror}") from error
        self._path = directory / f"{os.getpid()}-{self.token[:8]}.json"
        own = start_time(os.getpid())
        assert own is not None
        self._runner = Started(name="runner", pid=os.getpid(), start_time=own)
        self._processes: dict[str, Started] = {}
        self._made: list[Made] = []
        self._write()

    def add(self, name: str, pid: int) -> None:
        """A process was started."""
        started = start_time(pid)
        if started is not None:
            self._processes[name] = Started(name=name, pid=pid, start_time=started)
            self._write()

    def will_make(self, kind: str, *names: str) -> None:
        """Something is about to be made; the names carry the token, or its beginning."""
        self._made += [Made(kind=kind, name=name) for name in names]
        self._write()

    def remove(self) -> None:
        """The run is over; what it started ends, and what it made goes, now at the latest: nobody
        could find it afterwards."""
        for process in self._processes.values():
            if start_time(process.pid) == process.start_time:
                _end(process)
        for kind, remover in REMOVERS.items():
            for each in self._made:
                if each.kind == kind:
                    remover(each.name)
        _forget(self._path)

    def _write(self) -> None:
        content = _Content(
            token=self.token,
            runner=self._runner,
            namespace=pid_namespace(),
            processes=tuple(self._processes.values()),
            made=tuple(self._made),
        )
        fresh = self._path.with_suffix(_UNFINISHED)
        try:
            fresh.write_bytes(msgspec.json.encode(content))
            fresh.replace(self._path)
        except OSError as error:
            raise StoreUnwritable(f"{self._path}: {error.strerror}") from error


def clean_up(store: Path) -> list[Started | Made]:
    """End and remove what runs that are no more have left, and only that; what it was.

    A run-file of a run that goes on is left alone. One that cannot be read names nothing that could
    be ended; it is removed.
    """
    ended: list[Started | Made] = []
    for path in sorted((store / _DIRECTORY).glob("*.json")):
        try:
            content = msgspec.json.decode(path.read_bytes(), type=_Content)
        except FileNotFoundError:
            continue
        except (msgspec.DecodeError, UnicodeDecodeError):
            _forget(path)
            continue
        if _goes_on(content):
            continue
        left = _left_by(content)
        for process in left:
            _end(process)
        ended += left
        for kind, remover in REMOVERS.items():
            ended += [each for each in content.made if each.kind == kind and remover(each.name)]
        _forget(path)
    return ended


def _forget(path: Path) -> None:
    """Remove a run-file, and one of its kind that was not finished."""
    path.unlink(missing_ok=True)
    path.with_suffix(_UNFINISHED).unlink(missing_ok=True)


def _goes_on(content: _Content) -> bool:
    """Whether the runner still exists. One of another namespace of pids has another pid here, if it
    is seen at all: it goes on unless all are seen and none is of that namespace."""
    if content.namespace in (None, pid_namespace()):
        return start_time(content.runner.pid) == content.runner.start_time
    if pid_namespace() != _ALL_ARE_SEEN:
        return True
    pids = (each.name for each in Path("/proc").iterdir() if each.name.isdigit())
    return any(pid_namespace(pid) == content.namespace for pid in pids)


def _left_by(content: _Content) -> list[Started]:
    """What the run has started and still exists: by pid and start time, or by the token."""
    left = [each for each in content.processes if start_time(each.pid) == each.start_time]
    known = {each.pid for each in left}
    for pid in marked_with(content.token):
        started = start_time(pid)
        if pid not in known and started is not None:
            left.append(Started(name="unknown", pid=pid, start_time=started))
    return left


def marked_with(token: str) -> list[int]:
    """The pids of the processes that carry the token of a run."""
    mark = f"{TOKEN}={token}".encode()
    found = []
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                environment = (directory / "environ").read_bytes()
            except OSError:
                # Gone meanwhile, or somebody else's.
                continue
            if mark in environment.split(b"\0"):
                found.append(int(directory.name))
    return sorted(found)


def end_marked_with(token: str) -> None:
    """End the processes that carry the token of a run."""
    for pid in marked_with(token):
        started = start_time(pid)
        if started is not None:
            _end(Started(name="unknown", pid=pid, start_time=started))


def _end(process: Started) -> None:
    """SIGKILL, then wait until it is gone."""
    try:
        os.kill(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    end = time.monotonic() + _PATIENCE
    while start_time(process.pid) == process.start_time and time.monotonic() < end:
        time.sleep(0.01)
