"""A follower keeps entries that conflict with the leader's."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, Entry
from raft.replica import Variant


class KeepsConflicts(Consensus):
    """Takes an entry of the same index for the same entry."""

    def conflicts(self, entry: Entry) -> bool:
        return False


register(
    Variant("conflicts-kept", consensus=KeepsConflicts),
    summary="nothing is deleted: an existing entry stays though the leader's has another term",
    source="WRaft #118 (SandTable); the paper's Figure 2, AppendEntries, rule 3",
    convicted_by={"committed-on-majority", "log-matching", "state-machine-safety"},
    scenario="""
        n1 has an entry of term 1. n2 leads term 2 and sends another of the same index: n1 keeps its
        own and says that it has n2's.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        replicate n2 [n1]
    """,
)
