"""The vote is gone from the disk for a moment."""

from __future__ import annotations

from collections.abc import Sequence

from raft.bugs.bug import register
from raft.consensus import Entry, NodeId
from raft.replica import Variant
from raft.storage import Storage


class SavesInTwoSteps(Storage):
    """Writes the term, without a vote, and then the vote."""

    def save(self, term: int, voted_for: NodeId | None, entries: Sequence[Entry]) -> bool:
        super().save(term, None, ())
        return super().save(term, voted_for, entries)


register(
    Variant("term-and-vote-in-two-steps", storage=SavesInTwoSteps),
    summary="each save first writes the term without a vote, then both",
    source="sofa-jraft, found by Specula: setTermAndVotedFor in two steps",
    convicted_by={"one-vote-a-term", "election-safety"},
    scenario="""
        n2 has voted for n1 in term 1. When it saves the first entry, power fails between the two
        steps: its disk tells of no vote in term 1.
    """,
    witness="""
        elect n1 [n2]
        fail-power n2 after 1
        replicate n1 [n2]
        restart n2
    """,
)
