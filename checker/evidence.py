"""What the servers' logs tell of operations whose outcome no client was told.

A history alone leaves an ``info`` operation open: it may take effect at any later time, or never.
A replicated log knows better. Here each operation is looked for in the log, and where the log
proves what became of it, it is told to the judges as ``ok`` or ``fail``.

What is relied on: the service is a replicated state machine, which performs the committed entries
one after the other, and lets nobody see what is not committed.

*Which entry is an operation's?* The one that holds just what the client asked for; clients of the
services that we know send nothing else by which to recognise it. So only what is asked for by a
single operation of the whole history, and stands in a single committed entry, is recognised. Values
written twice, retries, and an entry performed twice stay open.

*Happened, and by when?* A committed entry takes effect before every entry that follows it in the
log, and that one before its client is told. So an operation at index i has taken effect by the time
when the first operation at a greater index was acknowledged: it is completed right before that
completion; where there is none, after the end of the history. If clients saw an order that agrees
with the log, then each operation's point in it still lies between its invocation and this
completion, so nothing right is convicted. Clocks of servers have no part in this, nor do reads,
which leave nothing in the log.

*Never?* If no server ever held an entry with it that is committed, or could be: every server's log
was read as a whole, no committed entry is missing, and whatever held it was replaced by a committed
entry of another term. Whoever has read its value nevertheless has seen what was never committed, or
was lost. And of operations of its kind at least one was recognised: else what is looked for may be
what no log of this service ever holds.

*Lost?* By the same proof, an operation that was acknowledged, and is in no server's log. Nobody
need have read after it: the promise was that it lasts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from checker.errors import CheckerError
from checker.events import MISMATCH, Event, Operation
from checker.pairing import pair


class EvidenceError(CheckerError):
    """The logs contradict each other: they prove nothing of operations."""


class Entry(msgspec.Struct, frozen=True):
    """An entry of a log; ``content`` is None for what no client can have asked for."""

    index: int
    term: int
    content: Hashable


class Log(NamedTuple):
    """What is known of one server's log: it begins after an index at which there was nothing yet,
    ``committed`` are the entries that it knew to be committed, ``appended`` all that it ever held.
    ``is_whole`` is False if something of it is lost, or cannot be read."""

    node: str
    begins_after: int
    committed: Mapping[int, Entry]
    appended: frozenset[Entry]
    is_whole: bool = True


class Record(NamedTuple):
    """The log of the cluster: what is committed, from the index ``first`` on, and what may still
    become so. ``is_complete`` if nothing that is committed, or may be, is missing."""

    first: int
    committed: dict[int, Entry]
    undecided: frozenset[Hashable]
    is_complete: bool


Completion = tuple[str, Any, str | None]
"""Type, value and error of the event that completes an operation."""

Fate = Literal["happened", "never", "open"]


class Resolution(msgspec.Struct, frozen=True):
    """What became of an operation that was left open: ``index`` is that of its entry, ``before``
    the event before which it has happened, both None where there is none."""

    operation: Operation
    fate: Fate
    index: int | None = None
    before: Event | None = None


class Resolved(NamedTuple):
    """The history with what the logs tell, and what that is; ``lost`` was acknowledged, and is in
    no log."""

    events: list[Event]
    resolutions: list[Resolution]
    lost: list[Operation]

    def count(self, fate: Fate) -> int:
        """How many operations that were left open have come to this."""
        return sum(each.fate == fate for each in self.resolutions)


def merge_logs(logs: Sequence[Log]) -> Record:
    """The log of the cluster from those of all its servers. Raises EvidenceError if two of them
    have committed different entries at an index."""
    committed: dict[int, Entry] = {}
    for log in logs:
        for index, entry in log.committed.items():
            known = committed.setdefault(index, entry)
            if known != entry:
                raise EvidenceError(
                    f"{log.node} has committed another entry at index {index} than others have"
                )
    last = max(committed, default=0)
    undecided: set[Hashable] = set()
    for entry in frozenset().union(*(log.appended for log in logs)):
        decided = committed.get(entry.index)
        if decided is None:
            undecided.add(entry.content)
        elif decided.term == entry.term and decided != entry:
            raise EvidenceError(f"two entries at index {entry.index} are of term {entry.term}")
    first = min((log.begins_after for log in logs), default=0) + 1
    is_complete = (
        bool(logs)
        and all(log.is_whole for log in logs)
        and all(index in committed for index in range(first, last + 1))
    )
    return Record(first, committed, frozenset(undecided), is_complete)


def resolve(
    events: Sequence[Event],
    record: Record,
    content_of: Callable[[Event], Hashable],
    completion_of: Callable[[Event, Entry], Completion | None],
) -> Resolved:
    """The history with completions of operations that were left open, as far as the log of the
    cluster proves them.

    ``content_of`` tells what an entry holds for an invocation: of everything that clients may have
    asked for, None only for what can look like nothing else here. ``completion_of`` tells what the
    client would have been told of that entry; None if that is not known. Raises HistoryError.
    """
    operations = pair(events)
    positions = {event.index: position for position, event in enumerate(events)}
    asked = [content_of(events[_position(positions, each.invocation)]) for each in operations]
    found = _find(asked, record)
    bounds = _Bounds(
        (index, _position(positions, operation.completion))
        for operation, index in zip(operations, found, strict=True)
        if index is not None
        and (operation.outcome == "ok" or operation.error == MISMATCH)
        and operation.completion is not None
    )
    absent = _absent(operations, asked, record)
    resolutions = []
    lost = []
    completions: dict[int, list[Event]] = {}
    replaced: set[int] = set()
    for operation, index, is_absent in zip(operations, found, absent, strict=True):
        if operation.outcome == "ok" and is_absent:
            lost.append(operation)
        if operation.outcome != "info":
            continue
        invocation = events[_position(positions, operation.invocation)]
        at = len(events)
        completion: Completion | None = None
        fate: Fate = "open"
        if index is not None:
            completion = completion_of(invocation, record.committed[index])
            at = bounds.after(index, len(events))
            if at <= positions[invocation.index]:
                # It cannot have been acknowledged before it was asked for: something else was.
                completion = None
            fate = "open" if completion is None else "happened"
        elif is_absent:
            completion = ("fail", invocation.value, "in no server's log")
            fate = "never"
        if completion is None:
            resolutions.append(Resolution(operation, "open"))
            continue
        before = events[at] if at < len(events) else None
        resolutions.append(Resolution(operation, fate, index, before))
        if operation.completion is not None:
            replaced.add(positions[operation.completion])
        type_, value, error = completion
        completions.setdefault(at, []).append(
            invocation._replace(type=type_, value=value, error=error)
        )
    return Resolved(_told(events, replaced, completions), resolutions, lost)


def _position(positions: Mapping[int, int], index: int | None) -> int:
    assert index is not None
    return positions[index]


def _find(asked: Sequence[Hashable], record: Record) -> list[int | None]:
    """The index of the entry of each operation; None where there is none, or not one alone."""
    times = Counter(asked)
    indices: dict[Hashable, list[int]] = {}
    for index, entry in record.committed.items():
        if times[entry.content] == 1 and entry.content is not None:
            indices.setdefault(entry.content, []).append(index)
    return [found[0] if len(found := indices.get(content, [])) == 1 else None for content in asked]


def _absent(
    operations: Sequence[Operation], asked: Sequence[Hashable], record: Record
) -> list[bool]:
    """Of each operation: whether it certainly never was in the log."""
    if not record.is_complete:
        return [False] * len(operations)
    committed = frozenset(entry.content for entry in record.committed.values())
    both = list(zip(operations, asked, strict=True))
    recognised = {each.f for each, content in both if content is not None and content in committed}
    held = committed | record.undecided
    return [
        content is not None and content not in held and each.f in recognised
        for each, content in both
    ]


class _Bounds:
    """Where in the history the first of all operations beyond an index was acknowledged."""

    def __init__(self, acknowledged: Iterable[tuple[int, int]]) -> None:
        self._of: list[tuple[int, int]] = []
        for index, position in sorted(acknowledged, reverse=True):
            earliest = min(position, self._of[-1][1]) if self._of else position
            self._of.append((index, earliest))
        self._of.reverse()

    def after(self, index: int, end: int) -> int:
        """The position; ``end`` if none was."""
        low, high = 0, len(self._of)
        while low < high:
            middle = (low + high) // 2
            if self._of[middle][0] > index:
                high = middle
            else:
                low = middle + 1
        return self._of[low][1] if low < len(self._of) else end


def _told(
    events: Sequence[Event], replaced: set[int], completions: Mapping[int, list[Event]]
) -> list[Event]:
    """The events without those that are replaced, each completion before the event that it is to
    come before, numbered anew."""
    told: list[Event] = []

    def add(event: Event, time: int | None) -> None:
        told.append(event._replace(index=len(told), time=time))

    for position, event in enumerate(events):
        for completion in completions.get(position, ()):
            add(completion, event.time)
        if position not in replaced:
            add(event, event.time)
    for completion in completions.get(len(events), ()):
        add(completion, events[-1].time)
    return told
