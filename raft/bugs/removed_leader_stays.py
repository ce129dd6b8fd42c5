"""A leader that has left, and leads."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class StaysInOffice(Consensus):
    """Leads until another one does."""

    def is_entitled_to_lead(self) -> bool:
        return True


register(
    Variant("removed-leader-stays", consensus=StaysInOffice),
    summary="a leader that the committed configuration does not have goes on leading",
    source="canonical/raft #235 (fixes #234); thesis, section 4.2.2",
    convicted_by={"liveness"},
    scenario="""
        n1 removes itself, and leads n2 and n3 for good.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        change n1 remove n1
        settle
    """,
)
