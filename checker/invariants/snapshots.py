"""Monitors of snapshots and compaction (section 7 of the paper), and of the states they are of."""

from __future__ import annotations

from typing import ClassVar

from checker.invariants.ghost import NodeGhost
from checker.invariants.monitor import ClusterGhost, Monitor
from checker.trace import (
    Compacted,
    ConfigurationChanged,
    SnapshotRestored,
    SnapshotTaken,
    StateDigest,
)


class SameState(Monitor):
    """The state after applying an index is the same wherever and whenever it is looked at: state
    machines are deterministic, and a snapshot leaves out nothing, sessions included."""

    name: ClassVar[str] = "same-state"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        self.digest_at: dict[int, tuple[str, str]] = {}

    def after_snapshot_taken(self, node: NodeGhost, event: SnapshotTaken) -> None:
        self._compare(event)

    def after_snapshot_restored(self, node: NodeGhost, event: SnapshotRestored) -> None:
        self._compare(event)

    def after_state_digest(self, node: NodeGhost, event: StateDigest) -> None:
        self._compare(event)

    def _compare(self, event: SnapshotTaken | SnapshotRestored | StateDigest) -> None:
        first = self.digest_at.setdefault(event.index, (event.digest, event.node))
        if first[0] != event.digest:
            self.fail(
                event,
                f"the states of {first[1]} and {event.node} after index {event.index} differ",
                index=event.index,
                digests=[first[0], event.digest],
                nodes=[first[1], event.node],
            )


class SnapshotOfApplied(Monitor):
    """A snapshot covers what its node has applied, hence what is committed, and says the term of
    the last such entry."""

    name: ClassVar[str] = "snapshot-of-applied"

    def before_snapshot_taken(self, node: NodeGhost, event: SnapshotTaken) -> None:
        at = event.index - node.base
        if event.index > node.applied_index:
            self.fail(
                event,
                f"{event.node} took a snapshot of index {event.index}, though it had applied only "
                f"up to {node.applied_index}",
                indices=[node.applied_index, event.index],
            )
        elif 0 <= at < len(node.terms) and node.terms[at] != event.term:
            self.fail(
                event,
                f"{event.node} took a snapshot whose last entry is {event.index} of term "
                f"{event.term}; in its log that entry is of term {node.terms[at]}",
                index=event.index,
                terms=[node.terms[at], event.term],
            )


class MonotonicSnapshot(Monitor):
    """The index of a node's snapshot never goes back: a restart finds the one that was durable.

    Durable is what was taken, and what was restored once a Persisted event has followed that
    reaches its index. That a restart found none is judged when it tells its configuration.
    """

    name: ClassVar[str] = "monotonic-snapshot"

    def before_snapshot_taken(self, node: NodeGhost, event: SnapshotTaken) -> None:
        self._compare(event, node.snapshot_index)

    def before_snapshot_restored(self, node: NodeGhost, event: SnapshotRestored) -> None:
        known = node.durable_snapshot if node.is_recovering else node.snapshot_index
        self._compare(event, known)

    def _compare(self, event: SnapshotTaken | SnapshotRestored, known: int) -> None:
        if event.index < known:
            self.fail(
                event,
                f"{event.node} went from a snapshot of index {known} to one of index {event.index}",
                indices=[known, event.index],
            )

    def before_configuration_changed(self, node: NodeGhost, event: ConfigurationChanged) -> None:
        if not node.knows_configuration and node.snapshot_index == 0 < node.durable_snapshot:
            self.fail(
                event,
                f"{event.node} restarted without its snapshot of index {node.durable_snapshot}",
                indices=[node.durable_snapshot, 0],
            )


class CompactionBehindSnapshot(Monitor):
    """A log forgets only what a snapshot of its node covers, a durable one if it was taken here:
    whatever a log lost, a follower can still be sent and a restart still finds."""

    name: ClassVar[str] = "compaction-behind-snapshot"

    def before_compacted(self, node: NodeGhost, event: Compacted) -> None:
        if event.index > node.snapshot_index:
            self.fail(
                event,
                f"{event.node} forgot the entries up to {event.index}, though its snapshot covers "
                + (f"those up to {node.snapshot_index}" if node.snapshot_index else "none"),
                indices=[node.snapshot_index, event.index],
            )


MONITORS: tuple[type[Monitor], ...] = (
    SameState,
    SnapshotOfApplied,
    MonotonicSnapshot,
    CompactionBehindSnapshot,
)
