"""A vote is written down before the term it was granted in."""

from __future__ import annotations

from collections.abc import Sequence

from raft.bugs.bug import register
from raft.consensus import Entry, NodeId
from raft.replica import Variant
from raft.storage import Storage


class SavesVoteFirst(Storage):
    """Writes the vote under the term that the disk has, and then the term."""

    def save(self, term: int, voted_for: NodeId | None, entries: Sequence[Entry]) -> bool:
        super().save(self.durable_term, voted_for, ())
        return super().save(term, voted_for, entries)


register(
    Variant("vote-before-term", storage=SavesVoteFirst),
    summary="the new vote is written first and the new term after it, in two steps",
    source="a generic mistake where term and vote are two keys of a store",
    convicted_by={"one-vote-a-term", "election-safety"},
    scenario="""
        n3 has voted for n1 in term 1. It votes for n2 in term 2, and power fails between the two
        steps: its disk says that it voted for n2 in term 1.
    """,
    witness="""
        elect n1 [n2 n3]
        fail-power n3 after 1
        elect n2 [n3]
        restart n3
    """,
)
