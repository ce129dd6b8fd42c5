"""A refusal taken for an answer."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import ReadIndexReply
from raft.consensus.reads import ConfirmedRead
from raft.replica import Variant


class ServesAnyway(Consensus):
    """If the leader has no read index, its own will do."""

    def on_read_index_reply(self, message: ReadIndexReply) -> None:
        super().on_read_index_reply(message)
        self.confirmed_reads += [ConfirmedRead(each, 0) for each in self.refused_reads]
        self.refused_reads = []


register(
    Variant("refused-read-served", consensus=ServesAnyway),
    summary="a follower serves a read although the server it asked refused to confirm it",
    source="thesis, section 6.4",
    convicted_by={"linearizability"},
    scenario="""
        n1 has committed and answered a command that n3 has not, and was restarted. It no longer
        leads, and says so to n3.
    """,
    witness="""
        with reads=follower
        elect n1 [n2]
        replicate n1 [n2 n3]
        propose n1 put x 1
        replicate n1 [n2]
        crash n1
        restart n1
        read n3 x
        deliver n3 n1 read-index
        deliver n1 n3 read-index-reply
    """,
)
