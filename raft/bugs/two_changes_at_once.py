"""Changes of the membership that do not wait for each other."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ChangesInParallel(Consensus):
    """Does not wait for the change before."""

    def is_change_uncommitted(self) -> bool:
        return False


register(
    Variant("two-changes-at-once", consensus=ChangesInParallel),
    summary="a leader begins a change of the membership while the one before is not committed",
    source="thesis, section 4.1; wenweihu86/raft-java #27",
    convicted_by={"one-change-at-a-time"},
    scenario="""
        n1 leads, adds n4, and adds n5 before anybody else has heard of n4.
    """,
    witness="""
        with spares=2
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-voter n4
        change n1 add-voter n5
    """,
)
