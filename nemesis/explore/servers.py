"""One server as a value: what its disk holds, what its process knows, what it has promised.

Everything is a tuple of plain values: equal servers are equal tuples, share their parts, and are
written to a file as they are. A log is a tuple of entries from index 1 on. A command is named by
the server that took it; index, term and taker tell any two commands apart, so that no numbering of
commands distinguishes states that differ by nothing else.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from raft.consensus import NodeId, Role


class LogEntry(NamedTuple):
    """An entry of a log, whose place there is its index."""

    term: int
    command: bytes


Log = tuple[LogEntry, ...]


class Disk(NamedTuple):
    """What a crash leaves."""

    term: int = 0
    voted_for: NodeId | None = None
    log: Log = ()


class Process(NamedTuple):
    """What a server that is up holds in memory. ``rest`` is what else differs from a server that
    was just started: attributes by name, as frozen values."""

    term: int
    voted_for: NodeId | None
    log: Log
    role: Role
    commit_index: int
    rest: tuple[tuple[str, Any], ...]


class Promises(NamedTuple):
    """What others know of a server and its disk does not tell: the newest term of its messages, 0
    if the disk tells as much, and its votes, by term."""

    term: int = 0
    votes: tuple[tuple[int, NodeId], ...] = ()

    def vote_in(self, term: int, disk: Disk) -> NodeId | None:
        """Whom the server has voted for in the term; what the disk holds was told, too."""
        for voted_in, candidate in self.votes:
            if voted_in == term:
                return candidate
        return disk.voted_for if disk.term == term else None

    def on(self, disk: Disk) -> Promises:
        """What is left to remember, now that the disk holds this."""
        term = self.term if self.term > disk.term else 0
        if not self.votes:
            return self if term == self.term else NO_PROMISES
        told = (disk.term, disk.voted_for)
        votes = tuple(vote for vote in self.votes if vote[0] >= disk.term and vote != told)
        return Promises(term, votes)


NO_PROMISES = Promises()


class Server(NamedTuple):
    """A server of the world; ``process`` is None while it is down."""

    name: NodeId
    disk: Disk
    process: Process | None
    promises: Promises = NO_PROMISES


class Violation(NamedTuple):
    """What is wrong: the kind is the name of the monitor that ought to convict it."""

    kind: str
    what: str
