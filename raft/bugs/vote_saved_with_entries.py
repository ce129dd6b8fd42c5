"""Term and vote wait for the next entries."""

from __future__ import annotations

from collections.abc import Sequence

from raft.bugs.bug import register
from raft.consensus import Entry, NodeId
from raft.replica import Variant
from raft.storage import Storage


class SavesWithEntries(Storage):
    """Spares a sync: nothing is written as long as the log does not grow."""

    def save(self, term: int, voted_for: NodeId | None, entries: Sequence[Entry]) -> bool:
        return bool(entries) and super().save(term, voted_for, entries)


register(
    Variant("vote-saved-with-entries", storage=SavesWithEntries),
    summary="term and vote are saved along with entries only, so that a vote alone is not",
    source="a generic mistake: one batch for the log and what belongs to it",
    convicted_by={"monotonic-term", "one-vote-a-term", "election-safety"},
    scenario="""
        n2 votes for n1 in term 1. No entry has come from n1 yet when n2 restarts: it must still be
        in term 1.
    """,
    witness="""
        elect n1 [n2]
        crash n2
        restart n2
    """,
)
