"""A late message conflicts with what was compacted."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, Entry
from raft.replica import Variant


class ConflictsWithCompacted(Consensus):
    """Takes a term that it does not know any more for another one."""

    def conflicts(self, entry: Entry) -> bool:
        return self.log.term_at(entry.index) != entry.term


register(
    Variant("compacted-entries-conflict", consensus=ConflictsWithCompacted),
    summary=(
        "entries that a late AppendEntries repeats are compared with the log, which no longer "
        "holds them"
    ),
    source=(
        "RedisLabs/raft #49, the first bug: an early AppendEntries comes after a snapshot was taken"
    ),
    convicted_by={"unhandled-exception"},
    scenario="""
        n2 holds two entries as a snapshot only. The message that brought the first arrives once
        more.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        replicate n1 [n2]
        snapshot n2
        deliver n1 n2 append
    """,
)
