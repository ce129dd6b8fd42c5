"""A follower looks at prevLogIndex alone."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ChecksIndexOnly(Consensus):
    """Is content if there is an entry, of whatever term."""

    def log_matches(self, prev_log_index: int, prev_log_term: int) -> bool:
        return prev_log_index <= self.log.last_index


register(
    Variant("prev-term-not-checked", consensus=ChecksIndexOnly),
    summary="the consistency check compares prevLogIndex, but not prevLogTerm",
    source="a generic mistake of first implementations; the paper's section 5.3",
    convicted_by={"log-matching", "committed-on-majority", "state-machine-safety"},
    scenario="""
        n1 has an entry of term 1, n2 and n3 one of term 2 in its place. n3 leads term 3 and sends
        the entry after it: n1 must not append it.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        replicate n2 [n3]
        elect n3 [n2]
        deliver n3 n1 append
    """,
)
