"""A voter that hears from a leader, and elects another."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class VotesDespiteLeader(Consensus):
    """Votes for whoever asks well."""

    def hears_from_leader(self) -> bool:
        return False


register(
    Variant("votes-despite-leader", consensus=VotesDespiteLeader),
    summary=(
        "a server grants its vote although it has just heard from a leader that counts on a lease"
    ),
    source="thesis, section 6.4.1; raft-rs #141",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n1's lease rests on n2, who votes for n3 although it has just heard from n1.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        deliver n1 n3 append
        replicate n1 [n2]
        replicate n1 [n2]
        elect n3 [n2] hastily
        replicate n3 [n2]
        read n1 x
    """,
)
