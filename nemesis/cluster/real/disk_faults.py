"""The faults of disks that a real cluster can receive if its disks are ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nemesis.cluster.protocol import DiskFile
from nemesis.cluster.real.disks import Disks
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.refusals import Refusals


class DiskFaults(Refusals):
    """The part of nemesis.cluster.protocol.Cluster that is about disks."""

    hosts: Hosts
    effects: Counter[str]
    # None if they are the machine's.
    disks: Disks | None = None

    def __init__(self) -> None:
        # Nodes whose disks were damaged, and by what: they must refuse to start, and are not
        # expected to come back, unless they can do without what was lost.
        self.damaged: dict[str, str] = {}

    def tell(self, what: str, seen: dict[str, Any]) -> None:
        """Something that was seen, in the history."""
        raise NotImplementedError

    def take_down(self, node: str) -> bool:
        """End the node's process, and its machine; whether it had one."""
        raise NotImplementedError

    def restart(self, node: str) -> bool:
        """Start the node."""
        raise NotImplementedError

    def flip_bit_of(self, files: Path, position: int) -> str | None:
        """Flip a bit of what such a server holds in its data directory: where, if anywhere."""
        raise self.refusal("bit-flip", "nobody knows which of its files are checked")

    def lose_file_of(self, files: Path, file: DiskFile, kept: int | None) -> str | None:
        """Take a file, or a part of it, from the data directory; its name if there is one."""
        raise self.refusal("lost-file", "nobody knows which of its files it must miss")

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

    def flip_bit(self, node: str, position: int) -> None:
        self._damage(node, "bit-flip", lambda files: self.flip_bit_of(files, position))

    def lose_file(self, node: str, file: DiskFile, kept: int | None) -> bool:
        return self._damage(node, "lost-file", lambda files: self.lose_file_of(files, file, kept))

    def _damage(self, node: str, kind: str, damage: Callable[[Path], str | None]) -> bool:
        """The node goes down, its disk is damaged, and it starts at once: it has to notice."""
        files = self._faulty(kind).files(node)
        self.take_down(node)
        where = damage(files)
        if where is not None:
            self.damaged[node] = kind
            self.tell("disk", {"node": node, kind: where})
        self.restart(node)
        return where is not None

    def explain_end(self, node: str) -> str | None:
        """Why a server has ended, if that was to be expected."""
        if self.disks is None:
            return None
        reason = self.disks.explain_end(node)
        kind = self.damaged.get(node)
        if kind is None or reason is not None:
            return reason
        self.effects[kind] += 1
        return f"it refuses to start, after the {kind}"

    def can_do_without(self, node: str) -> None:
        """The server has started, and answers."""
        if self.damaged.pop(node, None) is not None:
            self.tell("disk", {"node": node, "state": "the server does without what was damaged"})

    def _faulty(self, kind: str) -> Disks:
        if self.disks is None:
            raise self.refusal(kind, "its disk is the machine's")
        return self.disks
