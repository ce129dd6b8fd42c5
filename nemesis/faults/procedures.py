"""What the steps of operators are put together from."""

from __future__ import annotations

from nemesis.cluster.procedure import (
    ChangeMembership,
    Outcome,
    Procedure,
    Sleep,
    TransferLeadership,
)
from nemesis.cluster.protocol import Cluster, NodeStatus
from nemesis.faults.fault import MILLISECOND
from raft.consensus.changes import AddLearner, AddVoter, Promote, Remove, Transition

# What may pass by itself, and how often and after how many ns it is asked for again.
_PASSING = frozenset(
    ("change-in-progress", "nothing-committed-in-own-term", "transferring", "lost", "no-answer")
)
_TIMES = 5
_PAUSE = 200 * MILLISECOND


def is_member(status: NodeStatus) -> bool:
    """Belongs to the present configuration."""
    return status.is_member


def outsider(cluster: Cluster, pick: int, besides: frozenset[str] = frozenset()) -> str | None:
    """A server that is not a member now, whose disk is not lost; one of ``besides`` only where
    there is no other."""
    found = [
        status.name for status in cluster.status() if not (is_member(status) or status.is_lost)
    ]
    preferred = [name for name in found if name not in besides] or found
    return preferred[pick % len(preferred)] if preferred else None


def named(cluster: Cluster, at: int) -> str:
    """The server at a position from 0, modulo their number."""
    return cluster.nodes[at % len(cluster.nodes)]


def insist(task: ChangeMembership) -> Procedure:
    """Ask again for what was refused for a reason that passes."""
    reason: Outcome = yield task
    for _ in range(_TIMES):
        if reason not in _PASSING:
            break
        yield Sleep(_PAUSE)
        reason = yield task
    return reason


def replace(newcomer: str, leaver: str, learner_first: bool, transition: Transition) -> Procedure:
    """One server for another by one change; if ``learner_first``, once it has caught up."""
    if learner_first:
        reason = yield from insist(ChangeMembership((AddLearner(newcomer),)))
        if reason is not None:
            return reason
        changes = (Promote(newcomer), Remove(leaver))
        return (yield from insist(ChangeMembership(changes, transition)))
    return (yield from insist(ChangeMembership((AddVoter(newcomer), Remove(leaver)), transition)))


def once(cluster: Cluster, kind: str, task: ChangeMembership | TransferLeadership) -> None:
    """Begin a procedure of this one task."""

    def procedure() -> Procedure:
        return (yield task)

    cluster.carry_out(kind, procedure())
