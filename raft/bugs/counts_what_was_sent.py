"""Entries count as replicated once they are sent."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.quorums import agreed_index
from raft.replica import Variant


class CountsWhatWasSent(Consensus):
    """Takes nextIndex, which pipelining runs ahead, for matchIndex."""

    def majority_match_index(self) -> int:
        matched = {peer: each.next_index - 1 for peer, each in self.progress.items()}
        matched[self.node] = self.saved_index
        return agreed_index(self.configuration, matched)


register(
    Variant("counts-what-was-sent", consensus=CountsWhatWasSent),
    summary="commitment counts nextIndex - 1, which is what was sent, not matchIndex",
    source="a generic mistake; thesis, 10.2.1: pipelining moves nextIndex before the answer",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        n1 knows that its log and n2's agree, so it sends the next entry without waiting, and counts
        it as arrived.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        propose n1 put x 1
    """,
)
