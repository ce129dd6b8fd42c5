"""The candidate must have what the voter knows as committed, not what it has."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ComparesCommitted(Consensus):
    """Leaves out of its own log what may still be lost, as far as it knows."""

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        term = self.log.term_at(self.commit_index)
        return (last_log_term, last_log_index) >= (term, self.commit_index)


register(
    Variant("commit-index-compared", consensus=ComparesCommitted),
    summary="the candidate's log is compared with the voter's commitIndex, which lags behind",
    source="a generic mistake; the paper's section 5.4.1",
    convicted_by={"leader-completeness", "state-machine-safety", "committed-on-majority"},
    scenario="""
        n1 commits an entry with n2, which holds it and has not heard yet that it is committed. n3
        lacks it: n2 must not vote for it.
    """,
    witness="""
        elect n1 [n2 n3]
        replicate n1 [n2]
        elect n3 [n2]
    """,
)
