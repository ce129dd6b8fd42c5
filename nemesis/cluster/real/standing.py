"""What the servers were last heard to say of themselves: who leads, and who led."""

from __future__ import annotations

from nemesis.cluster.protocol import NodeStatus
from nemesis.cluster.real.hosts import Server
from nemesis.cluster.real.service import NodeState


class Standing:
    """The newest state of each node that has a process, and the elections that were seen."""

    def __init__(self) -> None:
        self._states: dict[str, NodeState] = {}
        # Who became leader in which term, in the order in which it was seen.
        self.elections: list[tuple[int, str]] = []

    def note(self, name: str, state: NodeState) -> None:
        """A node has answered."""
        self._states[name] = state
        if state.leader == state.member and (state.term, name) not in self.elections:
            self.elections.append((state.term, name))

    def forget(self, name: str) -> None:
        """The node has no process any more."""
        self._states.pop(name, None)

    def knows(self, name: str) -> bool:
        """Whether the node has answered since its process was started."""
        return name in self._states

    def leader(self) -> str | None:
        """Who says of itself that it leads, in the newest term; None if nobody does."""
        leading = [
            (state.term, name)
            for name, state in self._states.items()
            if state.leader == state.member
        ]
        return max(leading)[1] if leading else None

    def previous_leader(self) -> str | None:
        """Who led before the present or latest leader."""
        names = [name for _, name in sorted(self.elections)]
        return next((name for name in reversed(names) if name != names[-1]), None)

    def status(self, process: Server) -> NodeStatus:
        """What the nemesis may know of a node."""
        state = self._states.get(process.name)
        role = None
        if process.is_running:
            role = "leader" if state is not None and state.leader == state.member else "follower"
        return NodeStatus(
            process.name,
            is_up=process.is_running and not process.is_paused,
            is_lost=False,
            is_paused=process.is_paused,
            role=role,
            term=0 if state is None else state.term,
            # Servers do not tell the term of their last entry.
            last_log_term=0,
            last_log_index=0 if state is None else state.last_index,
        )
