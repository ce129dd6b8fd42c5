"""What disks of ours do to the servers of a real cluster, and what they were seen to do.

Without a fault of disks a server has a directory of the machine, and SIGKILL costs it nothing that
it wrote. With one, every server has a disk of ours (nemesis/disk, docs/disks.md), and whatever ends
a server takes its machine down: what was not synced is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from nemesis.cluster.real.run_file import RunFile
from nemesis.disk.control import (
    AnyRequest,
    CutPowerAtSync,
    DelaySyncs,
    FailAtSync,
    LeaveFree,
    Lie,
    LosePower,
    Report,
    RestorePower,
    Tell,
)
from nemesis.disk.image import Names
from nemesis.disk.mounted import MountedDisk
from nemesis.disk.mounts import why_not

DISK_FAULTS = frozenset(
    {
        *("unsynced-loss", "torn-write", "full-disk", "slow-disk", "io-error", "lying-disk"),
        *("bit-flip", "lost-file"),
    }
)
"""The kinds of faults that need disks of ours."""


def possible_disk_faults() -> frozenset[str]:
    """Those that can be injected on this machine, if it is known how to damage the files."""
    return frozenset() if why_not() is not None else DISK_FAULTS


def what_lacks(fault: str) -> str:
    """Why this machine has no disks of ours, where a fault of them was asked for: for messages."""
    reason = why_not() if fault in DISK_FAULTS else None
    return "" if reason is None else f" ({reason})"


class Disks:
    """The disks of all nodes. Every method may raise DiskGone."""

    def __init__(
        self,
        nodes: Iterable[str],
        directory: Path,
        run_file: RunFile,
        seed: int,
        names: Names,
        effects: Counter[str],
    ) -> None:
        self._disks = {
            node: MountedDisk(node, directory, run_file, seed + number, names)
            for number, node in enumerate(nodes)
        }
        self._effects = effects
        # What each has told, up to where it was counted, and when its server was last started.
        self._counted = {node: Report() for node in self._disks}
        self._at_start = dict(self._counted)
        # Which fault has its power cut at a sync.
        self._cut_by: dict[str, str] = {}

    def data(self, node: str) -> Path:
        """Where the server finds its disk."""
        return self._disks[node].mount

    def files(self, node: str) -> Path:
        """Where they are kept."""
        return self._disks[node].files

    def start(self) -> None:
        """Mount all. Raises ProcessError."""
        for disk in self._disks.values():
            disk.start()
        for disk in self._disks.values():
            disk.await_ready()

    def close(self) -> None:
        """Unmount all, whatever is the matter with them."""
        errors = []
        for disk in self._disks.values():
            try:
                disk.close()
            except OSError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    # -- What ends a server ----------------------------------------------------------------------

    def server_starts(self, node: str) -> None:
        """Its machine is on again."""
        self._at_start[node] = self._ask(node, RestorePower())

    def server_was_killed(self, node: str) -> dict[str, int]:
        """Its machine goes down; what was lost, in bytes and names."""
        before = self._counted[node]
        after = self._ask(node, LosePower())
        return {
            name: getattr(after, name) - getattr(before, name)
            for name in ("unsynced", "promised", "names")
        }

    def explain_end(self, node: str) -> str | None:
        """The server has ended: what its disk had done to it, if anything. Its machine is down."""
        before, now = self._at_start[node], self._ask(node, Tell())
        lost = self.server_was_killed(node)
        if now.cuts > before.cuts:
            return f"its disk lost power, and {now.unsynced - before.unsynced} bytes"
        if now.failed > before.failed:
            return "its disk failed"
        if now.refused > before.refused:
            return f"its disk was full; lost with its end: {lost}"
        return None

    # -- Faults ----------------------------------------------------------------------------------

    def lose_power(self, node: str, pid: int, *, torn: bool, syncs: int) -> None:
        """At the next sync of process ``pid`` but ``syncs``."""
        self._cut_by[node] = "torn-write" if torn else "unsynced-loss"
        self._ask(node, CutPowerAtSync(pid=pid, torn=torn, syncs=syncs))

    def lie(self, node: str) -> None:
        """Syncs return and make nothing durable until all faults end."""
        self._ask(node, Lie(lies=True))

    def fill(self, node: str, free: int) -> None:
        """Leave so many bytes until the server is started again."""
        self._ask(node, LeaveFree(free=free))

    def slow_down(self, node: str, delay: int) -> None:
        """Let each sync take ``delay`` ns more until all faults end."""
        self._ask(node, DelaySyncs(delay=delay))

    def fail(self, node: str, syncs: int) -> None:
        """Every write and sync after so many syncs, until the server is started again."""
        self._ask(node, FailAtSync(syncs=syncs))

    def restore_power(self) -> None:
        """There is room, nothing fails, and no power will be lost; what has lost it stays off until
        its server starts."""
        for node in self._disks:
            if self._ask(node, Tell()).has_power:
                self._ask(node, RestorePower())

    def end_faults(self) -> None:
        """All are as they should be."""
        self.restore_power()
        for node in self._disks:
            self._ask(node, Lie(lies=False))
            self._ask(node, DelaySyncs(delay=0))

    def observe(self) -> None:
        """Count what they have done since."""
        for node in self._disks:
            self._ask(node, Tell())

    def _ask(self, node: str, request: AnyRequest) -> Report:
        report = self._disks[node].ask(request)
        before, self._counted[node] = self._counted[node], report
        unsynced = self._cut_by[node] if report.cuts > before.cuts else "bytes-lost"
        for kind, count in (
            (unsynced, report.unsynced - before.unsynced),
            ("lying-disk", report.promised - before.promised),
            ("slow-disk", report.delayed - before.delayed),
            ("full-disk", report.refused - before.refused),
            ("io-error", report.failed - before.failed),
        ):
            if count:
                self._effects[kind] += count
        return report
