"""What a monitor is.

A monitor judges one property. It defines methods named ``before_<event>`` and ``after_<event>``,
after the tags of the events in checker.trace (role_changed, appended, snapshot_taken ...): called
with the node's ghost and the event, before and after the ghost has taken the event in. Each costs
time independent of the length of the log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from checker.invariants.ghost import Commitment, NodeGhost
from checker.trace import ConfigurationChanged, TraceEvent
from checker.verdict import Failure


def method_name(event_type: type[TraceEvent]) -> str:
    """What methods that handle such an event are called, after ``before_`` and ``after_``."""
    return str(event_type.__struct_config__.tag).replace("-", "_")


class ClusterGhost:
    """What all monitors of one run share.

    ``members`` are those who take part from the beginning, or all who ever will. They are the
    voters as far as a node has not told of another configuration.
    """

    def __init__(self, members: tuple[str, ...]) -> None:
        self.members = members
        # Committed entries by index, first seen; index 0 is the empty log.
        self.committed = [Commitment(0, 0, 0, "", 0)]
        self.nodes: dict[str, NodeGhost] = {}
        for name in members:
            self.add_node(name)
        self.failures: list[Failure] = []

    def add_node(self, name: str) -> NodeGhost:
        """The ghost of a node that the trace names for the first time."""
        configuration = ConfigurationChanged(0, 0, name, 0, self.members, (), ())
        node = self.nodes[name] = NodeGhost(name, configuration, self.committed)
        return node

    def node(self, name: str) -> NodeGhost:
        """The ghost of a node; a node that joined later is not among the members."""
        return self.nodes.get(name) or self.add_node(name)

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
