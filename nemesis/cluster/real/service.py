"""What servers are asked, by the names of their nodes, and what their answers prove.

An operation ``fail``s only if it is certain that it has not happened and never will; whatever else
leaves it open is ``info``. A read changes nothing, so that one without an answer ``fail``s. What an
answer of a kind of server proves is decided by its service: ``etcd_client.py``, for one.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from raft.kv.commands import Operation, Result


class Refused(Exception):
    """Nothing has happened, and nothing will."""


class NotReached(Refused):
    """There was no connection, so that nothing was sent, or it was turned away: another server may
    take it."""


class Uncertain(Exception):
    """Nobody knows what became of the request."""


class NodeState(NamedTuple):
    """What a server says of itself."""

    member: str
    leader: str
    term: int
    # How far its log goes.
    last_index: int


class Service(Protocol):
    """Requests to the servers of one cluster."""

    @property
    def performs(self) -> frozenset[type[Operation]]:
        """The kinds of operations that such servers know."""
        ...

    async def perform(self, node: str, operation: Operation) -> Result:
        """Perform an operation by the server of this name. Raises Refused, NotReached or
        Uncertain."""
        ...

    async def state(self, node: str, timeout: float) -> NodeState | None:
        """What the server says of itself; None if it does not within ``timeout`` s."""
        ...

    async def close(self) -> None:
        """Ask nothing more."""
        ...
