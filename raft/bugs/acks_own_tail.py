"""A follower acknowledges its whole log."""

from __future__ import annotations

from msgspec.structs import replace

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries, AppendEntriesReply
from raft.replica import Variant


class AcknowledgesOwnTail(Consensus):
    """Names its last index, though the message said nothing of what it has beyond."""

    def on_append_entries(self, message: AppendEntries) -> None:
        super().on_append_entries(message)
        reply = self.outbox[-1]
        if isinstance(reply, AppendEntriesReply) and reply.success:
            self.outbox[-1] = replace(reply, match_index=self.log.last_index)


register(
    Variant("acks-own-tail", consensus=AcknowledgesOwnTail),
    summary=(
        "a success names the follower's last index, not the last entry of the message "
        "(inaccurate AE-ACK)"
    ),
    source="CCF #6001",
    # liveness: nextIndex never falls below matchIndex, so the follower's tail is never replaced.
    convicted_by={
        "committed-on-majority",
        "state-machine-safety",
        "leader-completeness",
        "liveness",
    },
    scenario="""
        n1 has an entry of term 1, n2 one of term 2 in its place. n2's heartbeat compares the empty
        logs before them; n1 answers that the logs match up to its own entry.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        replicate n2 [n1]
    """,
)
