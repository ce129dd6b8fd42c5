"""What the nodes are and know, from the events of a trace, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from checker.trace import (
    Appended,
    Applied,
    Committed,
    Compacted,
    ConfigurationChanged,
    Persisted,
    RoleChanged,
    SnapshotRestored,
    Started,
    Stopped,
    TermChanged,
    TraceEvent,
    Truncated,
)


@dataclass(slots=True)
class Node:
    """One node; ``log`` are the index and term of each entry after ``base``, and what it holds."""

    is_up: bool = False
    role: str = "follower"
    term: int = 0
    voted_for: str | None = None
    commit: int = 0
    applied: int = 0
    durable: int = 0
    base: int = 0
    log: list[tuple[int, int, bytes]] = field(default_factory=list)
    configuration: ConfigurationChanged | None = None

    def take(self, event: TraceEvent) -> None:
        """Become what the node is after the event."""
        match event:
            case Appended(index=index, term=term, command=command):
                self.log.append((index, term, command))
            case Persisted(voted_for=voted_for, last_index=last):
                self.voted_for, self.durable = voted_for, last
            case Committed(index=index):
                self.commit = index
            case Applied(index=index):
                self.applied = index
            case TermChanged(term=term):
                self.term, self.voted_for = term, None
            case RoleChanged(role=role, term=term):
                self.role, self.term = role, term
            case Truncated(index=index):
                self._keep(self.base, index - 1)
            case _:
                self._take_rare(event)

    def _take_rare(self, event: TraceEvent) -> None:
        match event:
            case Started(term=term, voted_for=voted_for):
                self.is_up, self.role, self.term, self.voted_for = True, "follower", term, voted_for
                self.commit = self.applied = self.durable = self.base = 0
                self.log, self.configuration = [], None
            case Stopped():
                self.is_up = False
            case SnapshotRestored(index=index, last_index=last):
                self.commit = max(self.commit, index)
                self.applied = index
                self._keep(index, last)
            case Compacted(index=index):
                self._keep(index, self.last_index)
            case ConfigurationChanged():
                self.configuration = event

    @property
    def last_index(self) -> int:
        """The index of its last entry, or of its snapshot."""
        return self.log[-1][0] if self.log else self.base

    def _keep(self, base: int, last: int) -> None:
        """Keep the entries after ``base`` and up to ``last``."""
        self.base = base
        self.log = [entry for entry in self.log if base < entry[0] <= last]
        self.durable = min(self.durable, last)


def states_after(nodes: Sequence[str], events: Iterable[TraceEvent]) -> dict[str, Node]:
    """All nodes after these events from the first of the run on."""
    states = {name: Node() for name in nodes}
    for event in events:
        states[event.node].take(event)
    return states
