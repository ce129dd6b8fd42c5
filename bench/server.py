"""Throughput and latency of three servers on loopback, each write synced to three disks.

    python bench/server.py                                    our own
    python bench/server.py --seconds 10 --clients 1 16 64
    python bench/server.py --endpoints 127.0.0.1:2379 ...     any cluster with etcd's JSON gateway

Every client has a connection that stays, to a server of its own choice by turns, and one request
under way. Client and servers share the machine. Times are by the clock, so measure on a quiet one.
"""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.server.processes import cluster, text


class Client(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, number: int, path: str, until: float) -> None:
        self._number = number
        self._path = path
        self._until = until
        self._sent = 0
        self._began = 0.0
        self._buffer = b""
        self.latencies: list[float] = []
        self.errors = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        key = text(b"key-%03d" % (self._number % 100))
        value = text(b"%064d" % self._sent)
        self._sent += 1
        body = (
            f'{{"key":"{key}","value":"{value}"}}' if "put" in self._path else f'{{"key":"{key}"}}'
        )
        self._began = time.perf_counter()
        self._transport.write(
            f"POST {self._path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = b""
        now = time.perf_counter()
        if head.startswith(b"HTTP/1.1 200"):
            self.latencies.append(now - self._began)
        else:
            self.errors += 1
        if now < self._until:
            self._send()
        else:
            self._transport.close()


async def load(endpoints: list[str], clients: int, seconds: float, path: str) -> str:
    until = time.perf_counter() + seconds
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    running = []
    for number in range(clients):
        host, _, port = endpoints[number % len(endpoints)].rpartition(":")
        _, client = await loop.create_connection(
            lambda number=number: Client(number, path, until), host, int(port)
        )
        running.append(client)
    await asyncio.gather(*(client.done for client in running))
    took = time.perf_counter() - began
    latencies = sorted(each for client in running for each in client.latencies)
    errors = sum(client.errors for client in running)

    def at(part: float) -> str:
        return f"{latencies[int(part * (len(latencies) - 1))] * 1000:8.2f}"

    return (
        f"{path:14} {clients:3} clients {len(latencies) / took:8.0f}/s  "
        f"p50 {at(0.5)} ms  p99 {at(0.99)} ms  max {at(1)} ms  {errors} errors"
    )


def measure(endpoints: list[str], counts: list[int], seconds: float) -> None:
    asyncio.run(load(endpoints, 8, 1, "/v3/kv/put"))
    for path in ("/v3/kv/put", "/v3/kv/range"):
        for clients in counts:
            print(asyncio.run(load(endpoints, clients, seconds, path)), flush=True)


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--endpoints", nargs="+")
    parser.add_argument("--directory", type=Path, help="on the disk to measure; default /var/tmp")
    parser.add_argument("--leader-only", action="store_true", help="ask the leader alone")
    arguments = parser.parse_args()
    if arguments.endpoints:
        measure(arguments.endpoints, arguments.clients, arguments.seconds)
        return
    with (
        TemporaryDirectory(dir=arguments.directory or "/var/tmp") as directory,
        cluster(Path(directory), trace=None) as servers,
    ):
        leader = servers.leader()
        servers_asked = [leader] if arguments.leader_only else list(servers.servers.values())
        endpoints = [server.config["listen_clients"] for server in servers_asked]
        measure(endpoints, arguments.clients, arguments.seconds)


if __name__ == "__main__":
    main()
