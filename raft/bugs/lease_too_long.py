"""A lease longer than its voters wait."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class HoldsForLonger(Consensus):
    """Counts on the longest election time-out."""

    def lease_duration(self) -> int:
        return self.settings.election_timeout_max


register(
    Variant("lease-too-long", consensus=HoldsForLonger),
    summary="a lease lasts for the longest election time-out, while voters wait for the shortest",
    source="sofa-jraft #25, where leading is enough; thesis, section 6.4.1",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n2 and n3 wait for the minimum election time-out and elect n2. n1 still holds its lease.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        replicate n1 [n2 n3]
        elect n2 [n3]
        replicate n2 [n3]
        read n1 x
    """,
)
