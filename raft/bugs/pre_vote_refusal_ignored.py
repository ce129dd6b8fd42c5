"""A candidate that does not learn why it was refused."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import PreVoteReply
from raft.replica import Variant


class CountsGrantsOnly(Consensus):
    """Looks at the answers that help it."""

    def on_pre_vote_reply(self, message: PreVoteReply) -> None:
        if message.vote_granted:
            super().on_pre_vote_reply(message)


register(
    Variant("pre-vote-refusal-ignored", consensus=CountsGrantsOnly),
    summary=(
        "a server does not adopt the newer term in the refusal of a pre-vote, and asks for "
        "the old one for ever"
    ),
    source="etcd 3c7359d; raft-rs #42",
    convicted_by={"liveness"},
    scenario="""
        n1 has an entry that n2 has not, and n2 a newer term, since n1 wanted to hand over to it. n2
        cannot win; n1 could, but asks for votes in a term that n2 has seen, again and again.
    """,
    witness="""
        with replicas=2 pre_vote=true
        elect n1 [n2]
        transfer n1 n2 []
        wait 150 [n1]
        propose n1 put x 1
        crash n1
        settle
    """,
)
