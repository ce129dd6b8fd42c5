"""A leader that hands over, and goes on."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class TakesMore(Consensus):
    """Takes commands while its successor catches up."""

    def accepts_proposals(self) -> bool:
        return True


register(
    Variant("proposals-in-transfer", consensus=TakesMore),
    summary="a leader takes commands while it hands over to another server",
    source="thesis, section 3.10, step 1; hashicorp/raft #487",
    convicted_by={"no-proposals-in-transfer"},
    scenario="""
        n1 has asked n2 to take over, and accepts a command that n2 does not have.
    """,
    witness="""
        elect n1 [n2]
        transfer n1 n2 []
        propose n1 put x 1
    """,
)
