"""A server that voted for itself comes back as leader."""

from __future__ import annotations

from typing import Any

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ResumesOffice(Consensus):
    """Takes its own vote, which is on the disk, for an election."""

    def __init__(self, *arguments: Any, **state: Any) -> None:
        super().__init__(*arguments, **state)
        if self.voted_for == self.node:
            self.become_leader()


register(
    Variant("leader-after-restart", consensus=ResumesOffice),
    summary="a server whose vote is its own resumes as leader of that term when it restarts",
    source="openraft #640 and #1771 (who was leader leads at once after a restart)",
    convicted_by={
        "elected-by-quorum",
        "election-safety",
        "log-matching",
        "leader-completeness",
        "state-machine-safety",
    },
    scenario="""
        n1 campaigns in term 1, and nobody hears of it. When it restarts, its disk says that it
        voted for itself, not that it won: another may lead term 1.
    """,
    witness="""
        elect n1 []
        crash n1
        restart n1
    """,
)
