"""What the monitors remember: the logs of all nodes, in memory and on disk, and what is committed.

A log is kept as prefix hashes: ``hashes[i]`` stands for all entries up to index i, so that two logs
are equal up to i if and only if their hashes at i are equal. One event costs time independent of
the log's length; only a restart re-reads what the disk held. The hash is Python's own of a tuple of
integers and bytes (64 bits); it is compared within a process and never leaves it.
"""

from __future__ import annotations

from checker.trace import Appended, Persisted, Started, Truncated


class NodeGhost:
    """One node as the trace has told it so far."""

    __slots__ = (
        "applied_index",
        "commit_index",
        "durable",
        "durable_from",
        "exposed_term",
        "has_shrunk",
        "hashes",
        "name",
        "role",
        "term",
        "terms",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.role: str | None = None
        self.term = 0
        # The newest term that others may know from this node's messages.
        self.exposed_term = 0
        # Prefix hash and term of each entry of the log in memory; index 0 is the empty log.
        self.hashes = [0]
        self.terms = [0]
        # Prefix hashes of the log on disk, which equals ``hashes`` below ``durable_from``.
        self.durable = [0]
        self.durable_from = 1
        # Whether the last Persisted event may have removed entries from the disk.
        self.has_shrunk = False
        self.commit_index = 0
        self.applied_index = 0

    def start(self, event: Started) -> None:
        """The log is read anew from the disk; ``durable`` stands until the recovery is complete."""
        self.role = "follower"
        self.term = event.term
        self.hashes = [0]
        self.terms = [0]
        self.durable_from = 1
        self.commit_index = 0
        self.applied_index = 0

    def append(self, event: Appended) -> int:
        """Add an entry; the new prefix hash."""
        prefix = hash((self.hashes[-1], event.term, event.command))
        self.hashes.append(prefix)
        self.terms.append(event.term)
        return prefix

    def truncate(self, event: Truncated) -> None:
        """Remove the entries from the event's index on."""
        del self.hashes[event.index :]
        del self.terms[event.index :]
        if event.index < self.durable_from:
            self.durable_from = event.index

    def persist(self, event: Persisted) -> None:
        """Bring ``durable`` up to date."""
        start = self.durable_from
        stop = event.last_index + 1
        self.has_shrunk = start < len(self.durable)
        if self.has_shrunk:
            del self.durable[start:]
        if start < stop:
            self.durable.extend(self.hashes[start:stop])
            self.durable_from = stop

    def holds_durably(self, index: int, prefix: int) -> bool:
        """Whether the disk holds the log with this prefix hash up to ``index``."""
        return index < len(self.durable) and self.durable[index] == prefix


class Commitment:
    """An entry known to be committed: its prefix hash, and the term in which that was learned."""

    __slots__ = ("commit_term", "node", "prefix", "term", "time")

    def __init__(self, prefix: int, term: int, commit_term: int, node: str, time: int) -> None:
        self.prefix = prefix
        self.term = term
        self.commit_term = commit_term
        self.node = node
        self.time = time
