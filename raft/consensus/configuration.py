"""Cluster configurations: who votes and who only listens (thesis, chapter 4)."""

from __future__ import annotations

import msgspec

from raft.consensus.names import NodeId


class Configuration(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who belongs to the cluster from one entry of the log on.

    ``voters`` decide. While ``outgoing`` is not empty the configuration is a joint one (thesis,
    4.3): voters are the new majority, outgoing the old one, and whatever needs a majority needs
    both. ``learners`` receive the log, but neither vote nor count (thesis, 4.2.1).
    ``learners_next`` are outgoing voters that become learners when the joint configuration is left;
    ``leave_automatically`` says that the leader leaves it as soon as it is committed.
    """

    voters: tuple[NodeId, ...]
    outgoing: tuple[NodeId, ...] = ()
    learners: tuple[NodeId, ...] = ()
    learners_next: tuple[NodeId, ...] = ()
    leave_automatically: bool = True

    @property
    def is_joint(self) -> bool:
        """Whether two majorities are needed."""
        return bool(self.outgoing)

    @property
    def members(self) -> tuple[NodeId, ...]:
        """Everyone who receives the log, each once, voters first."""
        return tuple(dict.fromkeys((*self.voters, *self.outgoing, *self.learners)))

    def is_voter(self, node: NodeId) -> bool:
        """Whether ``node`` has a say in one of the majorities."""
        return node in self.voters or node in self.outgoing
