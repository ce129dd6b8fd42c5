"""A read that does not wait for the state machine."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import ReadIndexReply
from raft.consensus.reads import ConfirmedRead
from raft.replica import Variant


class ReadsWhatThereIs(Consensus):
    """Serves a read as soon as it is confirmed."""

    def on_read_index_reply(self, message: ReadIndexReply) -> None:
        waiting = len(self.confirmed_reads)
        super().on_read_index_reply(message)
        for at in range(waiting, len(self.confirmed_reads)):
            self.confirmed_reads[at] = ConfirmedRead(self.confirmed_reads[at].read_id, 0)


register(
    Variant("read-before-applied", consensus=ReadsWhatThereIs),
    summary="a read is served before the state machine has applied the read index",
    source="thesis, section 6.4, step 4",
    convicted_by={"linearizability"},
    scenario="""
        n1 has committed and answered a command that n2 holds without knowing that it is committed.
        n2 is told the read index, and serves the read from what it has applied.
    """,
    witness="""
        with reads=follower
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        read n2 x
        deliver n2 n1 read-index
        replicate n1 [n3]
        deliver n1 n2 read-index-reply
    """,
)
