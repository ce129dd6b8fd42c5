"""A load of clients over etcd's JSON gateway, and what came of it; for bench/server.py."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple

from tests.server.processes import text

Operation = Literal["put", "range"]
KEYS = 100
VALUE = b"%064d"


class Sample(NamedTuple):
    """What some clients got out of a cluster in some seconds; ``latencies`` in s, in order, of what
    succeeded; ``processor`` is what the servers used meanwhile, in s."""

    seconds: float
    latencies: list[float]
    errors: int
    processor: float

    @property
    def throughput(self) -> float:
        """What succeeded, in operations a second."""
        return len(self.latencies) / self.seconds

    @property
    def cost(self) -> float:
        """Processor time of all servers for each, in µs."""
        return self.processor / max(1, len(self.latencies)) * 1e6

    def latency(self, part: float) -> float:
        """Below which this part of them stayed, in ms."""
        return self.latencies[int(part * (len(self.latencies) - 1))] * 1000


def processor_time(pids: Sequence[int]) -> float:
    """What these processes have used until now, in s."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Client(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, number: int, operation: Operation, until: float) -> None:
        self._number = number
        self._operation = operation
        self._until = until
        self._sent = 0
        self._began = 0.0
        self._buffer = b""
        self.latencies: list[float] = []
        self.errors = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        key = text(b"key-%03d" % (self._number % KEYS))
        body = f'{{"key":"{key}"}}'
        if self._operation == "put":
            body = f'{{"key":"{key}","value":"{text(VALUE % self._sent)}"}}'
        self._sent += 1
        self._began = time.perf_counter()
        self._transport.write(
            f"POST /v3/kv/{self._operation} HTTP/1.1\r\nHost: x\r\n"
            "Content-Type: application/json\r\n"
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


async def _load(
    endpoints: Sequence[str], pids: Sequence[int], operation: Operation, count: int, seconds: float
) -> Sample:
    loop = asyncio.get_running_loop()
    used = processor_time(pids)
    began = time.perf_counter()
    until = began + seconds
    clients = []
    for number in range(count):
        host, _, port = endpoints[number % len(endpoints)].rpartition(":")
        _, client = await loop.create_connection(
            partial(Client, number, operation, until), host, int(port)
        )
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    took = time.perf_counter() - began
    return Sample(
        took,
        sorted(each for client in clients for each in client.latencies),
        sum(client.errors for client in clients),
        processor_time(pids) - used,
    )


def load(
    endpoints: Sequence[str], pids: Sequence[int], operation: Operation, count: int, seconds: float
) -> Sample:
    """So many clients, each with a connection that stays, to a server by turns, and one request
    under way; ``pids`` are the servers whose processor time is told."""
    return asyncio.run(_load(endpoints, pids, operation, count, seconds))
