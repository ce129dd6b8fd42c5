"""What happens inside a server, appended to a file: the trace that checker.trace reads.

A header line, then an event a line. Events are written to the file, not synced, before anything
that they led to leaves the server; so the death of the process, at any moment, takes no event that
others could know of. The death of the machine may.

Times are ns, and in the order of cause and effect across servers even where their clocks are not:
every message carries the sender's, and the receiver's goes on after it (a hybrid logical clock,
Kulkarni and others, 2014).
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from raft.consensus.configuration import Configuration
from raft.errors import RaftError
from raft.observer import Observer

_encode: Final = msgspec.json.Encoder().encode


class TraceFileError(RaftError):
    """The trace cannot be written, or the file is not one."""


class TraceClock:
    """Tells times that only grow, here and along every message."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def read(self) -> int:
        """The time of something that happens now; no two are equal."""
        self._last = max(self._last + 1, time.monotonic_ns())
        return self._last

    def observe(self, stamp: int) -> None:
        """A message of that time came in: what happens now is later."""
        self._last = max(self._last, stamp)


class _LastEvent(msgspec.Struct):
    sequence: int
    time: int


class TraceFile(Observer):
    """The observer of one server. Nothing is in the file before ``flush``."""

    def __init__(self, path: Path, node: str, members: tuple[str, ...], clock: TraceClock) -> None:
        """Go on where an earlier life has ended; a line that it left unfinished is cut off. Raises
        TraceFileError."""
        self._path = path
        self._node = node
        self._clock = clock
        self._lines: list[bytes] = []
        self._sequence = 0
        self._has_failed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self._go_on(members)
        except OSError as error:
            raise TraceFileError(f"{path}: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise TraceFileError(f"{path}: does not end as a trace does: {error}") from error

    def _go_on(self, members: tuple[str, ...]) -> None:
        size = os.fstat(self._descriptor).st_size
        tail = os.pread(self._descriptor, 1 << 24, max(0, size - (1 << 24)))
        end = tail.rfind(b"\n") + 1
        size -= len(tail) - end
        os.ftruncate(self._descriptor, size)
        os.lseek(self._descriptor, size, os.SEEK_SET)
        last = tail[:end].rstrip(b"\n").rpartition(b"\n")[2]
        if not last:
            header = {"format": "splitbrain-trace", "version": 1, "members": members}
            self._lines += (_encode(header), b"\n")
        elif b'"format"' not in last[:16]:
            event = msgspec.json.decode(last, type=_LastEvent)
            self._sequence = event.sequence + 1
            self._clock.observe(event.time)

    def flush(self) -> None:
        """Hand the events to the operating system; raises TraceFileError."""
        if not self._lines:
            return
        view = memoryview(b"".join(self._lines))
        self._lines.clear()
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            self._has_failed = True
            raise TraceFileError(f"{self._path}: {error.strerror}") from error

    def close(self, reason: str) -> None:
        """The last event: the server stops. None where a flush has failed: it would go on in the
        middle of a line. Raises TraceFileError."""
        try:
            if not self._has_failed:
                self._add("stopped", reason=reason)
                self.flush()
        finally:
            os.close(self._descriptor)

    def _add(self, event: str, **fields: Any) -> None:
        head = {
            "event": event,
            "sequence": self._sequence,
            "time": self._clock.read(),
            "node": self._node,
        }
        self._sequence += 1
        self._lines += (_encode(head | fields), b"\n")

    # -- raft.observer.Observer ------------------------------------------------------------------

    def started(self, term: int, voted_for: str | None) -> None:
        self._add("started", term=term, voted_for=voted_for)

    def term_changed(self, term: int) -> None:
        self._add("term-changed", term=term)

    def role_changed(self, role: str, term: int) -> None:
        self._add("role-changed", role=role, term=term)

    def vote_granted(self, term: int, candidate: str) -> None:
        self._add("vote-granted", term=term, candidate=candidate)

    def term_exposed(self, term: int) -> None:
        self._add("term-exposed", term=term)

    def appended(self, index: int, term: int, command: bytes) -> None:
        self._add("appended", index=index, term=term, command=command)

    def truncated(self, index: int) -> None:
        self._add("truncated", index=index)

    def persisted(self, term: int, voted_for: str | None, last_index: int) -> None:
        self._add("persisted", term=term, voted_for=voted_for, last_index=last_index)

    def committed(self, index: int) -> None:
        self._add("committed", index=index)

    def applied(self, index: int, session: str, sequence: int, executed: bool) -> None:
        self._add("applied", index=index, session=session, request=sequence, executed=executed)

    def configuration_changed(self, index: int, configuration: Configuration) -> None:
        self._add(
            "configuration-changed",
            index=index,
            voters=configuration.voters,
            outgoing=configuration.outgoing,
            learners=configuration.learners,
        )

    def snapshot_taken(self, index: int, term: int, digest: str) -> None:
        self._add("snapshot-taken", index=index, term=term, digest=digest)

    def snapshot_restored(self, index: int, term: int, digest: str, last_index: int) -> None:
        self._add("snapshot-restored", index=index, term=term, digest=digest, last_index=last_index)

    def compacted(self, index: int) -> None:
        self._add("compacted", index=index)

    def state_digest(self, index: int, digest: str) -> None:
        self._add("state-digest", index=index, digest=digest)

    def lease_read(self, index: int, term: int) -> None:
        self._add("lease-read", index=index, term=term)

    def transfer_started(self, target: str) -> None:
        self._add("transfer-started", target=target)

    def transfer_ended(self, outcome: str) -> None:
        self._add("transfer-ended", outcome=outcome)
