"""A read that is confirmed by what was asked before it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.entry import NodeId
from raft.consensus.reads import PendingRead
from raft.replica import Variant


class JoinsTheRound(Consensus):
    """Waits for the round that is under way, if there is one."""

    def ask_for_confirmation(self, reader: NodeId, read_id: int) -> None:
        if self.majority_read_round() == self.read_round:
            super().ask_for_confirmation(reader, read_id)
        else:
            self.pending_reads.append(
                PendingRead(reader, read_id, self.commit_index, self.read_round)
            )


register(
    Variant("read-joins-round", consensus=JoinsTheRound),
    summary="a read is confirmed by a round of heartbeats that was sent before it arrived",
    source="thesis, section 6.4, step 3: a new round",
    convicted_by={"linearizability"},
    scenario="""
        n3 answers a round that n1 has begun for c1's read, and then helps to elect n2. Its answer
        comes when c2 reads at n1 what n2 has overwritten.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2 n3]
        read n1 x as c1
        replicate n1 [n3?]
        elect n2 [n3]
        propose n2 put x 1
        replicate n2 [n3]
        read n1 x as c2
        deliver n3 n1 append-reply
    """,
)
