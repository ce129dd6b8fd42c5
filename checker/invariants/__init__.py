"""Raft's safety properties, judged over a trace, one event at a time.

    monitors = Monitors(members)
    for event in trace:
        monitors.observe(event)
    monitors.failures

``ghost.py`` holds what is remembered of the nodes, ``quorums.py`` what a majority is,
``monitor.py`` what a monitor is, the others the monitors themselves, one class a property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from checker.invariants import configurations, elections, leases, logs, snapshots, transfers
from checker.invariants.ghost import NodeGhost
from checker.invariants.monitor import ClusterGhost, Handler, Monitor, method_name
from checker.trace import (
    EVENT_TYPES,
    Appended,
    Applied,
    Committed,
    ConfigurationChanged,
    Persisted,
    RoleChanged,
    SnapshotRestored,
    SnapshotTaken,
    Started,
    Stopped,
    TermChanged,
    TraceEvent,
    Truncated,
)
from checker.verdict import VALID, Failure, Verdict, invalid

__all__ = ["MONITORS", "Monitor", "Monitors", "judge_trace"]

# By name, which is the kind of failure that each reports.
MONITORS: dict[str, type[Monitor]] = {
    each.name: each
    for each in (
        *elections.MONITORS,
        *logs.MONITORS,
        *configurations.MONITORS,
        *snapshots.MONITORS,
        *leases.MONITORS,
        *transfers.MONITORS,
    )
}


def _set_role(node: NodeGhost, event: RoleChanged) -> None:
    node.role = event.role


def _set_term(node: NodeGhost, event: TermChanged) -> None:
    node.term = event.term


def _stop(node: NodeGhost, event: Stopped) -> None:
    node.role = None


def _commit(node: NodeGhost, event: Committed) -> None:
    node.commit_index = event.index


def _apply(node: NodeGhost, event: Applied) -> None:
    node.applied_index = event.index


# What events do to the node's ghost; the others change none.
_UPDATES: dict[type[TraceEvent], Callable[[NodeGhost, Any], Any]] = {
    Started: NodeGhost.start,
    Stopped: _stop,
    TermChanged: _set_term,
    RoleChanged: _set_role,
    Appended: NodeGhost.append,
    Truncated: NodeGhost.truncate,
    Persisted: NodeGhost.persist,
    Committed: _commit,
    Applied: _apply,
    ConfigurationChanged: NodeGhost.configure,
    SnapshotTaken: NodeGhost.take_snapshot,
    SnapshotRestored: NodeGhost.restore_snapshot,
}


def _handling(method: str) -> list[tuple[str, str]]:
    """The monitors that have such a method, and its name."""
    return [(name, method) for name, each in MONITORS.items() if hasattr(each, method)]


# By event: who wants to see it before, what it does to the node's ghost, who wants to see it after.
_HANDLED = [
    (
        event_type,
        _handling(f"before_{method_name(event_type)}"),
        _UPDATES.get(event_type),
        _handling(f"after_{method_name(event_type)}"),
    )
    for event_type in EVENT_TYPES
]


class Monitors:
    """All registered monitors over one run."""

    def __init__(self, members: Iterable[str]) -> None:
        self.cluster = ClusterGhost(tuple(members))
        self.monitors = {name: cls(self.cluster) for name, cls in MONITORS.items()}
        self._nodes = self.cluster.nodes
        self._table: dict[type[TraceEvent], list[Handler]] = {}
        monitors = self.monitors
        for event_type, before, update, after in _HANDLED:
            handlers: list[Handler] = [getattr(monitors[name], method) for name, method in before]
            if update is not None:
                handlers.append(update)
            for name, method in after:
                handlers.append(getattr(monitors[name], method))
            self._table[event_type] = handlers

    @property
    def failures(self) -> list[Failure]:
        """What has been found so far, in the order of the trace."""
        return self.cluster.failures

    def observe(self, event: TraceEvent) -> None:
        """Judge one event."""
        node = self._nodes.get(event.node) or self.cluster.add_node(event.node)
        for handler in self._table[type(event)]:
            handler(node, event)

    def judge_of(self, name: str) -> Callable[[TraceEvent], None]:
        """As ``observe``, for whoever tells of one node only."""
        node = self.cluster.node(name)
        table = self._table

        def judge(event: TraceEvent) -> None:
            for handler in table[type(event)]:
                handler(node, event)

        return judge

    @property
    def verdict(self) -> Verdict:
        """Invalid if any monitor has convicted."""
        return invalid(*self.failures) if self.failures else VALID


def judge_trace(members: Iterable[str], trace: Iterable[TraceEvent]) -> Verdict:
    """The verdict of all monitors on a whole trace."""
    monitors = Monitors(members)
    for event in trace:
        monitors.observe(event)
    return monitors.verdict
