"""Servers as processes on loopback, for tests and benchmarks: each is ended, by its id, whatever
happens."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import raft

ROOT = Path(raft.__file__).parents[1]
# How long anything may take that is waited for, in s; far longer than it takes.
PATIENCE = 30.0

# Quicker than by default: these tests wait for elections, and nothing else is on the network.
QUICK = {"election_timeout_min": 300, "election_timeout_max": 600, "heartbeat_interval": 50}

T = TypeVar("T")


def eventually(probe: Callable[[], T | None], what: str) -> T:
    """What ``probe`` gives, as soon as that is true; AssertionError if it never is."""
    give_up = time.monotonic() + PATIENCE
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < give_up, f"in vain waited for {what}"
        time.sleep(0.02)


class ReservedPort:
    """A port of loopback that nobody else gets while this is open: it stays bound, and only who
    sets SO_REUSEPORT, as the server does if its configuration says so, can listen at it."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.number}"

    def close(self) -> None:
        self._socket.close()


class Response:
    """An answer of the gateway."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.raw = body
        self.body: dict[str, Any] = json.loads(body)

    @property
    def code(self) -> int | None:
        return self.body.get("code")

    @property
    def kvs(self) -> dict[bytes, bytes]:
        return {
            b64decode(kv["key"]): b64decode(kv.get("value", "")) for kv in self.body.get("kvs", ())
        }

    @property
    def revision(self) -> int:
        return int(self.body["header"].get("revision", 0))


def text(data: bytes) -> str:
    """As the gateway takes keys and values."""
    return b64encode(data).decode()


class ServerProcess:
    """One server; may be killed and started again on the same files."""

    def __init__(self, directory: Path, config: dict[str, Any]) -> None:
        self.name: str = config["name"]
        self.config = config
        self.path = directory / f"{self.name}.json"
        self.log = directory / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        # How to reach it by TLS, if so.
        self.context: ssl.SSLContext | None = None

    @property
    def data(self) -> Path:
        return Path(self.config["data_directory"])

    def start(self) -> None:
        assert self.process is None
        given = {key: value for key, value in self.config.items() if value is not None}
        self.path.write_text(json.dumps(given))
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "raft.server", "--config", str(self.path)],
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment,
            )

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.process = None

    def terminate(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait until it ends by itself; the exit status."""
        assert self.process is not None
        status = self.process.wait(PATIENCE)
        self.process = None
        return status

    def end(self) -> None:
        """Whatever state it is in: it is gone afterwards."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def logged(self) -> str:
        return self.log.read_text()

    # -- As a client ---------------------------------------------------------------------------

    def request(self, method: str, path: str, body: bytes | None) -> Response:
        """One request on a connection of its own. Raises OSError."""
        host, _, port = self.config["listen_clients"].rpartition(":")
        connection: http.client.HTTPConnection
        if self.context is None:
            connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        else:
            connection = http.client.HTTPSConnection(
                host, int(port), timeout=PATIENCE, context=self.context
            )
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return Response(response.status, response.read())
        finally:
            connection.close()

    def post(self, path: str, **fields: Any) -> Response:
        return self.request("POST", f"/v3/{path}", json.dumps(fields).encode())

    def put(self, key: bytes, value: bytes, **fields: Any) -> Response:
        return self.post("kv/put", key=text(key), value=text(value), **fields)

    def get(self, key: bytes, **fields: Any) -> Response:
        return self.post("kv/range", key=text(key), **fields)

    def status(self) -> dict[str, Any] | None:
        """None if it does not answer."""
        try:
            return self.post("maintenance/status").body
        except (OSError, http.client.HTTPException):
            return None


def put(server: ServerProcess, key: bytes, value: bytes) -> Response:
    """A write that must succeed."""
    response = server.put(key, value)
    assert response.status == 200, response.raw
    return response


class ClusterOfProcesses:
    """Servers that know each other."""

    def __init__(self, directory: Path, names: tuple[str, ...], **config: Any) -> None:
        self.directory = directory
        self.ports: list[ReservedPort] = []
        addresses = {name: (self._port(), self._port()) for name in names}
        self.members = {
            name: {"peer": peer, "client": client} for name, (peer, client) in addresses.items()
        }
        self.servers = {name: self._server(name, **config) for name in names}

    def _port(self) -> str:
        port = ReservedPort()
        self.ports.append(port)
        return port.address

    def _server(self, name: str, **config: Any) -> ServerProcess:
        defaults = {
            "name": name,
            "cluster": "test",
            "data_directory": str(self.directory / name),
            "listen_peers": self.members[name]["peer"],
            "listen_clients": self.members[name]["client"],
            "members": dict(self.members),
            "trace": str(self.directory / f"{name}.trace.jsonl"),
            "reuse_port": True,
        }
        return ServerProcess(self.directory, {**defaults, **config})

    def add(self, name: str, **config: Any) -> ServerProcess:
        """One more, not started yet, that is to join."""
        self.members[name] = {"peer": self._port(), "client": self._port()}
        server = self._server(name, initial_state="existing", **config)
        self.servers[name] = server
        return server

    def __getitem__(self, name: str) -> ServerProcess:
        return self.servers[name]

    def start(self) -> None:
        for server in self.servers.values():
            server.start()

    def leader(self) -> ServerProcess:
        """Who leads, once all that run agree on it."""
        return eventually(self._agreed_leader, "a leader")

    def _agreed_leader(self) -> ServerProcess | None:
        running = [each for each in self.servers.values() if each.process is not None]
        for server in running:
            assert server.process is not None
            assert server.process.poll() is None, f"{server.name} has ended: {server.logged()}"
        statuses = {each.name: each.status() for each in running}
        leaders = {status and status.get("leader") for status in statuses.values()}
        if len(leaders) != 1 or not (leader := leaders.pop()):
            return None
        ids = {status["header"]["member_id"]: name for name, status in statuses.items() if status}
        return self.servers[ids[leader]] if leader in ids else None

    def followers(self) -> list[ServerProcess]:
        leader = self.leader()
        return [
            each
            for each in self.servers.values()
            if each is not leader and each.process is not None
        ]

    def close(self) -> None:
        for server in self.servers.values():
            server.end()
        for port in self.ports:
            port.close()


@contextmanager
def cluster(
    directory: Path, names: tuple[str, ...] = ("n1", "n2", "n3"), **config: Any
) -> Iterator[ClusterOfProcesses]:
    """A cluster that has been started; all of it is ended afterwards."""
    servers = ClusterOfProcesses(directory, names, **config)
    try:
        servers.start()
        yield servers
    finally:
        servers.close()
