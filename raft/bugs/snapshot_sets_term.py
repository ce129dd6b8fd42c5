"""A follower takes the term of the snapshot for the present one."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, Snapshot
from raft.replica import Variant


class TakesTermOfSnapshot(Consensus):
    """Goes to the term of the last entry that it has been given."""

    def restore_snapshot(self, snapshot: Snapshot, *, retain: bool) -> None:
        super().restore_snapshot(snapshot, retain=retain)
        if snapshot.last_term != self.current_term:
            self.set_term(snapshot.last_term)


register(
    Variant("snapshot-sets-term", consensus=TakesTermOfSnapshot),
    summary="InstallSnapshot sets currentTerm to lastIncludedTerm, an older one",
    source="jgroups-raft #23",
    convicted_by={"monotonic-term", "one-vote-a-term", "election-safety"},
    scenario="""
        n2 leads term 2 and sends n3 a snapshot whose last entry is of term 1. n3 goes back to term
        1.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        replicate n1 [n2]
        snapshot n2
        elect n2 [n1]
        replicate n2 [n3]
    """,
)
