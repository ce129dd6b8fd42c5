"""Whoever has voted once has no vote any more."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class KeepsVote(Consensus):
    """Takes votedFor for one of all terms."""

    def set_term(self, term: int) -> None:
        voted_for = self.voted_for
        super().set_term(term)
        self.voted_for = voted_for


register(
    Variant("vote-kept-across-terms", consensus=KeepsVote),
    summary="votedFor is not cleared when a server enters a newer term",
    source="a generic mistake; Figure 2, votedFor",
    convicted_by={"liveness"},
    scenario="""
        All three campaign in term 1, n1 as the last, and vote for themselves. In no later term do
        they vote for anybody else.
    """,
    witness="""
        elect n2 []
        elect n3 []
        settle
    """,
)
