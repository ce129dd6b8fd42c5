"""The faults of disks that a real cluster can receive if its disks are ours."""

from __future__ import annotations

from nemesis.cluster.real.disks import Disks
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.refusals import Refusals


class DiskFaults(Refusals):
    """The part of nemesis.cluster.protocol.Cluster that is about disks."""

    hosts: Hosts
    # None if they are the machine's.
    disks: Disks | None = None

    def lose_power(self, node: str, *, torn: bool, syncs: int) -> None:
        disks = self._faulty("torn-write" if torn else "unsynced-loss")
        pid = self.hosts.servers[node].pid
        if pid is not None:
            disks.lose_power(node, pid, torn=torn, syncs=syncs)

    def fill_disk(self, node: str, free: int) -> None:
        self._faulty("full-disk").fill(node, free)

    def slow_disk(self, node: str, delay: int) -> None:
        self._faulty("slow-disk").slow_down(node, delay)

    def fail_disk(self, node: str, syncs: int) -> None:
        self._faulty("io-error").fail(node, syncs)

    def lie_about_syncs(self, node: str) -> None:
        self._faulty("lying-disk").lie(node)

    def _faulty(self, kind: str) -> Disks:
        if self.disks is None:
            raise self.refusal(kind, "its disk is the machine's")
        return self.disks
