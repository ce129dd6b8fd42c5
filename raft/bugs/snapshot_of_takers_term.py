"""A snapshot is said to be of the term in which it is taken."""

from __future__ import annotations

from msgspec.structs import replace

from raft.bugs.bug import register
from raft.consensus import Consensus, Snapshot
from raft.replica import Variant


class StampsSnapshots(Consensus):
    """Takes the current term for that of the last entry."""

    def snapshot_taken(self, snapshot: Snapshot) -> None:
        super().snapshot_taken(replace(snapshot, last_term=self.current_term))


register(
    Variant("snapshot-of-takers-term", consensus=StampsSnapshots),
    summary=(
        "lastIncludedTerm is the current term, not that of the last entry that the snapshot covers"
    ),
    source="a generic mistake (MIT 6.824, lab 2D); the paper's Figure 13",
    convicted_by={"snapshot-of-applied", "state-machine-safety", "log-matching"},
    scenario="""
        n1 applies an entry of term 1, sees n2 elected in term 2, and takes a snapshot.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        elect n2 [n1]
        snapshot n1
    """,
)
