"""What a fault is, and the registry of them.

A fault is plain data, a step of a schedule. ``inject`` applies it to a cluster and tells what it
hit. Its defaults are the mildest form: the shrinker moves every field towards them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec

from nemesis.chooser import Chooser
from nemesis.cluster.protocol import Cluster, NodeStatus
from nemesis.faults.targets import SINGLE_TARGETS, resolve

MILLISECOND = 1_000_000  # ns


class Injection(NamedTuple):
    """What injecting a fault did: ``hit`` is what it was aimed at, for the history; empty if there
    was nothing to hit, in which case ``refused`` says why."""

    hit: Any
    refused: str | None = None


def exists(status: NodeStatus) -> bool:
    """Any node qualifies."""
    return True


def has_process(status: NodeStatus) -> bool:
    """Running, even if paused."""
    return status.role is not None


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="step"):
    """Base of all faults. ``wait``: ns of time that pass after the injection."""

    wait: int = 0

    # What must be seen in ``Cluster.effects`` for the fault to count as one that happened; None
    # for those that end faults.
    effect: ClassVar[str | None] = None
    # The smallest cluster in which it can hit anything.
    least_replicas: ClassVar[int] = 1
    # How many servers there must be beside those of the first configuration.
    least_spares: ClassVar[int] = 0
    # Whether the simulator has it, too.
    is_simulated: ClassVar[bool] = True

    @property
    def kind(self) -> str:
        """The fault's registered name."""
        return str(self.__struct_config__.tag)

    def inject(self, cluster: Cluster) -> Injection:
        """Apply the fault."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it injects")

    def can_hit(self, replicas: int) -> bool:
        """Whether a cluster of so many replicas has anything to hit."""
        return True

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Fault:
        """Draw one with fields of its own."""
        raise NotImplementedError(f"{cls.__name__} does not say how it is drawn")


class Targeted(Fault, frozen=True, kw_only=True):
    """Base of the faults that hit nodes: who, by name or by role, and which among equals."""

    target: str = "leader"
    pick: int = 0

    # Whom it is aimed at where it is drawn.
    aims: ClassVar[tuple[str, ...]] = SINGLE_TARGETS

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Targeted:
        return cls(
            target=chooser.pick(cls.aims),
            pick=chooser.integer(0, 8),
            **cls.draw_fields(chooser),
            wait=wait,
        )

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        """Draw the fields that it has of its own, by name."""
        return {}

    def victims(
        self, cluster: Cluster, qualifies: Callable[[NodeStatus], bool] = exists
    ) -> list[str]:
        """The nodes to hit, among those that qualify; where the role is vacant, or nobody who
        plays it qualifies, any one that does."""
        among = [status.name for status in cluster.status() if qualifies(status)]
        found = [name for name in resolve(cluster, self.target, self.pick) if name in among]
        if found or not among:
            return found
        return [among[self.pick % len(among)]]


FAULTS: dict[str, type[Fault]] = {}

_F = TypeVar("_F", bound=type[Fault])


def fault(cls: _F) -> _F:
    """Register a fault under its tag."""
    name = str(cls.__struct_config__.tag)
    if name in FAULTS:
        raise ValueError(f"two faults are named {name!r}")
    FAULTS[name] = cls
    return cls


def nobody(quality: str) -> Injection:
    """The injection that found no target."""
    return Injection([], f"no node is {quality} now")
