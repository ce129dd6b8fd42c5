"""A leader that waits for its successor for ever."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class NeverGivesUp(Consensus):
    """Hands over, however long it takes."""

    def tick_transfer(self) -> None:
        pass


register(
    Variant("transfer-never-abandoned", consensus=NeverGivesUp),
    summary=(
        "a leader does not abandon a transfer whose target is gone, and takes no commands any more"
    ),
    source="thesis, section 3.10; hashicorp/raft #696",
    convicted_by={"liveness"},
    scenario="""
        n1 is asked to hand over to n3, whose disk is lost. It leads on, but refuses all commands.
    """,
    witness="""
        elect n1 [n2]
        lose-file n3 vote
        transfer n1 n3 held
        settle
    """,
)
