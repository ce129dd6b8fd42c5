"""Who has the same log as the candidate does not vote for it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class WantsMore(Consensus):
    """Asks for a log that is more up-to-date than its own."""

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        log = self.log
        return (last_log_term, last_log_index) > (log.last_term, log.last_index)


register(
    Variant("equal-log-refused", consensus=WantsMore),
    summary="a vote is refused if the candidate's log is as up-to-date as the voter's, not more",
    source="a generic mistake: > for >=; the paper's section 5.4.1",
    convicted_by={"liveness"},
    scenario="""
        All logs are empty, so nobody's is more up-to-date than another's, and nobody is ever
        elected.
    """,
    witness="""
        settle
    """,
)
