"""A change of the membership that nothing of the new term precedes."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ChangesAtOnce(Consensus):
    """Takes up office and the next change together."""

    def has_committed_in_own_term(self) -> bool:
        return True


register(
    Variant("change-before-own-term", consensus=ChangesAtOnce),
    summary="a leader changes the membership before an entry of its own term is committed",
    source="Ongaro's correction of 2015 (raft-dev); copycat #23; braft #182; openraft #2051",
    convicted_by={"one-change-at-a-time"},
    scenario="""
        n1 is elected and begins a change at once. Another leader's change may be about that it
        never saw, and the two differ by more than one server: their majorities need not share
        anybody.
    """,
    witness="""
        with spares=1
        elect n1 [n2]
        change n1 add-voter n4
    """,
)
