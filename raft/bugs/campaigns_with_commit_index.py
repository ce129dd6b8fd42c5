"""A candidate tells what it knows as committed instead of what it has."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import RequestVote
from raft.replica import Variant


class TellsCommitted(Consensus):
    """Names the last entry that cannot be lost, as far as it knows."""

    def request_votes(self, leadership_transfer: bool) -> None:
        index = self.commit_index
        last = index, self.log.term_at(index)
        for peer in self.peers:
            self.outbox.append(
                RequestVote(self.node, peer, self.current_term, *last, leadership_transfer)
            )


register(
    Variant("campaigns-with-commit-index", consensus=TellsCommitted),
    summary="RequestVote carries commitIndex and its term instead of the end of the log",
    source="a generic mistake; Figure 2, RequestVote: lastLogIndex",
    convicted_by={"liveness"},
    scenario="""
        All have an entry, and after a restart of n1, which led, nobody knows it as committed. So
        every candidate seems to lack what the voters have.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2 n3]
        crash n1
        settle
    """,
)
