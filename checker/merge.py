"""One trace of many: each node's own file, brought together.

Servers that are processes of their own each append to a file. The times of their events are in the
order of cause and effect across all of them, so sorted by time they are a trace of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from pathlib import Path

import msgspec

from checker.trace import (
    Started,
    Stopped,
    TraceError,
    TraceEvent,
    TraceHeader,
    decode_trace,
)


def merge_traces(paths: Iterable[Path]) -> tuple[TraceHeader, list[TraceEvent]]:
    """The trace of a cluster from the files of its nodes, numbered anew; the header is the first
    file's. A line that a process left unfinished when it was killed is left out, and its end is
    added. Raises TraceError with file, line and reason.
    """
    header: TraceHeader | None = None
    traces: list[list[TraceEvent]] = []
    for path in paths:
        own, events = _read(path)
        header = header or own
        traces.append(list(_with_ends(events)))
    if header is None:
        raise TraceError("no files to merge")
    merged = merge(*traces, key=lambda event: event.time)
    return header, [
        msgspec.structs.replace(event, sequence=number) for number, event in enumerate(merged)
    ]


def _read(path: Path) -> tuple[TraceHeader, list[TraceEvent]]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}") from error
    # What follows the last newline was never finished.
    lines.pop()
    header, events = decode_trace(path, lines)
    for number, event in enumerate(events):
        if number and event.time <= events[number - 1].time:
            raise TraceError(f"{path}:{number + 2}: is not later than the event before it")
        if event.sequence != number:
            raise TraceError(
                f"{path}:{number + 2}: is event {event.sequence} of its server, and the "
                f"{number} was to come: some are missing"
            )
    return header, events


def _with_ends(events: list[TraceEvent]) -> Iterator[TraceEvent]:
    """The events, with a Stopped between a life that was ended from outside and the next one."""
    before: TraceEvent | None = None
    for event in events:
        if isinstance(event, Started) and before is not None and not isinstance(before, Stopped):
            yield Stopped(before.sequence, before.time, before.node, "killed")
        yield event
        before = event
