"""The bounds of a world, and what may happen next in it.

A move is a macro-step (nemesis.macro.steps) with positions of servers in place of their names.
Those that a move reaches are reached in the order in which it names them, and there is a move for
each order: so a world looks the same from wherever one stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Literal, NamedTuple

import msgspec

from nemesis.errors import NemesisError
from nemesis.macro import steps as macro
from nemesis.macro.steps import MacroStep
from nemesis.schedule import Knobs
from raft.consensus import NodeId

# More messages than a log here has entries: the window of a leader is never full.
_WINDOW = 64
_MOST = 200


class BoundsError(NemesisError):
    """These bounds do not go together, or are too wide; the message says which."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a world has, and how often what may happen in it. None: as often as the depth allows."""

    nodes: int = 3
    commands: int = 1
    reads: int = 0
    crashes: int | None = None
    # How many held messages arrive after all, and whether each may arrive again.
    deliveries: int = 0
    copies: bool = False
    # Whether a macro-step may leave answers out.
    unanswered: bool = False
    # Whether single messages take the place of whole rounds; deliveries are then not counted.
    fine: bool = False
    entries_per_append: int = 1
    symmetry: bool = True

    def __post_init__(self) -> None:
        """Raises BoundsError."""
        if not 1 <= self.nodes <= 5:
            raise BoundsError(f"{self.nodes} servers: a world has 1 to 5")
        for name in ("commands", "reads", "crashes", "deliveries"):
            if not 0 <= (getattr(self, name) or 0) <= _MOST:
                raise BoundsError(f"{getattr(self, name)} {name}: there may be 0 to {_MOST}")
        if self.fine and (self.unanswered or self.deliveries):
            raise BoundsError(
                "with single messages every answer may be left out, and all may arrive: "
                "no bounds on deliveries or answers go with it"
            )

    @property
    def names(self) -> tuple[NodeId, ...]:
        """The servers."""
        return tuple(f"n{number}" for number in range(1, self.nodes + 1))

    @property
    def holds_messages(self) -> bool:
        """Whether what a move does not deliver is kept."""
        return self.fine or self.deliveries > 0

    @property
    def knobs(self) -> Knobs:
        """A stepped cluster of the same kind: the paper's Raft, without what was added to it."""
        return Knobs(
            replicas=self.nodes,
            clients=max(1, self.commands + self.reads),
            pre_vote=False,
            check_quorum=False,
            max_entries_per_append=self.entries_per_append,
            max_appends_in_flight=_WINDOW,
        )


Kind = Literal["elect", "replicate", "propose", "read", "crash", "restart"]


class Move(NamedTuple):
    """A macro-step at one server, that reaches ``peers`` in this order; answers of ``unanswered``
    do not come."""

    kind: Kind
    node: int
    peers: tuple[int, ...] = ()
    unanswered: tuple[int, ...] = ()

    def step(self, names: Sequence[NodeId], client: int) -> MacroStep:
        """The macro-step, if the servers have these names, and this client asks, if any does."""
        node = names[self.node]
        peers = tuple(names[peer] for peer in self.peers)
        unanswered = tuple(names[peer] for peer in self.unanswered)
        match self.kind:
            case "elect":
                return macro.Elect(node=node, voters=peers, unanswered=unanswered)
            case "replicate":
                return macro.Replicate(node=node, peers=peers, unanswered=unanswered)
            case "propose":
                value = str(client + 1)
                return macro.Propose(node=node, f="put", key="x", value=value, client=client)
            case "read":
                return macro.Propose(node=node, f="get", key="x", client=client)
            case "crash":
                return macro.Crash(node=node)
            case "restart":
                return macro.Restart(node=node)


def moves_of(bounds: Bounds) -> tuple[Move, ...]:
    """Every move but the delivery of a single message."""
    found: list[Move] = []
    for node in range(bounds.nodes):
        others = [peer for peer in range(bounds.nodes) if peer != node]
        for peers in _orders(others) if not bounds.fine else [()]:
            for unanswered in _subsets(peers) if bounds.unanswered else [()]:
                found.append(Move("elect", node, peers, unanswered))
                if peers or bounds.holds_messages:
                    found.append(Move("replicate", node, peers, unanswered))
        if bounds.commands:
            found.append(Move("propose", node))
        if bounds.reads:
            found.append(Move("read", node))
        if bounds.crashes != 0:
            found.append(Move("crash", node))
            found.append(Move("restart", node))
    return tuple(found)


def _orders(items: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every subset, in every order."""
    for length in range(len(items) + 1):
        yield from permutations(items, length)


def _subsets(items: Sequence[int]) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for item in items:
        found += [(*each, item) for each in found]
    return found
