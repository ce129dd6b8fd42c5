"""A disk that goes wrong when it is told to: power, lies, space, errors, delays.

It is asked by two threads, the file system's and that of its control, one at a time.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

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
)
from nemesis.disk.image import DiskImage

_SECOND = 1_000_000_000
_T = TypeVar("_T")


class FaultyDisk:
    """A disk image, and what is wrong with it. Whatever it refuses is an OSError."""

    def __init__(self, image: DiskImage) -> None:
        self._image = image
        self._lock = threading.Lock()
        self._report = Report()
        self._cut: CutPowerAtSync | None = None
        self._syncs_left = 0
        # Syncs that succeed before all fail; None: none fails.
        self._fails_after: int | None = None
        # Bytes that are left for new blocks; None: as many as anybody wants.
        self._free: int | None = None
        self._delay = 0

    # -- The runner's side -----------------------------------------------------------------------

    def perform(self, request: AnyRequest) -> Report:
        """Do what is asked for; how the disk is then."""
        with self._lock:
            if isinstance(request, CutPowerAtSync):
                self._cut, self._syncs_left = request, request.syncs
            elif isinstance(request, LosePower):
                self._lose_power(torn=False)
            elif isinstance(request, RestorePower):
                self._cut = self._free = self._fails_after = None
                self._note(has_power=True)
            elif isinstance(request, Lie):
                if request.lies:
                    self._image.is_lying = True
                else:
                    self._image.tell_the_truth()
            elif isinstance(request, LeaveFree):
                self._free = request.free
            elif isinstance(request, DelaySyncs):
                self._delay = request.delay
            elif isinstance(request, FailAtSync):
                self._fails_after = request.syncs
            return self._report

    def _note(self, **changes: bool | int) -> None:
        self._report = msgspec.structs.replace(self._report, **changes)

    def _lose_power(self, *, torn: bool) -> None:
        self._cut = None
        loss = self._image.lose_power(torn=torn)
        self._note(
            has_power=False,
            unsynced=self._report.unsynced + loss.unsynced,
            promised=self._report.promised + loss.promised,
            names=self._report.names + loss.names,
        )

    # -- The server's side -----------------------------------------------------------------------

    def look(self, work: Callable[[DiskImage], _T]) -> _T:
        """Do what can always be done while there is power."""
        with self._lock:
            self._require_power()
            return work(self._image)

    def close(self, descriptor: int) -> None:
        """Whoever had it open may have died of the loss of power."""
        with self._lock:
            self._image.close(descriptor)

    def change(self, work: Callable[[DiskImage], _T]) -> _T:
        """Change names or a file's size."""
        with self._lock:
            self._require_power()
            self._require_no_error()
            return work(self._image)

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        with self._lock:
            self._require_power()
            self._require_no_error()
            if self._free is not None:
                needed = new_bytes(descriptor, offset, len(data))
                if needed > self._free:
                    self._note(refused=self._report.refused + 1)
                    raise _error(errno.ENOSPC)
                self._free -= needed
            return self._image.write(descriptor, data, offset)

    def sync(self, work: Callable[[DiskImage], None], caller: int) -> None:
        """A sync, of a file or a directory, asked for by the thread ``caller``."""
        with self._lock:
            self._require_power()
            if self._cut is not None and process_of(caller) == self._cut.pid:
                if self._syncs_left == 0:
                    self._cut_power(self._cut)
                    raise _error(errno.EIO)
                self._syncs_left -= 1
            self._require_no_error()
            if self._fails_after is not None:
                self._fails_after -= 1
                self._require_no_error()
            delay = self._delay
        if delay:
            time.sleep(delay / _SECOND)
        with self._lock:
            self._require_power()
            work(self._image)
            self._note(
                syncs=self._report.syncs + 1,
                lies=self._report.lies + self._image.is_lying,
                delayed=self._report.delayed + (delay > 0),
            )

    def _cut_power(self, cut: CutPowerAtSync) -> None:
        """SIGKILL first: the thread that waits for this sync has it before the answer, so it never
        learns of it."""
        with suppress(ProcessLookupError):
            os.kill(cut.pid, signal.SIGKILL)
        self._lose_power(torn=cut.torn)
        self._note(cuts=self._report.cuts + 1)

    def _require_power(self) -> None:
        if not self._report.has_power:
            raise _error(errno.EIO)

    def _require_no_error(self) -> None:
        if self._fails_after is not None and self._fails_after < 0:
            self._note(failed=self._report.failed + 1)
            raise _error(errno.EIO)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def process_of(thread: int) -> int | None:
    """The process that a thread belongs to; None if it is gone."""
    try:
        status = Path(f"/proc/{thread}/status").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return next(int(line[5:]) for line in status.splitlines() if line.startswith("Tgid:"))


def new_bytes(descriptor: int, offset: int, length: int) -> int:
    """How many bytes of a write need blocks that the file does not have: what is behind its end,
    and its holes."""
    end = offset + length
    held = 0
    at = offset
    while at < end:
        try:
            data = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                # Nothing but a hole, or nothing at all, from there on.
                break
            raise
        if data >= end:
            break
        at = os.lseek(descriptor, data, os.SEEK_HOLE)
        held += min(at, end) - data
    return length - held
