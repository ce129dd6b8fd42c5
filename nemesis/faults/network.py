"""Bad links: loss, duplicates, reordering, delay; no links at all."""

from __future__ import annotations

from typing import Any, ClassVar

from nemesis.chooser import Chooser
from nemesis.cluster.protocol import Cluster
from nemesis.faults.fault import MILLISECOND, Fault, Injection, Targeted, fault


@fault
class Loss(Fault, frozen=True, kw_only=True, tag="loss"):
    """Every link loses messages, ``percent`` of them. Confirmed by messages lost."""

    percent: int = 10

    effect: ClassVar[str | None] = "loss"

    def inject(self, cluster: Cluster) -> Injection:
        cluster.shape(None, loss=self.percent)
        return Injection({"percent": self.percent})

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Loss:
        return cls(percent=chooser.pick((10, 5, 20, 40)), wait=wait)


@fault
class Duplicate(Fault, frozen=True, kw_only=True, tag="duplicate"):
    """Every link delivers messages twice, ``percent`` of them. Confirmed by duplicates."""

    percent: int = 10

    effect: ClassVar[str | None] = "duplicate"

    def inject(self, cluster: Cluster) -> Injection:
        cluster.shape(None, duplicate=self.percent)
        return Injection({"percent": self.percent})

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Duplicate:
        return cls(percent=chooser.pick((10, 5, 30, 60)), wait=wait)


@fault
class Reorder(Fault, frozen=True, kw_only=True, tag="reorder"):
    """Messages overtake each other: ``percent`` of them are held back. Confirmed by messages
    held."""

    percent: int = 10

    effect: ClassVar[str | None] = "reorder"

    def inject(self, cluster: Cluster) -> Injection:
        cluster.shape(None, reorder=self.percent)
        return Injection({"percent": self.percent})

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Reorder:
        return cls(percent=chooser.pick((10, 5, 30, 60)), wait=wait)


@fault
class Delay(Fault, frozen=True, kw_only=True, tag="delay"):
    """Every link takes up to ``longest`` ns. Confirmed by messages sent meanwhile."""

    longest: int = 20 * MILLISECOND

    effect: ClassVar[str | None] = "delay"

    def inject(self, cluster: Cluster) -> Injection:
        cluster.shape(None, delay_max=self.longest, delayed_by="delay")
        return Injection({"longest": self.longest})

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Delay:
        return cls(longest=chooser.pick((20, 50, 100, 200)) * MILLISECOND, wait=wait)


@fault
class SlowLink(Targeted, frozen=True, kw_only=True, tag="slow-link"):
    """Links from one node, or to it, are slow: messages arrive when much has changed. Confirmed by
    messages sent over them."""

    direction: str = "from"
    delay: int = 100 * MILLISECOND

    effect: ClassVar[str | None] = "slow-link"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        node = self.victims(cluster)[0]
        others = [other for other in cluster.nodes if other != node]
        if not others:
            return Injection([], "a cluster of one has no links")
        if self.direction == "from":
            links = [(node, other) for other in others]
        else:
            links = [(other, node) for other in others]
        cluster.shape(
            links, delay_min=self.delay // 2, delay_max=self.delay, delayed_by="slow-link"
        )
        return Injection({"direction": self.direction, "node": node})

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {
            "direction": chooser.pick(("from", "to")),
            "delay": chooser.pick((100, 50, 200, 500)) * MILLISECOND,
        }


@fault
class Disconnect(Targeted, frozen=True, kw_only=True, tag="disconnect"):
    """Take nodes off the network: neither peers nor clients reach them, and connections of clients
    break. Confirmed by their interface being gone. Real servers in containers only."""

    effect: ClassVar[str | None] = "disconnect"
    is_simulated: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster)
        for name in hit:
            cluster.disconnect(name)
        return Injection(hit)
