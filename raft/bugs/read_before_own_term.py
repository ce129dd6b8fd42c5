"""A new leader's commit index, trusted too early."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ReadsAtOnce(Consensus):
    """Takes its commit index for recent."""

    def may_set_read_index(self) -> bool:
        return True


register(
    Variant("read-before-own-term", consensus=ReadsAtOnce),
    summary="a leader takes a read index before an entry of its own term is committed",
    source="etcd #7331; raft-rs #1634; thesis, section 6.4, step 1",
    convicted_by={"linearizability"},
    scenario="""
        n2 has n1's entry, but was not told that it is committed, and leads next. A majority
        confirms that n2 leads, n3 with a refusal, so that nothing is committed yet: the read misses
        what n1 has answered.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
        elect n2 [n3]
        read n2 x
        deliver n2 n3 append newest
        deliver n3 n2 append-reply
    """,
)
