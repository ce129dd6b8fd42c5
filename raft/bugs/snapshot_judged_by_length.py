"""A snapshot is ignored because the log is long enough."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class JudgesByLength(Consensus):
    """Takes a log that reaches the snapshot's index for one that holds what it stands for."""

    def is_covered(self, last_index: int) -> bool:
        return last_index <= self.log.last_index


register(
    Variant("snapshot-judged-by-length", consensus=JudgesByLength),
    summary=(
        "a follower answers that a snapshot is installed if its log is as long, whatever is in it"
    ),
    source=(
        "RedisLabs/raft #49, the second bug: a longer log refuses snapshots, whatever is in it"
    ),
    convicted_by={"liveness", "committed-on-majority"},
    scenario="""
        n3 has an entry of term 1; n1 and n2 have committed another in its place, and n1 has only a
        snapshot of it left. n3 says that it has the snapshot, and keeps its own entry.
    """,
    witness="""
        elect n3 [n1]
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        settle
    """,
)
