"""A message of an old leader takes a server back to its term."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class FollowsAnyTerm(Consensus):
    """Takes the term of every AppendEntries for its own."""

    def on_append_entries(self, message: AppendEntries) -> None:
        if message.term < self.current_term:
            self.set_term(message.term)
        super().on_append_entries(message)


register(
    Variant("append-lowers-term", consensus=FollowsAnyTerm),
    summary="AppendEntries of a lower term is followed, and lowers currentTerm",
    source="pyraftlog 3.0.0 (Node.on_message)",
    convicted_by={"monotonic-term", "election-safety", "one-vote-a-term"},
    scenario="""
        n1 leads term 1, and its messages to n3 are late. n3 is in term 2 when one comes: it must
        refuse it, and not go back to term 1.
    """,
    witness="""
        elect n1 [n2 n3]
        elect n3 []
        deliver n1 n3 append
    """,
)
