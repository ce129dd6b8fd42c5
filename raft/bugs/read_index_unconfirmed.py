"""A read index that is given away at once."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import ReadIndex
from raft.consensus.state import LEADER
from raft.replica import Variant


class AnswersReadersAtOnce(Consensus):
    """Asks for confirmation only if it serves the read itself."""

    def on_read_index(self, message: ReadIndex) -> None:
        self.observe_term(message.term)
        read_index = self.commit_index if self.role == LEADER else None
        self.answer_reader(message.source, message.read_id, read_index)


register(
    Variant("read-index-unconfirmed", consensus=AnswersReadersAtOnce),
    summary="a leader answers a follower's request for a read index without asking a majority",
    source="thesis, section 6.4: the leader performs steps 1 to 3",
    convicted_by={"linearizability"},
    scenario="""
        n1 and n5 do not know that the other three have elected n2. n5 asks n1 for a read index.
    """,
    witness="""
        with replicas=5 reads=follower
        elect n1 [n2 n3]
        replicate n1 [n5]
        elect n2 [n3 n4]
        propose n2 put x 1
        replicate n2 [n3 n4]
        read n5 x
        deliver n5 n1 read-index
        deliver n1 n5 read-index-reply
    """,
)
