"""A lease that a transfer does not end."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class KeepsItsLease(Consensus):
    """Reads on, whatever it has told its successor."""

    def lease_is_void(self) -> bool:
        return False


register(
    Variant("lease-outlives-transfer", consensus=KeepsItsLease),
    summary="a leader that has sent TimeoutNow goes on reading by its lease",
    source="tikv #1593; openraft #1748; thesis, section 6.4.1",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n1 hands over to n2, whom n3 elects at once, as the leader wants it. n1 has not heard of it,
        and its lease is still young.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        transfer n1 n2 [n3]
        replicate n2 [n3]
        read n1 x
    """,
)
