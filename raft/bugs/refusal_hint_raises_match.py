"""Where a follower's log ends counts as where it matches."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply
from raft.consensus.progress import Progress
from raft.replica import Variant


class BelievesHints(Consensus):
    """Raises matchIndex to what precedes the place that the follower proposes."""

    def on_append_refused(self, progress: Progress, message: AppendEntriesReply) -> None:
        progress.matched(min(message.conflict_index, message.prev_log_index) - 1)
        super().on_append_refused(progress, message)


register(
    Variant("refusal-hint-raises-match", consensus=BelievesHints),
    summary=(
        "the hint in a refusal is taken for matchIndex, so that nextIndex never falls below it"
    ),
    source="CCF #5325: the probe index of a refusal was kept as match_idx",
    convicted_by={"liveness", "committed-on-majority"},
    scenario="""
        n1 has an entry of term 1, n2 two of term 2. n3 campaigns in vain, and n2 must lead once
        more: it begins after its entries, and n1 says that its log is shorter. n2 takes n1's entry
        for its own, and never replaces it.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        propose n2 put x 1
        elect n3 [n2]
        settle
    """,
)
