"""A Docker engine of our own, for as long as a command runs, and without a trace afterwards.

    python -m nemesis.cluster.real.docker_engine [--data DIRECTORY] -- COMMAND...

runs COMMAND as root where dockerd (Debian: docker.io) runs, too: in namespaces of network, mounts
and processes of their own. So its bridges, addresses, rules and mounts exist nowhere else, ports
that are published on 127.0.0.1 are those of a loopback that only COMMAND has; and all ends with
COMMAND, whatever is killed: when the first process of a namespace of processes dies, the kernel
kills the others. What stays is the directory, with the images.

COMMAND finds the engine by DOCKER_HOST. The exit code is COMMAND's, 128 + N if it died of signal N.
What must be fetched from outside (``outside``) goes by the network that we were started in.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from nemesis.cluster.real.processes import ProcessError, last_lines

SOCKET = Path("/run/docker.sock")
"""Where COMMAND finds the engine: a /run of its own is part of the namespace."""

_OUTSIDE = Path("/run/network-outside")
_CONFIGURATION = Path("/run/daemon.json")

# Of unshare(2), and of prctl(2).
_NEW_NAMESPACES = 0x00020000 | 0x20000000 | 0x40000000  # mounts, processes, network
_SET_DEATH_SIGNAL = 1
# How long the engine may take to answer, and to end with its containers, in s.
_READY = 60.0
_PATIENCE = 20.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
_CGROUPS = Path("/sys/fs/cgroup")


def default_directory() -> Path:
    """Where the images are kept if nobody says otherwise."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "splitbrain" / "docker"


def missing() -> str | None:
    """Why no engine can be started here; None if it can."""
    if os.geteuid() != 0:
        return "an engine of our own needs root"
    if shutil.which("dockerd") is None:
        return "dockerd is not installed: apt-get install docker.io"
    if shutil.which("iptables") is None:
        return "dockerd needs iptables: apt-get install iptables"
    return None


def cgroup_of(directory: Path) -> str:
    """The control group of the containers of the engine that has its images there."""
    return f"splitbrain-{hashlib.sha256(os.fsencode(directory.absolute())).hexdigest()[:12]}"


def outside() -> list[str]:
    """What a command must begin with to have the network of the machine; empty where it has."""
    return ["nsenter", f"--net={_OUTSIDE}", "--"] if _OUTSIDE.exists() else []


def run_with_engine(command: Sequence[str], directory: Path) -> int:
    """Run the command beside an engine that has its images in the directory; the exit code. Raises
    ProcessError if the engine cannot be started, or another one has that directory.

    The calling process must have no other threads, and gets SIGINT, SIGTERM and SIGHUP no more: it
    passes them on."""
    why = missing()
    if why is not None:
        raise ProcessError(why)
    directory = directory.absolute()
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProcessError(f"{directory} is in use by another engine") from None
        cgroup = cgroup_of(directory)
        # What a killed one has left: nobody else has groups of this name.
        _remove_cgroups(cgroup)
        try:
            return _in_namespaces(command, directory, cgroup)
        finally:
            _remove_cgroups(cgroup)


def _in_namespaces(command: Sequence[str], directory: Path, cgroup: str) -> int:
    """Be the parent of the first process of the namespaces, which does everything else."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    network = os.open("/proc/self/ns/net", os.O_RDONLY)
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.unshare(_NEW_NAMESPACES) != 0:
        raise ProcessError(f"namespaces cannot be made: {os.strerror(ctypes.get_errno())}")
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        # Whatever ends the parent ends all of it.
        kernel.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
        os._exit(_first_process(command, directory, cgroup, network))
    return _wait_for(child, {})[child]


def _first_process(command: Sequence[str], directory: Path, cgroup: str, network: int) -> int:
    """Start the engine, run the command, end the engine; the exit code."""
    try:
        _set_up(network)
        log = directory / "dockerd.log"
        engine = _start(_engine_command(directory, cgroup), log=log)
        code = _await_engine(engine, log)
        if code is None:
            environment = {**os.environ, "DOCKER_HOST": f"unix://{SOCKET}"}
            child = _start(command, environment=environment)
            died = f"the engine has ended:\n{last_lines(log)}"
            ended = _wait_for(child, {engine: died})
            code = ended[child]
            if engine not in ended:
                os.kill(engine, signal.SIGTERM)
                _reap_until(engine, time.monotonic() + _PATIENCE)
        return code
    except (ProcessError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr, flush=True)
        return 254


def _set_up(network: int) -> None:
    names = Path("/etc/resolv.conf")
    servers = names.read_bytes() if names.exists() else b""
    _mount("--make-rprivate", "/")
    _mount("-t", "proc", "proc", "/proc")
    # Its sockets and pid files must not meet those of an engine of the machine.
    _mount("-t", "tmpfs", "-o", "mode=755", "splitbrain", "/run")
    _OUTSIDE.touch()
    _mount("--bind", f"/proc/self/fd/{network}", str(_OUTSIDE), keep=[network])
    if not names.exists():
        # A link into /run, as systemd-resolved makes it.
        target = names.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(servers)
    _CONFIGURATION.write_text("{}", encoding="utf-8")
    _call("ip", "link", "set", "lo", "up")


def _mount(*arguments: str, keep: Sequence[int] = ()) -> None:
    _call("mount", *arguments, keep=keep)


def _call(*command: str, keep: Sequence[int] = ()) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False, pass_fds=keep)
    if result.returncode != 0:
        raise ProcessError(f"{' '.join(command)} failed: {result.stderr.strip()}")


def _engine_command(directory: Path, cgroup: str) -> list[str]:
    return [
        *("dockerd", "--host", f"unix://{SOCKET}", "--data-root", str(directory / "data")),
        # An empty one: what the machine's own says does not hold for ours.
        *("--config-file", str(_CONFIGURATION), "--cgroup-parent", f"/{cgroup}"),
    ]


def _start(
    command: Sequence[str], *, log: Path | None = None, environment: Mapping[str, str] | None = None
) -> int:
    """The pid of a child with no signal blocked; one that has a log is in a session of its own, so
    that Ctrl-C does not reach it."""
    actions = []
    if log is not None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
    try:
        return os.posix_spawnp(
            command[0],
            list(command),
            dict(os.environ if environment is None else environment),
            file_actions=actions,
            setsigmask=(),
            setsigdef=_SIGNALS,
            setsid=log is not None,
        )
    except OSError as error:
        raise ProcessError(f"{command[0]} cannot be started: {error.strerror}") from error


def _await_engine(engine: int, log: Path) -> int | None:
    """Wait until it answers; an exit code if a signal came meanwhile. Raises ProcessError."""
    end = time.monotonic() + _READY
    while time.monotonic() < end:
        if _answers():
            return None
        received = signal.sigtimedwait(_SIGNALS, 0.05)
        if received is None:
            continue
        if received.si_signo != signal.SIGCHLD:
            return 128 + received.si_signo
        if engine in _reap():
            raise ProcessError(f"dockerd has ended; its log, {log}, says:\n{last_lines(log)}")
    raise ProcessError(f"dockerd does not answer after {_READY:.0f} s; its log is {log}")


def _answers() -> bool:
    """Whether somebody listens; the engine does so once it is ready."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(1.0)
        try:
            asked.connect(str(SOCKET))
            asked.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in asked.recv(1 << 12)
        except OSError:
            return False


def _wait_for(child: int, beside: Mapping[int, str]) -> dict[int, int]:
    """Wait until the child ends, and reap whoever else does; the exit codes. Signals that were sent
    to us are passed on to it. If one of ``beside`` ends before, its words are told."""
    ended: dict[int, int] = {}
    while child not in ended:
        received = signal.sigwaitinfo(_SIGNALS)
        if received.si_signo != signal.SIGCHLD:
            # What the terminal has sent (SI_KERNEL) went to the child as well.
            if received.si_code <= 0:
                os.kill(child, received.si_signo)
            continue
        for pid, code in _reap().items():
            ended[pid] = code
            if pid in beside and child not in ended:
                print(beside[pid], file=sys.stderr, flush=True)
    return ended


def _reap() -> dict[int, int]:
    """Exit codes of the children that have ended, by pid."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        code = os.waitstatus_to_exitcode(status)
        ended[pid] = code if code >= 0 else 128 - code


def _reap_until(pid: int, end: float) -> None:
    while pid not in _reap() and time.monotonic() < end:
        signal.sigtimedwait([signal.SIGCHLD], 0.1)


def _remove_cgroups(name: str) -> None:
    """The groups of this name, in all hierarchies; processes there are none in them."""
    for top in (*_CGROUPS.glob(name), *_CGROUPS.glob(f"*/{name}")):
        if top.is_symlink() or not top.is_dir():
            continue
        for group in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
            _remove_cgroup(group)
        _remove_cgroup(top)


def _remove_cgroup(group: Path) -> None:
    """Members that are just dying keep it for a moment."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nemesis.cluster.real.docker_engine",
        description="Run a command beside a Docker engine of its own.",
    )
    parser.add_argument("--data", type=Path, default=default_directory(), metavar="DIRECTORY")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    asked = parser.parse_args(arguments)
    try:
        return run_with_engine(asked.command, asked.data)
    except ProcessError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 254


if __name__ == "__main__":
    sys.exit(main())
