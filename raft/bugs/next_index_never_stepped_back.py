"""A follower that lacks something, and is never asked what."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply
from raft.consensus.progress import Progress
from raft.replica import Variant


class NeverStepsBack(Consensus):
    """Sends again what was refused."""

    def on_append_refused(self, progress: Progress, message: AppendEntriesReply) -> None:
        progress.probe_from(progress.next_index)


register(
    Variant("next-index-never-stepped-back", consensus=NeverStepsBack),
    summary="nextIndex is not decremented when a follower refuses what precedes the entries",
    source="the paper's section 5.3; WRaft #118 (nextIndex kept too high)",
    convicted_by={"liveness"},
    scenario="""
        n3 has nothing of what n1 wrote to n2. n2 leads next and begins with what follows.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        elect n2 [n1]
        settle
    """,
)
