"""A joint configuration left before it is committed."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class LeavesTooEarly(Consensus):
    """Goes on as soon as anything is committed."""

    def is_configuration_committed(self) -> bool:
        return self.has_committed_in_own_term()


register(
    Variant("joint-left-too-early", consensus=LeavesTooEarly),
    summary="a leader leaves a joint configuration before it is committed",
    source="the paper's section 6: once C-old,new has been committed",
    convicted_by={"one-change-at-a-time"},
    scenario="""
        n1's command and, after it, the joint configuration that removes n3 are in its log. When n2
        has the command, which is then committed, n1 already appends the configuration that is to
        follow.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        propose n1 put x 1
        change n1 remove n3 implicit
        deliver n1 n2 append #1
        deliver n2 n1 append-reply
    """,
)
