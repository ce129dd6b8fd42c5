"""Crashes, restarts, pauses."""

from __future__ import annotations

from typing import ClassVar

from nemesis.chooser import Chooser
from nemesis.cluster.protocol import Cluster
from nemesis.faults.fault import Fault, Injection, Targeted, fault, has_process, nobody
from nemesis.faults.targets import TARGETS, resolve

# Crashing all is a fault of its own, so that swarm choice can leave it out.
_SOME_TARGETS = tuple(target for target in TARGETS if target != "all")


@fault
class Crash(Targeted, frozen=True, kw_only=True, tag="crash"):
    """End processes; unsynced bytes are lost. Confirmed by processes gone."""

    aims: ClassVar[tuple[str, ...]] = _SOME_TARGETS
    effect: ClassVar[str | None] = "crash"

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, has_process)
        for name in hit:
            cluster.crash(name)
        return Injection(hit) if hit else nobody("running")


@fault
class CrashAll(Fault, frozen=True, kw_only=True, tag="crash-all"):
    """End every process at once. Confirmed by processes gone."""

    effect: ClassVar[str | None] = "crash-all"

    def inject(self, cluster: Cluster) -> Injection:
        hit = [status.name for status in cluster.status() if status.role is not None]
        for name in hit:
            cluster.crash(name)
        if hit:
            cluster.effects["crash-all"] += 1
        return Injection(hit) if hit else nobody("running")

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> CrashAll:
        return cls(wait=wait)


@fault
class Restart(Fault, frozen=True, kw_only=True, tag="restart"):
    """Start nodes that are down; their disks have room again."""

    target: str = "all"
    pick: int = 0

    def inject(self, cluster: Cluster) -> Injection:
        down = {
            status.name
            for status in cluster.status()
            if status.role is None and not status.is_lost and not status.is_paused
        }
        wanted = resolve(cluster, self.target, self.pick)
        if self.target == "any" and down:
            # A restart of somebody who runs would be none.
            ordered = [name for name in cluster.nodes if name in down]
            wanted = [ordered[self.pick % len(ordered)]]
        hit = [name for name in wanted if name in down]
        for name in hit:
            cluster.restart(name)
        return Injection(hit) if hit else nobody(f"{self.target} and down")

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Restart:
        return cls(target=chooser.pick(("all", "any")), pick=chooser.integer(0, 8), wait=wait)


@fault
class Pause(Targeted, frozen=True, kw_only=True, tag="pause"):
    """Stop processes for a while (SIGSTOP). Confirmed by messages or time-outs that had to wait."""

    aims: ClassVar[tuple[str, ...]] = _SOME_TARGETS
    effect: ClassVar[str | None] = "pause"

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, lambda status: status.is_up)
        for name in hit:
            cluster.pause(name)
        return Injection(hit) if hit else nobody("running and not paused")


@fault
class Resume(Fault, frozen=True, kw_only=True, tag="resume"):
    """Let every paused process go on (SIGCONT)."""

    def inject(self, cluster: Cluster) -> Injection:
        hit = [status.name for status in cluster.status() if status.is_paused]
        for name in hit:
            cluster.resume(name)
        return Injection(hit) if hit else nobody("paused")

    @classmethod
    def draw(cls, chooser: Chooser, wait: int) -> Resume:
        return cls(wait=wait)
