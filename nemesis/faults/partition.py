"""Partitions: who can no longer reach whom."""

from __future__ import annotations

from typing import ClassVar

from nemesis.chooser import Chooser
from nemesis.cluster.protocol import Cluster, Link
from nemesis.errors import ScheduleError
from nemesis.faults.fault import Fault, Injection, Targeted, fault
from nemesis.faults.targets import SINGLE_TARGETS, rotated

SHAPES = (
    "isolate",
    "halves",
    "majority-minority",
    "one-way-out",
    "one-way-in",
    "bridge",
    "ring",
)


def _between(left: list[str], right: list[str]) -> list[Link]:
    links = []
    for one in left:
        for other in right:
            links.append((one, other))
            links.append((other, one))
    return links


def cut_links(shape: str, nodes: list[str], outsiders: list[str] | None = None) -> list[Link]:
    """The directed links that ``shape`` cuts; ``nodes`` begins with the node it is built around.
    ``outsiders`` take no part in the shape: they reach all but a node that is cut off alone.

    isolate            the first node against all others
    halves             the first half, rounded down, against the second
    majority-minority  the first node in a minority as large as one can be
    one-way-out        nobody hears the first node
    one-way-in         the first node hears nobody
    bridge             two halves that only the first node connects
    ring               every node hears only its neighbours in a ring, which with itself make a
                       majority, a different one for each (in three nodes: nobody is cut)
    """
    first, others = nodes[:1], nodes[1:]
    strangers = outsiders or []
    if shape == "isolate":
        return _between(first, [*others, *strangers])
    if shape == "halves":
        half = max(1, len(nodes) // 2)
        return _between(nodes[:half], nodes[half:])
    if shape == "majority-minority":
        size = max(1, (len(nodes) - 1) // 2)
        return _between(nodes[:size], nodes[size:])
    if shape == "one-way-out":
        return [(first[0], other) for other in (*others, *strangers)]
    if shape == "one-way-in":
        return [(other, first[0]) for other in (*others, *strangers)]
    if shape == "bridge":
        half = len(others) // 2
        return _between(others[:half], others[half:])
    if shape == "ring":
        reach = (len(nodes) // 2 + 1) // 2
        count = len(nodes)
        return [
            (one, other)
            for i, one in enumerate(nodes)
            for j, other in enumerate(nodes)
            if i != j and min((i - j) % count, (j - i) % count) > reach
        ]
    raise ScheduleError(f"no partition has the shape {shape!r}: shapes are {', '.join(SHAPES)}")


@fault
class Partition(Targeted, frozen=True, kw_only=True, tag="partition"):
    """Cut links in a shape built around a target. Confirmed by messages dropped."""

    shape: str = "isolate"

    effect: ClassVar[str | None] = "partition"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        found = self.victims(cluster)
        members = [status.name for status in cluster.status() if status.is_member]
        outsiders = [name for name in cluster.nodes if name not in members]
        if found[0] in outsiders:
            outsiders.remove(found[0])
            members.append(found[0])
        nodes = rotated(members, members.index(found[0]))
        links = cut_links(self.shape, nodes, outsiders)
        if not links:
            return Injection([], f"a {self.shape} partition of {len(nodes)} nodes cuts no link")
        cluster.cut(links)
        return Injection({"shape": self.shape, "around": found[0]})

    def can_hit(self, replicas: int) -> bool:
        return bool(cut_links(self.shape, [str(number) for number in range(replicas)]))

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Partition:
        return cls(
            shape=chooser.pick(SHAPES),
            target=chooser.pick(SINGLE_TARGETS),
            pick=chooser.integer(0, 8),
            wait=wait,
        )


@fault
class Grudge(Fault, frozen=True, kw_only=True, tag="grudge"):
    """Cut exactly these directed links, by the positions of the nodes from 0. Confirmed by
    messages dropped."""

    links: tuple[tuple[int, int], ...] = ()

    effect: ClassVar[str | None] = "partition"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        nodes = cluster.nodes
        count = len(nodes)
        links = [
            (nodes[source % count], nodes[target % count])
            for source, target in self.links
            if source % count != target % count
        ]
        if not links:
            return Injection([], "the grudge names no link between two nodes")
        cluster.cut(links)
        return Injection([list(link) for link in links])

    def can_hit(self, replicas: int) -> bool:
        return any((source - target) % replicas for source, target in self.links)

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Grudge:
        count = chooser.integer(1, 4)
        links = tuple((chooser.integer(0, 8), chooser.integer(0, 8)) for _ in range(count))
        return cls(links=links, wait=wait)


@fault
class Heal(Fault, frozen=True, kw_only=True, tag="heal"):
    """Mend the network: all cuts, losses, delays."""

    def inject(self, cluster: Cluster) -> Injection:
        cluster.heal_network()
        return Injection("network")

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Heal:
        return cls(wait=wait)
