"""Many servers exchanged in one step."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.changes import Change, Transition, leave_joint
from raft.consensus.configuration import Configuration
from raft.consensus.membership import ChangeRefusal
from raft.replica import Variant


class GoesDirectly(Consensus):
    """Whatever is asked for, the next entry is the new configuration."""

    def configuration_after(
        self, changes: tuple[Change, ...], transition: Transition
    ) -> Configuration | ChangeRefusal:
        following = super().configuration_after(changes, transition)
        return leave_joint(following) if isinstance(following, Configuration) else following


register(
    Variant("swap-without-joint", consensus=GoesDirectly),
    summary="more than one vote is exchanged in a single step, without a joint configuration",
    source="the paper's section 6 (Figure 10); wenweihu86/raft-java #27",
    convicted_by={"overlapping-quorums"},
    scenario="""
        n1 is asked to go on with n4 and n5 instead of n2 and n3. n2 and n3 are a majority of the
        old configuration, n4 and n5 one of the new: each could elect a leader of its own.
    """,
    witness="""
        with spares=2
        elect n1 [n2]
        replicate n1 [n2]
        change n1 target n1 n4 n5
    """,
)
