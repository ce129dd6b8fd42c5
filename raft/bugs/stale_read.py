"""A leader that was deposed goes on answering reads."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ReadsWithoutAsking(Consensus):
    """Believes itself."""

    def leads_without_asking(self) -> bool:
        return True


register(
    Variant("stale-read", consensus=ReadsWithoutAsking),
    summary="a leader serves reads without asking a majority whether it still leads",
    source="etcd before 0.4 and Consul (Jepsen, 2014); thesis, section 6.4",
    convicted_by={"linearizability"},
    scenario="""
        n1 is deposed by n2 without hearing of it. A value is written at n2, then n1 is asked for
        it: it must find out that it no longer leads, instead of answering what it has.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        elect n2 [n3]
        propose n2 put x 1
        replicate n2 [n3]
        read n1 x as c1
    """,
)
