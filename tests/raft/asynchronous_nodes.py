"""What the tests of asynchronous storage share: nodes in a certain state, and messages to them."""

from __future__ import annotations

from typing import Any

import msgspec

from raft.consensus import (
    AppendEntries,
    AppendEntriesReply,
    Entry,
    Message,
    RequestVoteReply,
    Settings,
)
from raft.consensus.snapshot import first_snapshot
from raft.observer import Observer
from raft.replica import Replica
from tests.raft.asynchronous import ASYNCHRONOUS, SEGMENT_BYTES, Node
from tests.raft.harness import MEMBERS, MemoryDisk

SMALL = msgspec.structs.replace(
    ASYNCHRONOUS,
    snapshot_threshold_bytes=200,
    snapshot_chunk_bytes=64,
    entries_kept_after_snapshot=2,
)


class Votes(Observer):
    """What others were told of votes and terms."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def vote_granted(self, term: int, candidate: str) -> None:
        self.told.append(("vote", term, candidate))

    def term_exposed(self, term: int) -> None:
        self.told.append(("term", term))

    def persisted(self, term: int, voted_for: str | None, last_index: int) -> None:
        self.told.append(("persisted", term, voted_for, last_index))


def new_disk(members: tuple[str, ...] = MEMBERS) -> MemoryDisk:
    disk = MemoryDisk()
    Replica.initialize(disk, first_snapshot(members), segment_bytes=SEGMENT_BYTES)
    return disk


def new_node(observer: Observer | None = None, settings: Settings = ASYNCHRONOUS) -> Node:
    return Node("n1", new_disk(), settings, observer)


def restarted(node: Node) -> Node:
    """What a process finds that starts on the disk as it is now."""
    assert isinstance(node.disk, MemoryDisk)
    files = {name: bytes(data) for name, data in node.disk.contents.items()}
    return Node("n1", MemoryDisk(files), node.replica.consensus.settings)


def entries(term: int, previous: int, previous_term: int, *new: Entry, commit: int = 0) -> Message:
    """AppendEntries of n2, the leader of ``term``."""
    return AppendEntries("n2", "n1", term, previous, previous_term, new, commit, 0)


def success(index: int, term: int, source: str) -> Message:
    return AppendEntriesReply(source, "n1", term, True, index, 0, 0, 0, 0)


def leader(observer: Observer | None = None, settings: Settings = ASYNCHRONOUS) -> Node:
    """n1, leader of term 1 with the votes of all; its first entry is durable and committed."""
    node = new_node(observer, settings)
    node.time_out()
    node.save()
    node.handle(RequestVoteReply("n2", "n1", 1, True))
    node.save()
    node.handle(success(1, 1, "n2"), success(1, 1, "n3"))
    node.apply()
    node.acknowledge_application()
    assert node.replica.last_applied == 1
    return node
