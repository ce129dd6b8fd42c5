"""What the monitors remember: the logs of all nodes, in memory and on disk, and what is committed.

A log is kept as prefix hashes: the hash at index i stands for all entries up to i, so that two logs
are equal up to i if and only if their hashes at i are equal. One event costs time independent of
the log's length; only a restart re-reads what the disk held. The hash is Python's own of a tuple of
integers and bytes (64 bits); it is compared within a process and never leaves it.

A snapshot stands for the committed log up to its index, so the hash at its index is that of the
cluster's record. A log that was replaced by a snapshot begins there: ``base`` is its first known
index. Compaction takes nothing from a ghost: what a log no longer holds its snapshot vouches for.
"""

from __future__ import annotations

from checker.trace import (
    Appended,
    ConfigurationChanged,
    Persisted,
    SnapshotRestored,
    SnapshotTaken,
    Started,
    Truncated,
)


class Commitment:
    """An entry known to be committed: its prefix hash, and the term in which that was learned."""

    __slots__ = ("commit_term", "node", "prefix", "term", "time")

    def __init__(self, prefix: int, term: int, commit_term: int, node: str, time: int) -> None:
        self.prefix = prefix
        self.term = term
        self.commit_term = commit_term
        self.node = node
        self.time = time


class NodeGhost:
    """One node as the trace has told it so far."""

    __slots__ = (
        "applied_index",
        "base",
        "commit_index",
        "committed",
        "configuration",
        "durable",
        "durable_base",
        "durable_from",
        "durable_snapshot",
        "exposed_term",
        "has_shrunk",
        "hashes",
        "knows_configuration",
        "name",
        "role",
        "snapshot_index",
        "term",
        "terms",
    )

    def __init__(
        self, name: str, configuration: ConfigurationChanged, committed: list[Commitment]
    ) -> None:
        self.name = name
        # The cluster's record of what is committed.
        self.committed = committed
        self.role: str | None = None
        self.term = 0
        # The newest term that others may know from this node's messages.
        self.exposed_term = 0
        # Prefix hash and term of each entry of the log in memory, that of index ``base`` first.
        self.base = 0
        self.hashes = [0]
        self.terms = [0]
        # Prefix hashes of what the disk holds, that of ``durable_base`` first. Below
        # ``durable_from`` it equals ``hashes``; if that is not above ``base``, memory began anew
        # and the disk has not followed yet.
        self.durable_base = 0
        self.durable = [0]
        self.durable_from = 1
        # Whether the last Persisted event may have removed entries from the disk.
        self.has_shrunk = False
        self.commit_index = 0
        self.applied_index = 0
        # The newest snapshot that this life of the node has, and that on its disk; 0 is none.
        self.snapshot_index = 0
        self.durable_snapshot = 0
        # What is in effect, and whether this life of the node has told so itself.
        self.configuration = configuration
        self.knows_configuration = False

    @property
    def last_index(self) -> int:
        """The last index of the log in memory."""
        return self.base + len(self.hashes) - 1

    @property
    def is_recovering(self) -> bool:
        """Whether the node tells what its disk held: from Started to the first Persisted."""
        return self.durable_from == 0

    def start(self, event: Started) -> None:
        """The log is read anew from the disk; ``durable`` stands until the recovery is complete."""
        self.role = "follower"
        self.term = event.term
        self.base = 0
        self.hashes = [0]
        self.terms = [0]
        self.durable_from = 0
        self.commit_index = 0
        self.applied_index = 0
        self.snapshot_index = 0
        self.knows_configuration = False

    def append(self, event: Appended) -> int:
        """Add an entry; the new prefix hash."""
        prefix = hash((self.hashes[-1], event.term, event.command))
        self.hashes.append(prefix)
        self.terms.append(event.term)
        return prefix

    def truncate(self, event: Truncated) -> None:
        """Remove the entries from the event's index on."""
        self._cut(event.index)

    def _cut(self, index: int) -> None:
        # What the snapshot at ``base`` stands for cannot be removed; who tries is convicted.
        at = max(index - self.base, 1)
        del self.hashes[at:]
        del self.terms[at:]
        if index < self.durable_from:
            self.durable_from = index

    def persist(self, event: Persisted) -> None:
        """Bring ``durable`` up to date."""
        start = self.durable_from
        stop = event.last_index + 1
        base = self.base
        if start <= base:
            self._replace(stop)
            return
        if self.snapshot_index > self.durable_snapshot:
            self.durable_snapshot = self.snapshot_index
        self.has_shrunk = start - base < len(self.durable)
        if self.has_shrunk:
            del self.durable[start - base :]
        if start < stop:
            self.durable.extend(self.hashes[start - base : stop - base])
            self.durable_from = stop

    def _replace(self, stop: int) -> None:
        """The disk follows a log that began anew: after a restart or with a snapshot received.
        If what was synced does not reach the snapshot, the disk holds what it held."""
        self.has_shrunk = stop > self.base and self.durable_base + len(self.durable) > 1
        if stop > self.base:
            self.durable_base = self.base
            self.durable = self.hashes[: stop - self.base]
            self.durable_from = self.base + len(self.durable)
            self.durable_snapshot = max(self.durable_snapshot, self.snapshot_index)

    def take_snapshot(self, event: SnapshotTaken) -> None:
        """What the snapshot covers is durable by it, whether or not the log was."""
        index = event.index
        self.snapshot_index = self.durable_snapshot = max(self.snapshot_index, index)
        if self.base < self.durable_from <= index <= self.last_index:
            at = self.durable_from - self.base
            del self.durable[at:]
            self.durable.extend(self.hashes[at : index + 1 - self.base])
            self.durable_from = index + 1

    def restore_snapshot(self, event: SnapshotRestored) -> None:
        """The log goes on from the snapshot, with what it keeps of the entries after it. A snapshot
        of what is not committed, or one out of date, is convicted and not taken over."""
        index = event.index
        if index >= len(self.committed) or index < self.base:
            return
        if not self.is_recovering and self.holds(index):
            self._cut(max(index, event.last_index) + 1)
        else:
            entry = self.committed[index]
            self.base = index
            self.hashes = [entry.prefix]
            self.terms = [entry.term]
            if not self.is_recovering:
                self.durable_from = index
        self.snapshot_index = max(self.snapshot_index, index)
        self.commit_index = max(self.commit_index, index)
        self.applied_index = max(self.applied_index, index)

    def configure(self, event: ConfigurationChanged) -> None:
        """Another configuration is in effect."""
        self.configuration = event
        self.knows_configuration = True

    def holds(self, index: int) -> bool:
        """Whether the log in memory agrees with what is committed up to ``index``."""
        at = index - self.base
        return at < 0 or (at < len(self.hashes) and self.hashes[at] == self.committed[index].prefix)

    def holds_durably(self, index: int, prefix: int) -> bool:
        """Whether the disk holds the log with this prefix hash up to ``index``, as entries or by a
        snapshot."""
        at = index - self.durable_base
        return at < 0 or (at < len(self.durable) and self.durable[at] == prefix)
