"""What was once uncommitted counts for ever."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class NeverReleases(Consensus):
    """Counts the whole log."""

    def uncommitted_bytes(self) -> int:
        return self.log.bytes_between(0, self.log.last_index)


register(
    Variant("uncommitted-never-released", consensus=NeverReleases),
    summary="the size of the uncommitted log never shrinks, until every proposal is refused",
    source="etcd a370b6f: the counter of uncommitted bytes leaked",
    convicted_by={"liveness"},
    scenario="""
        Only a few uncommitted bytes are allowed. They are committed, and still no proposal is
        taken.
    """,
    witness="""
        with max_uncommitted_bytes=17
        elect n1 [n2]
        propose n1 put x 1
        settle
    """,
)
