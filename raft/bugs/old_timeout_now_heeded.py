"""An order of a leader of the past."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import TimeoutNow
from raft.consensus.state import LEADER
from raft.replica import Variant


class ObeysAnyLeader(Consensus):
    """Campaigns when it is told to, whenever that was said."""

    def heeds_timeout_now(self, message: TimeoutNow) -> bool:
        return self.role != LEADER and self.may_campaign()


register(
    Variant("old-timeout-now-heeded", consensus=ObeysAnyLeader),
    summary=(
        "a server heeds TimeoutNow of an older term, and deposes a leader that counts on its lease"
    ),
    source="hashicorp/raft #581; openraft #1806 (both: no check of what the request is of)",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n1's TimeoutNow to n2 is held. n3 is elected since, and reads by its lease. Then n2
        campaigns with the word of the leader that n1 was, so that nobody holds it back.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        replicate n1 [n2 n3]
        transfer n1 n2 held
        elect n3 [n2]
        replicate n3 [n1 n2]
        deliver n1 n2 timeout-now
        deliver n2 n1 vote
        deliver n1 n2 vote-reply
        replicate n2 [n1]
        read n3 x
    """,
)
