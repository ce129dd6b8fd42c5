"""Committed entries beyond the size limit are never applied."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, Entry
from raft.replica import Variant


class SkipsPages(Consensus):
    """Hands out a page of what is committed, and takes all of it for handed out."""

    handed_out = 0

    def entries_to_apply(self, applied_index: int) -> tuple[Entry, ...]:
        first = max(applied_index, self.handed_out) + 1
        if first > self.commit_index:
            return ()
        self.handed_out = self.commit_index
        return self.log.entries_from(
            first, self.commit_index - first + 1, self.settings.max_bytes_per_append
        )


register(
    Variant("page-skips-entries", consensus=SkipsPages),
    summary=(
        "of committed entries only a page is applied at a time, and the next one begins after "
        "commitIndex"
    ),
    source="etcd 8ecce32, found by CockroachDB: entries forgotten when the size limit was hit",
    convicted_by={"applied-within-commit", "same-state", "liveness", "linearizability"},
    scenario="""
        A page holds one entry. n2 learns at once that two are committed and applies the first; the
        third, once it is committed, is applied next.
    """,
    witness="""
        with asynchronous_storage=true max_bytes_per_append=1
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        propose n1 put x 2
        replicate n1 [n2]
        replicate n1 [n2]
    """,
)
