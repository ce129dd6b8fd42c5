"""A restarted follower that counts its reads from the beginning."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CountsAnew(Consensus):
    """Numbers its requests as the reads of this life."""

    def request_number(self, read_id: int) -> int:
        return read_id


register(
    Variant("read-number-used-again", consensus=CountsAnew),
    summary=(
        "after a restart a follower takes the late answer to an old request for that to a new one"
    ),
    source="thesis, section 6.4, which leaves open how requests are told apart",
    convicted_by={"linearizability"},
    scenario="""
        n1 answers n3's first request for a read index; n3 has crashed. Restarted, n3 begins to
        count anew, and the late answer is to its first read, though a command was answered in
        between.
    """,
    witness="""
        with reads=follower
        elect n1 [n2]
        replicate n1 [n2 n3]
        read n3 x
        deliver n3 n1 read-index
        replicate n1 [n2]
        crash n3
        restart n3
        propose n1 put x 1
        replicate n1 [n2]
        deliver n1 n3 append #3
        read n3 x as c1
        deliver n1 n3 read-index-reply
    """,
)
