"""A server goes back to the term of a message that is late."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ObservesAnyTerm(Consensus):
    """Takes another term for a newer one."""

    def observe_term(self, term: int) -> None:
        if term != self.current_term:
            self.set_term(term)
            self.become_follower(None)


register(
    Variant("any-term-observed", consensus=ObservesAnyTerm),
    summary="currentTerm is set to the term of any message that differs, a lower one too",
    source="a generic mistake: != for >; Figure 2, rules for all servers",
    convicted_by={"monotonic-term", "election-safety", "one-vote-a-term"},
    scenario="""
        n1 campaigns in term 1 and again in term 2. Now n2's answer of term 1 comes, and must not
        take n1 back to term 1.
    """,
    witness="""
        elect n1 [n2?]
        elect n1 []
        deliver n2 n1 vote-reply
    """,
)
