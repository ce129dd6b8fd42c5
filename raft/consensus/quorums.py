"""Majorities: what they are in a configuration, a joint one among them (thesis, 4.3).

Apart from the configurations, which stay as msgspec reads them, so that this may be compiled: it is
asked with every answer of a follower.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from raft.consensus.configuration import Configuration
from raft.consensus.names import NodeId


def has_quorum(configuration: Configuration, servers: Container[NodeId]) -> bool:
    """Whether ``servers`` hold every majority that the configuration asks for; an empty
    configuration, that of a server which has not joined yet, has none."""
    outgoing = configuration.outgoing
    return _has_majority(configuration.voters, servers) and (
        not outgoing or _has_majority(outgoing, servers)
    )


def agreed_index(configuration: Configuration, reached: Mapping[NodeId, int]) -> int:
    """The highest value that every needed majority has reached; who is missing reached 0."""
    agreed = _majority_index(configuration.voters, reached)
    outgoing = configuration.outgoing
    if outgoing:
        return min(agreed, _majority_index(outgoing, reached))
    return agreed


def _has_majority(voters: tuple[NodeId, ...], servers: Container[NodeId]) -> bool:
    present = 0
    for voter in voters:
        if voter in servers:
            present += 1
    return 2 * present > len(voters)


def _majority_index(voters: tuple[NodeId, ...], reached: Mapping[NodeId, int]) -> int:
    if not voters:
        return 0
    indices = sorted([reached.get(voter, 0) for voter in voters])
    return indices[(len(indices) - 1) >> 1]
