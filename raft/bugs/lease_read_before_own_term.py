"""A lease that is taken for a recent commit index."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.entry import NodeId
from raft.replica import Variant


class LeaseIsEnough(Consensus):
    """Nobody else leads, so whatever it knows must be the latest."""

    def begin_read(self, reader: NodeId, read_id: int) -> None:
        if self.holds_lease():
            self.observer.lease_read(self.commit_index, self.current_term)
            self.confirm_read(reader, read_id, self.commit_index)
        else:
            super().begin_read(reader, read_id)


register(
    Variant("lease-read-before-own-term", consensus=LeaseIsEnough),
    summary="a leader reads by its lease before an entry of its own term is committed",
    source="etcd #7331, for reads by lease; thesis, section 6.4.1",
    convicted_by={"linearizability"},
    scenario="""
        n2 has n1's entry, but was not told that it is committed, and leads next. n3 refuses what
        follows, as it lacks that entry; but it has answered, so n2 has a lease, and reads what it
        has applied.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        elect n2 [n3]
        deliver n2 n3 append
        deliver n3 n2 append-reply
        read n2 x
    """,
)
