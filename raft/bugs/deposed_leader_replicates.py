"""A leader that was deposed goes on in the new term."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply, InstallSnapshotReply
from raft.replica import Variant


class ReplicatesDeposed(Consensus):
    """Does not ask whether it still leads."""

    def counts_append_reply(self, message: AppendEntriesReply | InstallSnapshotReply) -> bool:
        return message.term == self.current_term and message.source in self.progress


register(
    Variant("deposed-leader-replicates", consensus=ReplicatesDeposed),
    summary=(
        "after the answer that deposes it, a leader sends its log under the new term, whose "
        "leader it is not"
    ),
    source="eliben/raft #13, b3696d9",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        n2 leads term 2 and has committed an entry with n3. n1 still leads term 1 and sends n3 a
        heartbeat; n3's refusal deposes it, and n1, now of term 2, answers it with its own entry.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        replicate n2 [n3]
        replicate n1 [n3]
    """,
)
