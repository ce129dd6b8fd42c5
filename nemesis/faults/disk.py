"""Bad disks: power lost in the middle of a write, flipped bits, no space, errors, lies."""

from __future__ import annotations

from typing import Any, ClassVar

from nemesis.chooser import Chooser
from nemesis.cluster.protocol import Cluster, DiskFile
from nemesis.faults.fault import (
    MILLISECOND,
    Injection,
    Targeted,
    fault,
    has_process,
    nobody,
)


class _PowerLoss(Targeted, frozen=True, kw_only=True):
    """Power fails at a sync of the node."""

    # The next one, or so many later.
    syncs: int = 0

    # Whether a part of what was not synced stays.
    torn: ClassVar[bool]

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, has_process)
        for name in hit:
            cluster.lose_power(name, torn=self.torn, syncs=self.syncs)
        return Injection(hit) if hit else nobody("running")

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {"syncs": chooser.pick((0, 0, 0, 1, 2, 5))}


@fault
class UnsyncedLoss(_PowerLoss, frozen=True, kw_only=True, tag="unsynced-loss"):
    """Power fails at the node's next sync: what it wrote since the last one is lost. Confirmed by
    bytes lost."""

    torn: ClassVar[bool] = False
    effect: ClassVar[str | None] = "unsynced-loss"


@fault
class TornWrite(_PowerLoss, frozen=True, kw_only=True, tag="torn-write"):
    """Power fails at the node's next sync, and only a part of the last write reached the disk.
    Confirmed by bytes lost."""

    torn: ClassVar[bool] = True
    effect: ClassVar[str | None] = "torn-write"


def is_budget_used_up(cluster: Cluster) -> bool:
    """Whether one more lost disk would make more than a minority of the voters' number."""
    statuses = cluster.status()
    lost = sum(status.is_lost for status in statuses)
    voters = sum(status.is_voter for status in statuses)
    return lost + 1 > (voters - 1) // 2


@fault
class BitFlip(Targeted, frozen=True, kw_only=True, tag="bit-flip"):
    """A node goes down and one bit of its disk is flipped. It must refuse to start again, so it is
    lost for good: within the nemesis' budget, never more than a minority, unless the schedule goes
    ``beyond_budget`` on purpose; the cluster is then expected to be unavailable. Confirmed by the
    refusal of the node to start."""

    target: str = "follower"
    position: int = 0
    beyond_budget: bool = False

    effect: ClassVar[str | None] = "bit-flip"
    # One is a minority of these.
    least_replicas: ClassVar[int] = 3

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, lambda status: not status.is_lost)[:1]
        if not hit:
            return nobody("without a corrupt disk")
        if not self.beyond_budget and is_budget_used_up(cluster):
            return Injection([], "the budget of lost disks, a minority, is used up")
        cluster.flip_bit(hit[0], self.position)
        return Injection(hit)

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {"position": chooser.integer(0, 1 << 20)}


@fault
class LostFile(Targeted, frozen=True, kw_only=True, tag="lost-file"):
    """A running node goes down, and a file is gone from its disk, or all of it but the first
    ``kept`` bytes: that of its vote, the newest of its snapshots, the newest of its log, or the one
    before that ("older-log"), of which zeros take the place. It must refuse to start again, so it
    is lost for good, within the same budget as by bit-flip. Confirmed by the refusal."""

    target: str = "follower"
    file: DiskFile = "vote"
    kept: int | None = None

    effect: ClassVar[str | None] = "lost-file"
    least_replicas: ClassVar[int] = 3

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, has_process)[:1]
        if not hit:
            return nobody("running")
        if is_budget_used_up(cluster):
            return Injection([], "the budget of lost disks, a minority, is used up")
        if not cluster.lose_file(hit[0], self.file, self.kept):
            return Injection([], f"{hit[0]} has no {self.file} that it would miss")
        return Injection(hit)

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {
            "file": chooser.pick(("vote", "log", "snapshot", "older-log", "older-log")),
            "kept": chooser.integer(0, 200) if chooser.chance(60) else None,
        }


@fault
class FullDisk(Targeted, frozen=True, kw_only=True, tag="full-disk"):
    """The node's disk has only ``free`` bytes left, until it is restarted. Confirmed by a refused
    write."""

    free: int = 0

    effect: ClassVar[str | None] = "full-disk"

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, has_process)
        for name in hit:
            cluster.fill_disk(name, self.free)
        return Injection(hit) if hit else nobody("running")

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {"free": chooser.pick((0, 10, 100, 500))}


@fault
class SlowDisk(Targeted, frozen=True, kw_only=True, tag="slow-disk"):
    """Every sync of the node takes ``delay`` ns. Confirmed by syncs that took so long."""

    delay: int = 20 * MILLISECOND

    effect: ClassVar[str | None] = "slow-disk"

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, has_process)
        for name in hit:
            cluster.slow_disk(name, self.delay)
        return Injection(hit) if hit else nobody("running")

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {"delay": chooser.pick((20, 5, 100, 300)) * MILLISECOND}


@fault
class IoError(Targeted, frozen=True, kw_only=True, tag="io-error"):
    """The node's writes and syncs fail (EIO), from its next sync but ``syncs`` on, until it is
    restarted; whatever does not end by that would be talking of what is not on its disk. Confirmed
    by writes and syncs that failed. Real servers only."""

    syncs: int = 0

    effect: ClassVar[str | None] = "io-error"
    is_simulated: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, has_process)
        for name in hit:
            cluster.fail_disk(name, self.syncs)
        return Injection(hit) if hit else nobody("running")

    @classmethod
    def draw_fields(cls, chooser: Chooser) -> dict[str, Any]:
        return {"syncs": chooser.pick((0, 0, 1, 2, 5))}


@fault
class LyingDisk(Targeted, frozen=True, kw_only=True, tag="lying-disk"):
    """The disk says of every sync that it is done, and makes nothing durable, until all faults end.
    No Raft bears that on a majority of the disks: it is for those who want to see what comes of it,
    and never drawn unless it is asked for by name. Confirmed by bytes lost that had been synced.
    Real servers only."""

    target: str = "majority"

    aims: ClassVar[tuple[str, ...]] = ("majority",)
    effect: ClassVar[str | None] = "lying-disk"
    is_simulated: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Injection:
        hit = self.victims(cluster, lambda status: not status.is_lost)
        for name in hit:
            cluster.lie_about_syncs(name)
        return Injection(hit) if hit else nobody("without a corrupt disk")
