"""A server that is out as soon as it has read so."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class OutAtOnce(Consensus):
    """Campaigns only if its newest configuration has it."""

    def may_campaign(self) -> bool:
        return self.configuration.is_voter(self.node)


register(
    Variant("removed-leader-cannot-return", consensus=OutAtOnce),
    summary="a server that an uncommitted entry removes does not campaign any more",
    source="thesis, section 4.2.2",
    convicted_by={"liveness"},
    scenario="""
        n1 of two appends that it leaves, and crashes before n2 hears of it. n2 needs n1's vote and
        does not get it, as its log is shorter; only n1 could be elected.
    """,
    witness="""
        with replicas=2
        elect n1 [n2]
        replicate n1 [n2]
        change n1 remove n1
        crash n1
        settle
    """,
)
