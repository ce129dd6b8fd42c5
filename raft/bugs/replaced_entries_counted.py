"""The acknowledgement of entries that were replaced counts for those in their place."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CountsReplaced(Consensus):
    """Looks at the term of the write, not at that of the entry."""

    def counts_acknowledgement(self, term: int, last_index: int, last_term: int) -> bool:
        return term == self.current_term


register(
    Variant("replaced-entries-counted", consensus=CountsReplaced),
    summary="a write's acknowledgement counts though the log has replaced what was written",
    source="etcd/raft, async_storage_writes_append_aba_race",
    convicted_by={"committed-on-majority"},
    scenario="""
        n1's disk is writing term 2 when n2, its leader, replaces n1's entry. That write is
        acknowledged: it tells of the old entry, and n1 may not acknowledge the new one yet.
    """,
    witness="""
        with asynchronous_storage=true
        elect n1 [n2]
        stall n1
        elect n2 [n1 n3]
        deliver n2 n1 append
        perform n1 write
        replicate n2 [n1]
    """,
)
