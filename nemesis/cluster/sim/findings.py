"""What it means that a simulated server raises an exception: its end, a finding, or our own error.

A server calls back into our side: its disk, its recorder, and the monitors behind that; or an
adapter stands between it and us. What goes wrong there is no fault of the subject's, so it convicts
nobody, and it is not hidden either. An adapter that is told of a failure of the subject, and not by
an exception, raises SubjectFailed.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile
from traceback import walk_tb

from checker.verdict import Failure
from nemesis.cluster.sim.disk import PowerLost
from nemesis.cluster.sim.events import EventQueue
from nemesis.subjects.errors import SubjectFailed
from raft.storage import DiskError, StorageCorrupt
from raft.storage.disk import DiskFull

_OUR_SIDE = ("nemesis", "checker")
_ADAPTERS = "nemesis.subjects."
# What it leads to is our own Raft, which is under test.
_OWN_ADAPTER = "nemesis.subjects.own"

# What happened to a disk, by the fault that did it.
_LOST = {
    "lost-file": "a file of its disk was gone or cut short",
    "bit-flip": "a bit of its disk had flipped",
}


class Findings:
    """Reports what is found wrong with one server."""

    def __init__(self, name: str, time: EventQueue, report: Callable[[Failure], None]) -> None:
        self._name = name
        self._time = time
        self._report = report

    def end_of_run(self, error: BaseException) -> str | None:
        """Why the process ends that raised this; None if the error is our own, to be raised again.

        Space may run out, and power. Whatever else a replica raises is a finding, sys.exit too; so
        is any other error of the disk, which only answers what should never have been asked of it.
        """
        if isinstance(error, PowerLost):
            return "power lost during a sync"
        if isinstance(error, DiskFull):
            return f"disk error: {error}"
        if is_our_own(error):
            return None
        self._convict(error)
        return f"unhandled {type(error).__name__}"

    def end_of_start(self, error: BaseException, *, is_lost: bool) -> str | None:
        """The same of a process that did not come up. One whose disk is lost must refuse to."""
        if isinstance(error, PowerLost):
            return "power lost while starting"
        if isinstance(error, StorageCorrupt):
            if not is_lost:
                self._convict(error)
            return f"refuses to start: {error}"
        return self.end_of_run(error)

    def started_though_lost(self, lost_by: str) -> None:
        """It started on a disk that it should have refused."""
        self._report(
            Failure(
                kind="corruption-undetected",
                message=f"{self._name} started though {_LOST[lost_by]}",
                time=self._time.now,
                node=self._name,
            )
        )

    def _convict(self, error: BaseException) -> None:
        self._report(
            Failure(
                kind="unhandled-exception",
                message=f"{self._name} raised {type(error).__name__}: {error}",
                time=self._time.now,
                node=self._name,
                evidence={"exception": type(error).__name__},
            )
        )


def is_our_own(error: BaseException) -> bool:
    """Whether the error was not raised by a replica: before it was called, or once it had called
    back. What the disk answers is meant for the replica.

    Where an adapter of ours stands between, what it uses of ``raft`` is no more under test than it
    is itself, and what the disk answers was asked by it."""
    if isinstance(error, SubjectFailed):
        return False
    modules = [str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(error.__traceback__)]
    has_adapter = any(module.startswith(_ADAPTERS) and module != _OWN_ADAPTER for module in modules)
    if isinstance(error, DiskError):
        return has_adapter
    ours = (*_OUR_SIDE, "raft") if has_adapter else _OUR_SIDE
    packages = (module.partition(".")[0] for module in modules)
    within = list(dropwhile(lambda package: package in ours, packages))
    return not within or any(package in ours for package in within)
