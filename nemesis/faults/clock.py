"""Bad clocks: wrong, fast or slow, and set while they run."""

from __future__ import annotations

from typing import Any, ClassVar

from nemesis.chooser import Chooser
from nemesis.cluster.protocol import Cluster
from nemesis.errors import ScheduleError
from nemesis.faults.fault import MILLISECOND, Fault, Injection, Targeted, fault


@fault
class ClockJump(Targeted, frozen=True, kw_only=True, tag="clock-jump"):
    """The node's clock is set by ``offset`` ns, forward or back. Confirmed by the node's next
    reading of it."""

    offset: int = 100 * MILLISECOND

    effect: ClassVar[str | None] = "clock-jump"

    def inject(self, cluster: Cluster) -> Injection:
        found = self.victims(cluster)
        for name in found:
            cluster.jump_clock(name, self.offset)
        return Injection(found)

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {"offset": chooser.pick((100, -100, 400, -400, 2000, -2000)) * MILLISECOND}


@fault
class ClockOffset(Fault, frozen=True, kw_only=True, tag="clock-offset"):
    """All clocks disagree: node i's is set by i times ``difference`` ns. Confirmed by readings."""

    difference: int = 50 * MILLISECOND

    effect: ClassVar[str | None] = "clock-offset"
    least_replicas: ClassVar[int] = 2

    def inject(self, cluster: Cluster) -> Injection:
        others = list(cluster.nodes[1:])
        if not others:
            return Injection([], "a cluster of one has one clock")
        for position, name in enumerate(others, start=1):
            cluster.jump_clock(name, position * self.difference, kind="clock-offset")
        return Injection(others)

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> ClockOffset:
        return cls(difference=chooser.pick((50, -50, 1000, -1000)) * MILLISECOND, wait=wait)


@fault
class ClockDrift(Targeted, frozen=True, kw_only=True, tag="clock-drift"):
    """The node's clock runs fast or slow by ``parts_per_million``. Confirmed by readings."""

    parts_per_million: int = 1_000

    effect: ClassVar[str | None] = "clock-drift"

    def inject(self, cluster: Cluster) -> Injection:
        if self.parts_per_million <= -1_000_000:
            raise ScheduleError(
                f"clock-drift: parts_per_million is {self.parts_per_million}, must be above "
                "-1000000: no clock stands still or runs backwards"
            )
        found = self.victims(cluster)
        for name in found:
            cluster.drift_clock(name, self.parts_per_million)
        return Injection(found)

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {"parts_per_million": chooser.pick((1_000, -1_000, 500_000, -400_000, 2_000_000))}
