"""A refusal is counted as an acknowledgement."""

from __future__ import annotations

from msgspec.structs import replace

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply
from raft.consensus.progress import Progress
from raft.replica import Variant


class CountsRefusals(Consensus):
    """Raises matchIndex to what was refused."""

    def on_append_refused(self, progress: Progress, message: AppendEntriesReply) -> None:
        self.on_append_success(progress, replace(message, match_index=message.prev_log_index))


register(
    Variant("refusal-counts-as-ack", consensus=CountsRefusals),
    summary="matchIndex is raised by an answer that says no (commit advance on AE-NACK)",
    source="CCF #5927 and #3723",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        An entry is lost on the way to n2. n2 refuses the heartbeat that names it; n1 counts the
        refusal as a copy.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        propose n1 put x 1
        replicate n1 [n2]
    """,
)
