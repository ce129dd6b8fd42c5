"""Catching up: how long a learner is behind before it may vote (thesis, 4.2.1).

A server that votes while its log is empty makes commitment wait for it. So replication to it is
split into rounds: each lasts until the learner holds all that the leader's log held when the round
began. The first may be long; each is shorter than the one before if the learner can keep pace.
"""

from __future__ import annotations

from dataclasses import dataclass

from raft.consensus.changes import Change, Transition
from raft.consensus.names import NodeId


@dataclass(slots=True)
class Round:
    """A learner's present round: ``goal`` is an index, times are in ns of the leader's clock."""

    goal: int
    started: int
    heard: int
    number: int = 1
    is_over: bool = False


@dataclass(slots=True)
class CatchUp:
    """A change that waits for learners: what was asked for, and their rounds."""

    change_id: int
    changes: tuple[Change, ...]
    transition: Transition
    rounds: dict[NodeId, Round]
