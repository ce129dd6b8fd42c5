"""A vote that the network delivers twice counts as two."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import RequestVoteReply
from raft.replica import Variant


class CountsReplies(Consensus):
    """Counts replies, not voters."""

    replies = 1

    def start_election(self, leadership_transfer: bool = False) -> None:
        self.replies = 1
        super().start_election(leadership_transfer)

    def counts_vote(self, message: RequestVoteReply) -> bool:
        counts = super().counts_vote(message)
        self.replies += counts
        return counts

    def become_leader_if_elected(self) -> None:
        if 2 * self.replies > len(self.configuration.voters):
            self.become_leader()


register(
    Variant("duplicate-vote-counted", consensus=CountsReplies),
    summary="a candidate counts the votes that arrive, not who granted them",
    source="a generic mistake where votes are a counter",
    convicted_by={"elected-by-quorum", "election-safety", "leader-completeness"},
    scenario="""
        Of five servers n2 alone votes for n1. Its answer arrives twice: that makes two votes with
        n1's own, and not three.
    """,
    witness="""
        with replicas=5
        elect n1 [n2?]
        deliver n2 n1 vote-reply copy
        deliver n2 n1 vote-reply
    """,
)
