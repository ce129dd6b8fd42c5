"""A candidate that campaigns again goes on counting where it was."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class GoesOnCounting(Consensus):
    """Keeps the votes of its elections before."""

    def reset_votes(self) -> None:
        self.votes.add(self.node)


register(
    Variant("votes-not-reset", consensus=GoesOnCounting),
    summary="votes granted in an older term are kept when a candidate campaigns again",
    source="a generic mistake; raft-rs #83 for pre-votes",
    convicted_by={"elected-by-quorum", "election-safety"},
    scenario="""
        Of five servers n2 votes for n1 in term 1, and only n3 in term 2: these are two of the three
        that n1 needs in term 2, its own vote among them.
    """,
    witness="""
        with replicas=5
        elect n1 [n2]
        elect n1 [n3]
    """,
)
