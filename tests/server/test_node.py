"""The driver of a replica: it waits for no disk, shares syncs, and ends with the disk."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from raft.client_messages import ClientReply, ClientRequest, Reply
from raft.consensus.snapshot import first_snapshot
from raft.consensus.state import LEADER
from raft.kv.revision_store import RevisionStore
from raft.kv.revisions import Put, Range, Update
from raft.observer import Observer
from raft.replica import HEALTHY, Replica
from raft.server.config import RaftSettings
from raft.server.files import Files
from raft.server.node import Node
from raft.storage import DiskError
from tests.server.processes import PATIENCE

VARIANT = HEALTHY._replace(state_machine=RevisionStore)


class SlowFiles(Files):
    """Syncs wait while ``gate`` is closed, and fail if told so."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.gate = threading.Event()
        self.gate.set()
        self.syncs = 0
        self.fails = False

    def sync(self, name: str) -> None:
        self.syncs += 1
        assert self.gate.wait(PATIENCE)
        if self.fails:
            raise DiskError(f"{name}: as told")
        super().sync(name)


class Driven:
    """A replica that is alone in its cluster, with its driver; and what came of it."""

    def __init__(self, directory: Path) -> None:
        self.files = SlowFiles(directory)
        Replica.initialize(self.files, first_snapshot(("n1",)), variant=VARIANT)
        self.replies: dict[str, ClientReply] = {}
        self.events: list[str] = []
        self.failures: list[BaseException] = []
        self.executor = ThreadPoolExecutor(1)
        replica = Replica(
            "n1",
            self.files,
            RaftSettings(election_timeout_min=20, election_timeout_max=40, heartbeat_interval=10)
            .settings(),
            Random(1),
            Observer(),
            now=time.monotonic_ns(),
            variant=VARIANT,
        )  # fmt: skip
        self.node = Node(
            replica,
            self.executor,
            flush=lambda: self.events.append("flush"),
            send=lambda messages: self.events.append("send"),
            sent=lambda: None,
            answer=self.take,
            changed=lambda: None,
            failed=self.failures.append,
        )

    def take(self, reply: Reply) -> None:
        assert isinstance(reply, ClientReply)
        self.events.append("answer")
        self.replies[reply.client] = reply

    def put(self, number: int) -> None:
        update = Update("test", number, Put(b"%d" % number, b"v"))
        self.node.submit(ClientRequest(f"put {number}", "test", number, 0, update, None))

    def get(self, name: str) -> None:
        self.node.submit(ClientRequest(name, "test", 0, 0, None, Range(b"0", b"\0"), True))

    async def until(self, probe: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not probe():
                await asyncio.sleep(0.002)

    async def lead(self) -> None:
        self.node.start()
        await self.until(lambda: self.node.replica.consensus.role == LEADER)
        await self.until(lambda: self.node.replica.last_applied == 1)


def drive(directory: Path, test: Callable[[Driven], Awaitable[None]]) -> None:
    async def run() -> None:
        driven = Driven(directory)
        try:
            await driven.lead()
            await test(driven)
        finally:
            driven.files.gate.set()
            await driven.node.stop()
            driven.executor.shutdown()
            driven.files.close()

    asyncio.run(run())


def test_reads_are_answered_while_the_disk_is_busy(tmp_path: Path) -> None:
    async def test(driven: Driven) -> None:
        driven.files.gate.clear()
        driven.put(1)
        before = driven.files.syncs
        await driven.until(lambda: driven.files.syncs > before)
        driven.get("read")
        await driven.until(lambda: "read" in driven.replies)
        assert driven.replies.keys() == {"read"}
        driven.files.gate.set()
        await driven.until(lambda: "put 1" in driven.replies)

    drive(tmp_path, test)


def test_what_comes_up_during_a_write_is_one_write_after_it(tmp_path: Path) -> None:
    async def test(driven: Driven) -> None:
        driven.files.gate.clear()
        before = driven.files.syncs
        driven.put(0)
        await driven.until(lambda: driven.files.syncs > before)
        for number in range(1, 51):
            driven.put(number)
            await asyncio.sleep(0)
        driven.files.gate.set()
        await driven.until(lambda: len(driven.replies) == 51)
        assert driven.files.syncs == before + 2
        assert {reply.status for reply in driven.replies.values()} == {"ok"}

    drive(tmp_path, test)


def test_a_failed_sync_ends_it_and_answers_nothing(tmp_path: Path) -> None:
    async def test(driven: Driven) -> None:
        driven.files.fails = True
        driven.put(1)
        await driven.until(lambda: driven.failures)
        assert isinstance(driven.failures[0], DiskError)
        syncs = driven.files.syncs
        driven.files.fails = False
        driven.put(2)
        driven.get("read")
        await asyncio.sleep(0.1)
        assert driven.replies == {}
        assert driven.files.syncs == syncs

    drive(tmp_path, test)


def test_the_trace_is_written_before_anything_leaves(tmp_path: Path) -> None:
    async def test(driven: Driven) -> None:
        driven.events.clear()
        driven.put(1)
        await driven.until(lambda: driven.replies)
        at = driven.events.index("answer")
        assert driven.events[at - 1] == "flush"

    drive(tmp_path, test)


def test_stopping_waits_for_the_disk_and_nothing_follows(tmp_path: Path) -> None:
    async def test(driven: Driven) -> None:
        driven.files.gate.clear()
        before = driven.files.syncs
        driven.put(1)
        await driven.until(lambda: driven.files.syncs > before)
        stopping = asyncio.create_task(driven.node.stop())
        await asyncio.sleep(0.02)
        assert not stopping.done()
        driven.files.gate.set()
        await stopping
        assert driven.replies == {}

    drive(tmp_path, test)
