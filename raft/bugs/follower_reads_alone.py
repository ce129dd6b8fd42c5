"""A follower that asks nobody."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.reads import ConfirmedRead
from raft.consensus.state import LEADER
from raft.replica import Variant


class ServesAlone(Consensus):
    """Takes its own commit index for the read index."""

    def read(self, read_id: int) -> None:
        if self.role == LEADER:
            super().read(read_id)
        else:
            self.confirmed_reads.append(ConfirmedRead(read_id, self.commit_index))


register(
    Variant("follower-reads-alone", consensus=ServesAlone),
    summary="a follower answers reads from its own state without asking the leader",
    source="thesis, section 6.4: a follower asks the leader for a read index",
    convicted_by={"linearizability"},
    scenario="""
        n1 and n2 have committed and answered a command; n3 has not heard of it, and is asked.
    """,
    witness="""
        with reads=follower
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        read n3 x
    """,
)
