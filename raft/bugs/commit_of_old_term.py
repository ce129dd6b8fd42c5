"""The commit rule of the paper's Figure 8."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CommitsOldTerms(Consensus):
    """Commits whatever a majority holds."""

    def may_commit(self, index: int) -> bool:
        return True


register(
    Variant("commit-of-old-term", consensus=CommitsOldTerms),
    summary="an entry of an older term is committed by counting replicas (Figure 8)",
    source="LogCabin #44; PySyncObj #169; the paper's section 5.4.2",
    convicted_by={"own-term-commit", "leader-completeness", "state-machine-safety"},
    scenario="""
        n1 writes an entry that reaches only itself, n2 leads a newer term, then n1 leads again and
        brings its old entry to a majority before one of its new term: it must not count as
        committed, since n2 may still be elected and overwrite it (Figure 8).
    """,
    witness="""
        with max_entries_per_append=1
        elect n1 [n2]
        elect n2 [n1 n3]
        elect n1 [n2 n3]
        replicate n1 [n3]
    """,
)
