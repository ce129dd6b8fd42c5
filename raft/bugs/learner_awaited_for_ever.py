"""A promotion that waits for a learner that is gone."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class WaitsForEver(Consensus):
    """Gives every learner all the time it needs."""

    def check_learners(self) -> None:
        pass


register(
    Variant("learner-awaited-for-ever", consensus=WaitsForEver),
    summary=(
        "a leader waits for ever for a learner that is to be promoted and does not answer; no"
        " other change may begin"
    ),
    source="thesis, section 4.2.1: the leader should abort the change",
    convicted_by={"liveness"},
    scenario="""
        n1 is asked to promote the learner n4, who lacks an entry, and whose disk is lost.
    """,
    witness="""
        with spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-learner n4
        replicate n1 [n2]
        lose-file n4 vote
        change n1 promote n4
        settle
    """,
)
