"""The trace: what happened inside the nodes, one event a state transition.

Every event carries its ``sequence`` number in the trace, its ``time`` (ns since the run began) and
the ``node``. The simulator makes the events as things happen, real nodes append them to a file;
the monitors of checker.invariants read both. On disk a trace is JSON lines: a header, then an event
a line, commands in base64.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

import msgspec

from checker.errors import CheckerError

Role = Literal["follower", "pre-candidate", "candidate", "leader"]


class TraceError(CheckerError):
    """A trace file is malformed; the message names file, line and reason."""


class _Event(msgspec.Struct, frozen=True, tag_field="event", gc=False):
    sequence: int
    time: int
    node: str


class Started(_Event, frozen=True, tag="started", gc=False):
    """The node came up with this term and vote. Its log is empty until SnapshotRestored, if there
    is a snapshot, and Appended events tell what was recovered, from the index after it on. A
    Persisted event closes the recovery; ConfigurationChanged follows."""

    term: int
    voted_for: str | None


class Stopped(_Event, frozen=True, tag="stopped", gc=False):
    """The node went down: crashed, killed, or stopped because of an error; ``reason`` says why."""

    reason: str


class TermChanged(_Event, frozen=True, tag="term-changed", gc=False):
    """currentTerm is now ``term``."""

    term: int


class TermExposed(_Event, frozen=True, tag="term-exposed", gc=False):
    """The first message of ``term`` left the node."""

    term: int


class RoleChanged(_Event, frozen=True, tag="role-changed", gc=False):
    """The node took a role in ``term``."""

    role: Role
    term: int


class VoteGranted(_Event, frozen=True, tag="vote-granted", gc=False):
    """A vote of this node became visible to others."""

    term: int
    candidate: str


class Appended(_Event, frozen=True, tag="appended", gc=False):
    """An entry was appended to the node's log in memory."""

    index: int
    term: int
    command: bytes


class Truncated(_Event, frozen=True, tag="truncated", gc=False):
    """The entries from ``index`` (inclusive) on were removed from the log in memory."""

    index: int


class Persisted(_Event, frozen=True, tag="persisted", gc=False):
    """Term, vote and the log up to ``last_index`` are durable on the node's disk, and with it the
    snapshot last restored, if the log reaches its index."""

    term: int
    voted_for: str | None
    last_index: int


class Committed(_Event, frozen=True, tag="committed", gc=False):
    """The node's commitIndex is now ``index``."""

    index: int


class Applied(_Event, frozen=True, tag="applied", gc=False):
    """The node applied the entry at ``index``; ``executed`` is false for a recognised duplicate.
    ``session`` is empty for an entry that carries no client's command."""

    index: int
    session: str
    request: int
    executed: bool


class ConfigurationChanged(_Event, frozen=True, tag="configuration-changed", gc=False):
    """The configuration of the entry at ``index``, or of a snapshot of that index, is in effect on
    the node. ``outgoing`` is the old majority of a joint configuration, else empty. Told at every
    start, and right after the event that changed it: an Appended or Truncated entry, a snapshot.
    In a trace that never tells one, all members of the header vote."""

    index: int
    voters: tuple[str, ...]
    outgoing: tuple[str, ...]
    learners: tuple[str, ...]


class SnapshotTaken(_Event, frozen=True, tag="snapshot-taken", gc=False):
    """A snapshot of the state after the entry at ``index`` of ``term`` is durable."""

    index: int
    term: int
    digest: str


class SnapshotRestored(_Event, frozen=True, tag="snapshot-restored", gc=False):
    """The node's state is that of a snapshot, received or found on its disk: it has committed and
    applied the entries up to ``index``, without Committed and Applied events. Its log goes from
    there to ``last_index``, beyond ``index`` only if it had the snapshot's last entry (section 7);
    at a start, which tells the entries after it, they are equal. A snapshot received is durable
    with the next Persisted event that reaches ``index``."""

    index: int
    term: int
    digest: str
    last_index: int


class Compacted(_Event, frozen=True, tag="compacted", gc=False):
    """The node's log no longer holds the entries up to ``index``."""

    index: int


class StateDigest(_Event, frozen=True, tag="state-digest", gc=False):
    """``digest`` stands for the node's state after it had applied the entry at ``index``."""

    index: int
    digest: str


class LeaseRead(_Event, frozen=True, tag="lease-read", gc=False):
    """The node, leader of ``term``, confirmed a read at ``index`` by its lease alone."""

    index: int
    term: int


class TransferStarted(_Event, frozen=True, tag="transfer-started", gc=False):
    """The leader began to hand over to ``target``."""

    target: str


class TransferEnded(_Event, frozen=True, tag="transfer-ended", gc=False):
    """The hand-over is over, "done" or "abandoned"."""

    outcome: str


TraceEvent = (
    Started
    | Stopped
    | TermChanged
    | TermExposed
    | RoleChanged
    | VoteGranted
    | Appended
    | Truncated
    | Persisted
    | Committed
    | Applied
    | ConfigurationChanged
    | SnapshotTaken
    | SnapshotRestored
    | Compacted
    | StateDigest
    | LeaseRead
    | TransferStarted
    | TransferEnded
)

EVENT_TYPES: tuple[type[TraceEvent], ...] = get_args(TraceEvent)


class TraceHeader(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a trace file: who takes part."""

    format: Literal["splitbrain-trace"] = "splitbrain-trace"
    version: Literal[1] = 1
    members: tuple[str, ...]


_encoder = msgspec.json.Encoder()
_decode_event = msgspec.json.Decoder[TraceEvent](TraceEvent).decode
_decode_header = msgspec.json.Decoder(TraceHeader).decode


def encode_trace(members: Iterable[str], events: Iterable[TraceEvent]) -> bytes:
    """The trace as JSON lines: equal runs give equal bytes."""
    lines = [_encoder.encode(TraceHeader(members=tuple(members)))]
    lines.extend(map(_encoder.encode, events))
    lines.append(b"")
    return b"\n".join(lines)


def read_trace(path: Path) -> tuple[TraceHeader, list[TraceEvent]]:
    """Read a trace file; raises TraceError with file, line and reason."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}") from error
    return decode_trace(path, lines)


def decode_trace(path: Path, lines: list[bytes]) -> tuple[TraceHeader, list[TraceEvent]]:
    """Decode the lines of a trace file; raises TraceError with file, line and reason."""
    if not lines:
        raise TraceError(f"{path}:1: empty file, a trace begins with a header line")
    number = 1
    try:
        header = _decode_header(lines[0])
        events: list[TraceEvent] = []
        for line in lines[1:]:
            number += 1
            events.append(_decode_event(line))
    except msgspec.DecodeError as error:
        raise TraceError(f"{path}:{number}: not a trace event: {error}") from error
    return header, events
