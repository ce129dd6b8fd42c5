"""A leader tries the same place again and again."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply
from raft.consensus.progress import Progress
from raft.replica import Variant


class NeverStepsBack(Consensus):
    """Steps back if the follower's log is too short, not if it differs."""

    def on_append_refused(self, progress: Progress, message: AppendEntriesReply) -> None:
        if not message.conflict_term:
            super().on_append_refused(progress, message)


register(
    Variant("conflict-never-steps-back", consensus=NeverStepsBack),
    summary="nextIndex is not decremented if a follower has another entry at prevLogIndex",
    source="YugabyteDB #32876: the index that conflicts is never offered",
    convicted_by={"liveness"},
    scenario="""
        n1 has an entry of term 1, n2 one of term 2 in its place. n3 campaigns in vain, and n2 must
        lead once more: it begins after its entry, is refused by n1, and never tries an earlier
        place.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        elect n3 [n2]
        settle
    """,
)
