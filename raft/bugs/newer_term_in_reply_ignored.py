"""A leader that is told of a newer term, and does not listen."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntriesReply
from raft.replica import Variant


class DoesNotListen(Consensus):
    """Drops the answers of followers that are ahead."""

    def on_append_entries_reply(self, message: AppendEntriesReply) -> None:
        if message.term == self.current_term:
            super().on_append_entries_reply(message)


register(
    Variant("newer-term-in-reply-ignored", consensus=DoesNotListen),
    summary=(
        "a leader ignores the newer term in a follower's refusal, so that this follower can "
        "never rejoin"
    ),
    source="etcd 3c7359d; raft-rs #42; Figure 2, rules for all servers",
    convicted_by={"liveness"},
    scenario="""
        n3 has campaigned while it was cut off, and refuses n1's entries for their old term. With
        check-quorum nobody else tells n1 of it either, as n2 hears from a leader.
    """,
    witness="""
        with check_quorum=true
        elect n1 [n2 n3]
        elect n3 []
        settle
    """,
)
