"""The longer log wins, however old its entries are."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ComparesLengths(Consensus):
    """Does not look at the last term."""

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        return last_log_index >= self.log.last_index


register(
    Variant("length-only", consensus=ComparesLengths),
    summary="logs are compared by length alone; the last term is not looked at",
    source="hashicorp/raft 441bd09; pyraftlog 3.0.0",
    convicted_by={"leader-completeness", "state-machine-safety", "committed-on-majority"},
    scenario="""
        n1 has an entry of term 1 that nobody else has. n2 leads term 2 and commits one with n3.
        n1's log is as long, but older: n3 must not vote for it, since it lacks what is committed.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n1 n3]
        replicate n2 [n3]
        elect n1 [n3]
    """,
)
