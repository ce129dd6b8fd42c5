"""The clusters that bench/server.py measures: three servers each, on loopback."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from bench.server_load import Operation, Sample, load, processor_time
from tests.server.processes import PATIENCE, ClusterOfProcesses, eventually

SERVERS = 3
PYSYNCOBJ_MODES = ("default", "prompt", "synced")


class Contender(Protocol):
    """A cluster that runs."""

    name: str

    def measure(self, operation: Operation, clients: int, seconds: float) -> Sample | None:
        """What it can do; None if it has no such operation."""
        ...

    def close(self) -> None:
        """End all of it."""
        ...


class Ours:
    """raft.server."""

    name = "ours"

    def __init__(self, directory: Path, trace: bool = False) -> None:
        config = {} if trace else {"trace": None}
        self._servers = ClusterOfProcesses(directory, ("n1", "n2", "n3"), **config)
        self._servers.start()
        self._servers.leader()

    def measure(self, operation: Operation, clients: int, seconds: float) -> Sample | None:
        servers = self._servers.servers.values()
        pids = [each.process.pid for each in servers if each.process is not None]
        endpoints = [each.config["listen_clients"] for each in servers]
        return load(endpoints, pids, operation, clients, seconds)

    def close(self) -> None:
        self._servers.close()


class Etcd:
    """etcd as it is, over its JSON gateway: fsync on, and what else it has by default."""

    name = "etcd"

    def __init__(self, directory: Path) -> None:
        ports = _free_ports(2 * SERVERS)
        self._endpoints = [f"127.0.0.1:{port}" for port in ports[:SERVERS]]
        peers = [f"http://127.0.0.1:{port}" for port in ports[SERVERS:]]
        members = ",".join(f"n{number}={peer}" for number, peer in enumerate(peers))
        self._stack = ExitStack()
        log = self._stack.enter_context((directory / "etcd.log").open("wb"))
        self._processes = []
        for number, (client, peer) in enumerate(zip(self._endpoints, peers, strict=True)):
            urls = ["--listen-client-urls", f"http://{client}"]
            urls += ["--advertise-client-urls", f"http://{client}"]
            urls += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
            command = ["etcd", "--name", f"n{number}"]
            command += ["--data-dir", str(directory / f"etcd{number}")]
            command += [*urls, "--initial-cluster", members]
            command += ["--logger", "zap", "--log-level", "error"]
            process = subprocess.Popen(command, stdout=log, stderr=log)
            self._stack.callback(_end, process)
            self._processes.append(process)
        for endpoint in self._endpoints:
            eventually(partial(_answers, endpoint), "etcd")

    def measure(self, operation: Operation, clients: int, seconds: float) -> Sample | None:
        pids = [process.pid for process in self._processes]
        return load(self._endpoints, pids, operation, clients, seconds)

    def close(self) -> None:
        self._stack.close()


class PySyncObj:
    """Processes of server_pysyncobj.py, with their journals on disk. No read: the library's are of
    one process's memory, and wait for nobody."""

    def __init__(self, directory: Path, mode: str) -> None:
        self.name = f"PySyncObj, {mode}"
        addresses = [f"127.0.0.1:{port}" for port in _free_ports(SERVERS)]
        self._processes = []
        for address in addresses:
            journal = directory / f"journal-{mode}-{address.rpartition(':')[2]}"
            others = [other for other in addresses if other != address]
            command = [sys.executable, str(Path(__file__).with_name("server_pysyncobj.py"))]
            command += [str(journal), mode, address, *others]
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self._processes.append(process)
        for process in self._processes:
            self._answer(process)

    def measure(self, operation: Operation, clients: int, seconds: float) -> Sample | None:
        if operation != "put":
            return None
        pids = [process.pid for process in self._processes]
        used = processor_time(pids)
        began = time.perf_counter()
        for number, process in enumerate(self._processes):
            assert process.stdin is not None
            count = len(range(number, clients, SERVERS))
            process.stdin.write(f"{count} {seconds}\n")
            process.stdin.flush()
        latencies: list[float] = []
        errors = 0
        for process in self._processes:
            own, failed = self._answer(process)
            latencies += own
            errors += failed
        took = time.perf_counter() - began
        return Sample(took, sorted(latencies), errors, processor_time(pids) - used)

    @staticmethod
    def _answer(process: subprocess.Popen[str]) -> tuple[list[float], int]:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "a process with PySyncObj has ended"
        latencies, errors = json.loads(line)
        return latencies, errors

    def close(self) -> None:
        for process in self._processes:
            _end(process)


def contenders(directory: Path, names: Sequence[str], trace: bool) -> list[Contender]:
    """Those of these names that are installed, started; what is missing is told."""
    started: list[Contender] = []
    with ExitStack() as undone:

        def add(contender: Contender) -> None:
            started.append(contender)
            undone.callback(contender.close)

        if "ours" in names:
            add(Ours(directory, trace))
        if "etcd" in names:
            if shutil.which("etcd") is None:
                print("without etcd: apt-get install etcd-server", file=sys.stderr)
            else:
                add(Etcd(directory))
        if "pysyncobj" in names:
            if find_spec("pysyncobj") is None:
                print("without PySyncObj: pip install pysyncobj", file=sys.stderr)
            else:
                for mode in PYSYNCOBJ_MODES:
                    add(PySyncObj(directory, mode))
        # All are there: it is the caller who closes them.
        undone.pop_all()
    return started


def _end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    process.wait(PATIENCE)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _answers(endpoint: str) -> bool:
    connection = http.client.HTTPConnection(endpoint, timeout=PATIENCE)
    try:
        connection.request("POST", "/v3/kv/range", '{"key":"YQ=="}')
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
