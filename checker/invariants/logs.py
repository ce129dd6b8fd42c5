"""Monitors of the log: how it grows, what is committed, what is applied."""

from __future__ import annotations

from typing import ClassVar

from checker.invariants.ghost import Commitment, NodeGhost
from checker.invariants.monitor import ClusterGhost, Monitor
from checker.invariants.quorums import has_quorum
from checker.trace import (
    Appended,
    Applied,
    Committed,
    ConfigurationChanged,
    Persisted,
    SnapshotRestored,
    Truncated,
)


class LeaderAppendOnly(Monitor):
    """A leader never overwrites or deletes entries in its log; it only appends (Figure 3)."""

    name: ClassVar[str] = "leader-append-only"

    def before_truncated(self, node: NodeGhost, event: Truncated) -> None:
        if node.role == "leader":
            self.fail(
                event,
                f"{event.node}, leader of term {node.term}, removed entries from {event.index} on",
                term=node.term,
                index=event.index,
            )

    def before_snapshot_restored(self, node: NodeGhost, event: SnapshotRestored) -> None:
        if node.role == "leader" and event.last_index < node.last_index:
            self.fail(
                event,
                f"{event.node}, leader of term {node.term}, gave up the entries after "
                f"{event.last_index} for a snapshot",
                term=node.term,
                index=event.last_index + 1,
            )


class LogMatching(Monitor):
    """Two logs with an entry of the same index and term are identical up to it (Figure 3).

    Over every log that ever existed, as in the paper's proof. Also: entries follow each other
    without a gap, and terms within a log never go down. With a snapshot, the entries after it are
    kept only if the log has the snapshot's last entry (section 7), and what a node has; what a
    restart finds on the disk after its snapshot is told entry by entry.
    """

    name: ClassVar[str] = "log-matching"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        self.prefix_at: dict[tuple[int, int], tuple[int, str]] = {}

    def before_appended(self, node: NodeGhost, event: Appended) -> None:
        if event.index != node.base + len(node.hashes) or event.term < node.terms[-1]:
            self.fail(
                event,
                f"{event.node} appended entry {event.index} of term {event.term} after entry "
                f"{node.last_index} of term {node.terms[-1]}",
                index=event.index,
                term=event.term,
            )

    def after_appended(self, node: NodeGhost, event: Appended) -> None:
        prefix = node.hashes[-1]
        first = self.prefix_at.setdefault((event.index, event.term), (prefix, event.node))
        if first[0] != prefix:
            self.fail(
                event,
                f"the logs of {first[1]} and {event.node} have an entry {event.index} of term "
                f"{event.term} in common, but differ at or before it",
                index=event.index,
                term=event.term,
                nodes=[first[1], event.node],
            )

    def before_snapshot_restored(self, node: NodeGhost, event: SnapshotRestored) -> None:
        index = event.index
        last = event.last_index
        if last == index or node.is_recovering or index >= len(self.cluster.committed):
            return
        if not index < last <= node.last_index or not node.holds(index):
            self.fail(
                event,
                f"{event.node} kept the entries after its snapshot of index {index} up to {last}, "
                f"though its log, which ended at {node.last_index}, "
                + ("did not have them" if node.holds(index) else "did not match the snapshot"),
                index=index,
                last_index=last,
            )


class MonotonicCommit(Monitor):
    """commitIndex only grows while a node is up, and stays within its log."""

    name: ClassVar[str] = "monotonic-commit"

    def before_committed(self, node: NodeGhost, event: Committed) -> None:
        if event.index <= node.commit_index:
            self.fail(
                event,
                f"commitIndex of {event.node} went from {node.commit_index} to {event.index}",
                indices=[node.commit_index, event.index],
            )
        elif event.index >= node.base + len(node.hashes):
            self.fail(
                event,
                f"commitIndex of {event.node} is {event.index}, its log ends at {node.last_index}",
                indices=[node.last_index, event.index],
            )


class StateMachineSafety(Monitor):
    """No two nodes commit or apply different entries at one index (Figure 3).

    A committed entry is never removed from the log of a node that knows it as committed. A snapshot
    stands for all entries up to its last one, which must be committed by then: who takes a snapshot
    has applied it.
    """

    name: ClassVar[str] = "state-machine-safety"

    def before_committed(self, node: NodeGhost, event: Committed) -> None:
        # Runs before the cluster's record grows: what is known must agree, the rest is recorded.
        committed = self.cluster.committed
        base = node.base
        last = min(event.index, base + len(node.hashes) - 1)
        known = min(last, len(committed) - 1)
        if known >= base and node.hashes[known - base] != committed[known].prefix:
            entry = committed[known]
            self.fail(
                event,
                f"{event.node} committed at or before index {known} another entry than "
                f"{entry.node} had committed there",
                index=known,
                nodes=[entry.node, event.node],
            )
        for index in range(len(committed), last + 1):
            at = index - base
            committed.append(
                Commitment(node.hashes[at], node.terms[at], node.term, node.name, event.time)
            )

    def before_truncated(self, node: NodeGhost, event: Truncated) -> None:
        if event.index <= node.commit_index:
            self.fail(
                event,
                f"{event.node} removed entries from {event.index} on, though it had committed up "
                f"to {node.commit_index}",
                index=event.index,
                commit_index=node.commit_index,
            )

    def before_snapshot_restored(self, node: NodeGhost, event: SnapshotRestored) -> None:
        index = event.index
        committed = self.cluster.committed
        if index >= len(committed) or committed[index].term != event.term:
            there = f"of term {committed[index].term}" if index < len(committed) else "none"
            self.fail(
                event,
                f"{event.node} has a snapshot whose last entry is {index} of term {event.term}; "
                f"committed there is {there}",
                index=index,
                term=event.term,
            )
        elif event.last_index < node.commit_index:
            self.fail(
                event,
                f"{event.node} gave up the entries after {event.last_index} for a snapshot, though "
                f"it had committed up to {node.commit_index}",
                index=event.last_index + 1,
                commit_index=node.commit_index,
            )

    def after_applied(self, node: NodeGhost, event: Applied) -> None:
        index = event.index
        at = index - node.base
        if 0 <= at < len(node.hashes) and index < len(self.cluster.committed):
            entry = self.cluster.committed[index]
            if node.hashes[at] != entry.prefix:
                self.fail(
                    event,
                    f"{event.node} applied at or before index {index} another entry than "
                    f"{entry.node} had committed there",
                    index=index,
                    nodes=[entry.node, event.node],
                )


class OwnTermCommit(Monitor):
    """A leader raises its commitIndex only to an entry of its own term (section 5.4.2)."""

    name: ClassVar[str] = "own-term-commit"

    def before_committed(self, node: NodeGhost, event: Committed) -> None:
        if node.role != "leader":
            return
        at = event.index - node.base
        if 0 <= at < len(node.terms) and node.terms[at] != node.term:
            self.fail(
                event,
                f"{event.node}, leader of term {node.term}, committed entry {event.index} of term "
                f"{node.terms[at]} by counting replicas",
                index=event.index,
                terms=[node.terms[at], node.term],
            )


class AppliedWithinCommit(Monitor):
    """Entries are applied one after the other, and none beyond commitIndex.

    A snapshot takes the place of those up to its index, and never takes the state back.
    """

    name: ClassVar[str] = "applied-within-commit"

    def before_applied(self, node: NodeGhost, event: Applied) -> None:
        if event.index != node.applied_index + 1:
            self.fail(
                event,
                f"{event.node} applied entry {event.index} after entry {node.applied_index}",
                indices=[node.applied_index, event.index],
            )
        if event.index > node.commit_index:
            self.fail(
                event,
                f"{event.node} applied entry {event.index}, beyond its commitIndex "
                f"{node.commit_index}",
                indices=[node.commit_index, event.index],
            )

    def before_snapshot_restored(self, node: NodeGhost, event: SnapshotRestored) -> None:
        if event.index < node.applied_index:
            self.fail(
                event,
                f"{event.node} went back to a snapshot of index {event.index}, though it had "
                f"applied up to {node.applied_index}",
                indices=[node.applied_index, event.index],
            )


class CommittedOnMajority(Monitor):
    """A committed entry is, and stays, on the disks of a majority, as entries or by a snapshot.

    What counts is what was synced. A node that is down, or that refuses to start because its disk
    is corrupt, counts with what its disk last held: it answers nobody, so no quorum can form
    behind its back.

    Which majority: when an index is committed first, that of the configuration in effect on the
    node that commits it, the latest in its log, committed or not (section 6); a joint one asks for
    both. Later on, the majority of that same configuration, as of the last index committed:

    - Nodes that held an entry when it was committed hold it for good, whether or not they remain
      members, since leaders of later terms have it and no log gives up what agrees with its
      leader's. So the quorum that it was committed by can only grow, also if the configuration
      was not committed itself and is rolled back.
    - A later configuration needs no judgement of its own: its entry is committed by its own
      quorum, which then holds all that precedes. From then on that is the last index committed,
      so that what happens to the disks of removed members no longer counts.
    """

    name: ClassVar[str] = "committed-on-majority"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        self.checked = 0
        # Under which configuration that index was committed.
        self.configuration = ConfigurationChanged(0, 0, "", 0, cluster.members, (), ())

    def after_committed(self, node: NodeGhost, event: Committed) -> None:
        last = len(self.cluster.committed) - 1
        if last > self.checked:
            self.checked = last
            self.configuration = node.configuration
            self._check(event, "is committed")

    def after_persisted(self, node: NodeGhost, event: Persisted) -> None:
        if node.has_shrunk:
            self._check(event, "was committed")

    def _check(self, event: Committed | Persisted, verb: str) -> None:
        cluster = self.cluster
        index = len(cluster.committed) - 1
        holders = cluster.holders(index)
        configuration = self.configuration
        if not has_quorum(configuration, holders):
            entry = cluster.committed[index]
            on_disk = " and ".join(holders) if holders else "no node"
            needed = f"of {len(configuration.voters)}"
            if configuration.outgoing:
                needed = (
                    f"while it takes a majority of {' '.join(configuration.outgoing)} and one of "
                    f"{' '.join(configuration.voters)}"
                )
            self.fail(
                event,
                f"entry {index} of term {entry.term} {verb}, but only the disk of {on_disk} holds "
                f"it, {needed}",
                index=index,
                term=entry.term,
                holders=holders,
            )


class ExactlyOnce(Monitor):
    """A client's command takes effect at one index only, however often it was sent."""

    name: ClassVar[str] = "exactly-once"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        self.index_of: dict[tuple[str, int], int] = {}

    def after_applied(self, node: NodeGhost, event: Applied) -> None:
        if not event.executed or not event.session:
            return
        first = self.index_of.setdefault((event.session, event.request), event.index)
        if first != event.index:
            self.fail(
                event,
                f"{event.node} executed request {event.request} of session {event.session} at "
                f"index {event.index}; it had taken effect at index {first}",
                session=event.session,
                request=event.request,
                indices=[first, event.index],
            )


MONITORS: tuple[type[Monitor], ...] = (
    LeaderAppendOnly,
    LogMatching,
    MonotonicCommit,
    StateMachineSafety,
    OwnTermCommit,
    AppliedWithinCommit,
    CommittedOnMajority,
    ExactlyOnce,
)
