"""A leader does not see that it is deposed in the answer to a snapshot."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import InstallSnapshotReply
from raft.replica import Variant


class IgnoresTermOfReply(Consensus):
    """Drops answers of a newer term as it does those of an older one."""

    def on_install_snapshot_reply(self, message: InstallSnapshotReply) -> None:
        if message.term == self.current_term:
            super().on_install_snapshot_reply(message)


register(
    Variant("snapshot-reply-term-ignored", consensus=IgnoresTermOfReply),
    summary=(
        "the term in the answer to InstallSnapshot is not looked at, so that the leader does "
        "not step down"
    ),
    source=(
        "braft MC-2, dragonboat B2 (Specula); the paper's Figure 13: term, for leader to update "
        "itself"
    ),
    convicted_by={"liveness"},
    scenario="""
        n3 campaigns in vain and is in a newer term than n1, who leads n2. All that n1 has for n3 is
        a snapshot; n3 refuses it for its term, n1 does not hear that, and so n3 stays apart.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        elect n3 []
        elect n3 []
        settle
    """,
)
