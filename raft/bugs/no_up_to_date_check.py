"""Anybody can become leader, whatever its log lacks."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class VotesForAnyLog(Consensus):
    """Does not compare logs."""

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        return True


register(
    Variant("no-up-to-date-check", consensus=VotesForAnyLog),
    summary="a vote is granted without comparing the candidate's log (section 5.4.1 left out)",
    source="a generic mistake of first implementations; the paper's section 5.4.1",
    convicted_by={"leader-completeness", "state-machine-safety", "committed-on-majority"},
    scenario="""
        n1 commits an entry with n2. n3 does not have it, and must not be elected by n2.
    """,
    witness="""
        elect n1 [n2 n3]
        replicate n1 [n2]
        elect n3 [n2]
    """,
)
