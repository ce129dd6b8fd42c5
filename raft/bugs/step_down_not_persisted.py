"""A server that finds itself behind does not save the newer term."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class EntersInMemory(Consensus):
    """Leaves the saving to whoever changes more than the term."""

    def observe_term(self, term: int) -> None:
        must_save = self.must_save
        super().observe_term(term)
        self.must_save = must_save


register(
    Variant("step-down-not-persisted", consensus=EntersInMemory),
    summary="the term of another server is adopted, but not persisted before it is answered",
    source="eliben/raft 0ae7b34",
    convicted_by={"monotonic-term", "one-vote-a-term", "election-safety", "liveness"},
    scenario="""
        n1 leads term 1 and refuses n2, which lacks its entry, a vote in term 2. It has answered in
        term 2, so it must not come back in term 1. (With asynchronous storage it never answers: the
        answer waits for a write.)
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n1]
        crash n1
        restart n1
    """,
)
