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
        n2 enters term 1 and saves it with its first entry. It votes for n3 in term 2, which comes
        without entries, and restarts: it must not be back in term 1.
    """,
    witness="""
        elect n1 [n2 n3]
        replicate n1 [n2 n3]
        elect n3 [n2]
        crash n2
        restart n2
    """,
)
