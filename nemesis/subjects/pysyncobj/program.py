"""The program under test: a key-value store as a user of PySyncObj would write one.

A subclass of ``SyncObj`` with one replicated method, which applies a command. All operations go
through the log, reads too: what an object's attributes hold is a copy that may be old, and nothing
else is promised of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from nemesis.schedule import Knobs
from nemesis.subjects.pysyncobj.loading import Loaded
from nemesis.subjects.pysyncobj.transport import Connections
from nemesis.subjects.pysyncobj.watch import Watch
from nemesis.subjects.service import KeyValueService
from raft.kv.replicated import Applied

JOURNAL = "journal"
DUMP = "dump"
# PySyncObj's own settings are for real networks; these keep their proportions to the longest
# election time-out, 1.4 s there.
_CONNECTION_TIMEOUT = 3.5 / 1.4
_CONNECTION_RETRY_TIME = 5.0 / 1.4
_LEADER_FALLBACK_TIMEOUT = 30.0 / 1.4
# One entry more than this many bytes are compacted.
_ENTRY_BYTES = 20
# To pickle, compress and send a message takes a while, in ns. That matters: while a dump is being
# written, a leader sends empty messages to who waits for it, until appendEntriesPeriod is over.
_SENDING_TIME = 200_000
_NEVER = 1 << 60


def connection_timeout(knobs: Knobs) -> int:
    """After so many ns without a word a connection counts as dead."""
    return int(_CONNECTION_TIMEOUT * knobs.election_timeout_max)


def connection_retry_time(knobs: Knobs) -> int:
    """A connection is tried again after so many ns."""
    return int(_CONNECTION_RETRY_TIME * knobs.election_timeout_max)


def configuration(loaded: Loaded, knobs: Knobs) -> Any:
    """The SyncObjConf. Journal and dump are both kept, as its documentation has it for those who
    want their data to outlive a restart of all."""
    fallback = 1.0 if knobs.check_quorum else _LEADER_FALLBACK_TIMEOUT
    compaction = knobs.snapshot_threshold_bytes
    return loaded.module("config").SyncObjConf(
        autoTick=False,
        raftMinTimeout=knobs.election_timeout_min / 1e9,
        raftMaxTimeout=knobs.election_timeout_max / 1e9,
        appendEntriesPeriod=knobs.heartbeat_interval / 1e9,
        connectionTimeout=connection_timeout(knobs) / 1e9,
        connectionRetryTime=connection_retry_time(knobs) / 1e9,
        leaderFallbackTimeout=fallback * knobs.election_timeout_max / 1e9,
        appendEntriesUseBatch=knobs.max_entries_per_append > 1,
        appendEntriesBatchSizeBytes=knobs.max_bytes_per_append,
        logCompactionMinEntries=compaction // _ENTRY_BYTES + 2 if compaction else _NEVER,
        logCompactionMinTime=_NEVER,
        logCompactionBatchSize=knobs.snapshot_chunk_bytes,
        journalFile=JOURNAL,
        fullDumpFile=DUMP,
        useFork=False,
        pollerType="select",
    )


class Held:
    """The state of the object: what PySyncObj pickles into its dump, and finds there again."""

    def __init__(self, service: KeyValueService, watch: Watch) -> None:
        self._service = service
        self._watch = watch

    def __reduce__(self) -> tuple[type[Dumped], tuple[int, bytes]]:
        index, state = self._service.last_applied, self._service.snapshot()
        self._watch.dumped(index, state)
        return Dumped, (index, state)


class Dumped:
    """The state as it comes out of a dump: that after the entry at ``index``."""

    def __init__(self, index: int, snapshot: bytes) -> None:
        self.index = index
        self.snapshot = snapshot


@cache
def node_class(loaded: Loaded) -> Any:
    """PySyncObj's nodes, with a hash that is the same in every process: it keeps them in sets."""

    class Server(loaded.module("node").Node):  # type: ignore[misc]
        def __hash__(self) -> int:
            return int(self.id[1:])

    return _named(loaded, Server)


@cache
def transport_class(loaded: Loaded) -> Any:
    """PySyncObj's interface of transports over our connections."""

    class Transport(loaded.module("transport").Transport):  # type: ignore[misc]
        def __init__(self, connections: Connections, watch: Watch, surroundings: Any) -> None:
            super().__init__(None, None, [])
            self._connections = connections
            self._watch = watch
            self._surroundings = surroundings
            connections.on_connected = self._onNodeConnected
            connections.on_disconnected = self._onNodeDisconnected
            connections.on_message = self._onMessageReceived

        def send(self, node: Any, message: Any) -> bool:
            process = self._surroundings.process
            process.now += _SENDING_TIME
            sent = self._connections.send(node.id, message, process.now)
            if sent:
                self._watch.leaves(node.id, message)
            return sent

    return Transport


@cache
def store_class(loaded: Loaded) -> Any:
    """The user's class. What it overrides of SyncObj's only tells what happens."""
    syncobj = loaded.module("syncobj")

    class Store(syncobj.SyncObj):  # type: ignore[misc, name-defined]
        def __init__(self, service: KeyValueService, watch: Watch, **arguments: Any) -> None:
            # Set before SyncObj is: so it is no part of the state.
            self.service = service
            self.watch = watch
            super().__init__(**arguments)
            self.held: Held | Dumped = Held(service, watch)

        @syncobj.replicated  # type: ignore[untyped-decorator]
        def perform(self, command: bytes) -> Applied:
            self.pass_over(self.raftLastApplied)
            index = self.raftLastApplied + 1
            return self.service.apply(index, self.watch.term_of(index), command)

        def pass_over(self, index: int) -> None:
            """Up to this index everything is applied; what was no command has not been told."""
            for each in range(self.service.last_applied + 1, index + 1):
                self.service.apply(each, self.watch.term_of(each), b"")

        def _SyncObj__tryLogCompaction(self) -> None:  # noqa: N802
            self.pass_over(self.raftLastApplied)
            super()._SyncObj__tryLogCompaction()

        def _SyncObj__loadDumpFile(self, clearJournal: bool) -> None:  # noqa: N802, N803
            super()._SyncObj__loadDumpFile(clearJournal)
            if isinstance(self.held, Dumped):
                self.service.restore(self.held.index, self.held.snapshot)
                self.watch.restored(self.held.index, self.held.snapshot)
                self.held = Held(self.service, self.watch)

    return Store


def _named(loaded: Loaded, found: Any) -> Any:
    """Let pickle find the class among the version's modules."""
    module = loaded.module("node")
    found.__module__ = module.__name__
    found.__qualname__ = found.__name__
    setattr(module, found.__name__, found)
    return found
