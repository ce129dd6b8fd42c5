"""The last terms are compared, and not the lengths."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ComparesTerms(Consensus):
    """Does not look at the last index."""

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        return last_log_term >= self.log.last_term


register(
    Variant("term-only", consensus=ComparesTerms),
    summary="logs are compared by their last term alone; with equal terms the shorter one may win",
    source="a generic mistake; the paper's section 5.4.1",
    convicted_by={"leader-completeness", "state-machine-safety", "committed-on-majority"},
    scenario="""
        All hold the first entry of term 1; the second is committed by n1 and n2. n3 has the same
        last term, but the shorter log: n2 must not vote for it.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2 n3]
        propose n1 put x 1
        replicate n1 [n2]
        elect n3 [n2]
    """,
)
