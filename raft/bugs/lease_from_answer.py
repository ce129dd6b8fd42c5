"""A lease that begins when the answers come."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply
from raft.consensus.state import LEADER
from raft.replica import Variant


class CountsFromAnswers(Consensus):
    """Counts from when it hears of it."""

    def on_append_entries_reply(self, message: AppendEntriesReply) -> None:
        super().on_append_entries_reply(message)
        if self.role == LEADER:
            self.renew_lease()

    def renew_lease(self) -> None:
        before = self.lease_began
        super().renew_lease()
        if self.lease_began != before:
            self.lease_began = self.now


register(
    Variant("lease-from-answer", consensus=CountsFromAnswers),
    summary=(
        "a lease is counted from when a majority's answers came, not from when they were asked for"
    ),
    source="thesis, section 6.4.1: from when the round was sent",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n2's answer to n1's heartbeat is long on its way. When it comes, n2 is about to vote for
        another; yet n1 counts a whole lease from then on.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        replicate n1 [n2 n3]
        replicate n1 [n2?]
        wait 100 [n2]
        deliver n2 n1 append-reply
        elect n3 [n2]
        replicate n3 [n2]
        read n1 x
    """,
)
