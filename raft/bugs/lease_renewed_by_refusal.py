"""A refusal of a newer term that renews the lease."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import AppendEntries, Consensus, InstallSnapshot
from raft.consensus.messages import AppendEntriesReply
from raft.consensus.state import LEADER
from raft.replica import Variant


class AnyAnswerWillDo(Consensus):
    """Takes whatever answer comes for contact with a follower; each answer names its round."""

    def round_answered(self, message: AppendEntries | InstallSnapshot) -> int:
        return message.read_round

    def on_append_entries_reply(self, message: AppendEntriesReply) -> None:
        if self.role == LEADER and message.term > self.current_term:
            self.hear_from(self.progress[message.source], message)
        else:
            super().on_append_entries_reply(message)


register(
    Variant("lease-renewed-by-refusal", consensus=AnyAnswerWillDo),
    summary=(
        "a leader counts a follower's refusal in a newer term as contact, and keeps its lease by it"
    ),
    source="hashicorp/raft #666",
    convicted_by={"lease-safety", "linearizability", "liveness"},
    scenario="""
        n3 has elected n2, and refuses n1's heartbeat in n2's term. n1 takes that for an answer as
        any other, and its lease for renewed.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        replicate n1 [n2 n3]
        elect n2 [n3]
        replicate n2 [n3]
        replicate n1 [n3]
        read n1 x
    """,
)
