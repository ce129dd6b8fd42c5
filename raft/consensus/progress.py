"""What a leader knows of one follower's log, and what is on its way to it.

    probe      where the logs part is unknown: one AppendEntries at a time, nextIndex steps back
    replicate  the logs are known to agree: AppendEntries are pipelined, nextIndex runs ahead
    snapshot   what comes next was compacted: the snapshot is sent, a chunk at a time

A success leads from probe to replicate, a refusal back. A compacted nextIndex leads to snapshot;
a matchIndex from which the log suffices, however it was reached, leads to replicate.
"""

from __future__ import annotations

from typing import Final, Literal

from raft.consensus.snapshot import Snapshot

ProgressState = Literal["probe", "replicate", "snapshot"]
PROBE: Final = "probe"
REPLICATE: Final = "replicate"
SNAPSHOT: Final = "snapshot"


class SnapshotTransfer:
    """A snapshot on its way to one follower. It stays the same one, even if a newer one is taken
    meanwhile."""

    __slots__ = ("offset", "sent_at", "snapshot")

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        # Where the chunk in flight begins: the follower has all that precedes it.
        self.offset = 0
        # When that chunk was last sent, by the leader's clock in ns.
        self.sent_at = 0

    def is_of(self, last_index: int, last_term: int) -> bool:
        """Whether it is the snapshot of this entry."""
        snapshot = self.snapshot
        return snapshot.last_index == last_index and snapshot.last_term == last_term


class Progress:
    """nextIndex and matchIndex of Figure 2, and what is in flight."""

    __slots__ = (
        "in_flight",
        "match_index",
        "next_index",
        "probe_sent",
        "read_round",
        "state",
        "transfer",
    )

    def __init__(self, next_index: int) -> None:
        self.state: ProgressState = PROBE
        self.next_index = next_index
        self.match_index = 0
        # Whether an AppendEntries with entries is on its way while probing.
        self.probe_sent = False
        # Last index of each AppendEntries with entries that has not been answered.
        self.in_flight: list[int] = []
        # The newest round of leadership confirmation that the follower answered (thesis, 6.4).
        self.read_round = 0
        # What is sent in the state snapshot; None in the others.
        self.transfer: SnapshotTransfer | None = None

    def matched(self, index: int) -> bool:
        """The follower's log equals ours up to ``index``. True if that is news."""
        news = index > self.match_index
        if news:
            self.match_index = index
            if self.next_index <= index:
                self.next_index = index + 1
        if self.in_flight:
            self.in_flight = [last for last in self.in_flight if last > index]
        if self.state == PROBE and index == self.next_index - 1:
            self.replicate()
        return news

    def replicate(self) -> None:
        """The logs agree up to nextIndex - 1, as far as is known: send what follows."""
        self.state = REPLICATE
        self.probe_sent = False
        self.transfer = None

    def probe_from(self, index: int) -> None:
        """The logs part somewhere before; try ``index`` next, one message at a time."""
        self.state = PROBE
        self.next_index = max(index, self.match_index + 1)
        self.probe_sent = False
        self.in_flight.clear()

    def send_snapshot(self, snapshot: Snapshot) -> SnapshotTransfer:
        """What follows matchIndex is only to be had as a snapshot; begin to send it."""
        self.state = SNAPSHOT
        self.transfer = SnapshotTransfer(snapshot)
        self.in_flight.clear()
        return self.transfer
