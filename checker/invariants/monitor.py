"""What a monitor is.

A monitor judges one property. It defines methods named ``before_<event>`` and ``after_<event>``
(appended, truncated, persisted, committed, applied, role_changed, term_changed, term_exposed,
vote_granted, started, stopped): called with the node's ghost and the event, before and after the
ghost has taken the event in. Each costs time independent of the length of the log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from checker.invariants.ghost import Commitment, NodeGhost
from checker.trace import TraceEvent
from checker.verdict import Failure


class ClusterGhost:
    """What all monitors of one run share."""

    def __init__(self, members: tuple[str, ...]) -> None:
        self.members = members
        self.quorum = len(members) // 2 + 1
        self.nodes = {name: NodeGhost(name) for name in members}
        # Committed entries by index, first seen; index 0 is the empty log.
        self.committed = [Commitment(0, 0, 0, "", 0)]
        self.failures: list[Failure] = []

    def holders(self, index: int) -> list[str]:
        """The nodes whose disks hold the committed log up to ``index``."""
        prefix = self.committed[index].prefix
        return [name for name, node in self.nodes.items() if node.holds_durably(index, prefix)]


class Monitor:
    """Base of all monitors: ``name`` is the kind of failure that it reports."""

    name: ClassVar[str]

    def __init__(self, cluster: ClusterGhost) -> None:
        self.cluster = cluster

    def fail(self, event: TraceEvent, message: str, **evidence: Any) -> None:
        """Convict: what happened in words, and the facts."""
        self.cluster.failures.append(
            Failure(
                kind=self.name,
                message=message,
                time=event.time,
                node=event.node,
                evidence={"sequence": event.sequence, **evidence},
            )
        )


Handler = Callable[[NodeGhost, Any], Any]
