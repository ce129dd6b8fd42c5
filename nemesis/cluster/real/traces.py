"""The traces of several servers as one, in an order of cause and effect.

Each server tells of itself in a file of its own, by a clock that respects causes across servers
(times of one machine's clock, moved on by every message). So an order by time, and within a server
by sequence number, is one in which everything comes after what it followed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from checker.trace import Started, Stopped, TraceError, TraceEvent, read_trace


def merge_traces(paths: Mapping[str, Path], began: int) -> list[TraceEvent]:
    """The events of all nodes, numbered anew, in ns since ``began``.

    A killed process cannot say that it has stopped: that is told where its next life begins. Raises
    TraceError for a file that is no trace, or is not there: whoever tells nothing is not judged,
    and a run must not pass by that.
    """
    merged: list[TraceEvent] = []
    for node, path in paths.items():
        _, events = read_trace(path)
        if not events:
            raise TraceError(f"{path}: {node} has told nothing of itself")
        merged.extend(_with_stops(events))
    merged.sort(key=lambda event: event.time)
    return [
        msgspec.structs.replace(event, sequence=number, time=max(0, event.time - began))
        for number, event in enumerate(merged)
    ]


def _with_stops(events: Iterable[TraceEvent]) -> Iterable[TraceEvent]:
    last: TraceEvent | None = None
    for event in events:
        if isinstance(event, Started) and last is not None and not isinstance(last, Stopped):
            yield Stopped(last.sequence, last.time, event.node, "killed")
        yield event
        last = event
