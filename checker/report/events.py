"""A trace as the columns of a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from checker.report.data import Entry, NodeState, Reign, Trace
from checker.report.shown import Shortener, Table
from checker.report.states import Node, states_after
from checker.trace import (
    EVENT_TYPES,
    Appended,
    ConfigurationChanged,
    RoleChanged,
    Started,
    Stopped,
    TraceEvent,
)

CommandWords = Callable[[bytes], str]
"""What an entry with this command holds, in short; the trace does not know."""

EVENTS_MAX = 60_000
"""So many events are shown at most: the last ones, since there it failed."""

_LOG_MAX = 200
"""So many last entries of a log are told of the state before the first event that is shown."""

KINDS = tuple(str(each.__struct_config__.tag) for each in EVENT_TYPES)
_KIND_OF = {each: position for position, each in enumerate(EVENT_TYPES)}


_STANDING_MAX = 24
"""So many of the state in which it failed."""


class TraceShown(NamedTuple):
    """The columns of a trace, who led when, and what the nodes were at some moment."""

    trace: Trace
    reigns: tuple[Reign, ...]
    standing: tuple[NodeState, ...]


def plain_command(command: bytes) -> str:
    """What an entry holds, where nobody can read commands."""
    return f"{len(command)} bytes" if command else "no-op"


def nodes_of(members: Sequence[str], events: Sequence[TraceEvent]) -> tuple[str, ...]:
    """The members of a trace, and who else tells something in it, in the order of their names."""
    return tuple(dict.fromkeys((*members, *sorted({event.node for event in events}))))


def trace_shown(
    nodes: Sequence[str],
    events: Sequence[TraceEvent],
    command_words: CommandWords,
    shortener: Shortener,
    place: int | None = None,
    most: int = EVENTS_MAX,
) -> TraceShown:
    """The last ``most`` events as columns; ``place``: after which event the nodes are looked at, if
    not at the end."""
    first = max(len(events) - most, 0)
    entries = _Entries(events, command_words, shortener)
    places = {name: place for place, name in enumerate(nodes)}
    before = states_after(nodes, events[:first])
    began = events[first].time if first < len(events) else 0
    columns = _Columns(places, entries, shortener, began)
    for event in events[first:]:
        columns.add(event)
    trace = Trace(
        first=first,
        began=began,
        total=len(events),
        initial=tuple(_state(before[name], places, entries) for name in nodes),
        kinds=KINDS,
        texts=columns.texts.words,
        time=columns.time,
        node=columns.node,
        kind=columns.kind,
        index=columns.index,
        term=columns.term,
        node2=columns.node2,
        text=columns.text,
        number=columns.number,
    )
    after = states_after(nodes, events if place is None else events[: place + 1])
    standing = tuple(_state(after[name], places, entries, _STANDING_MAX) for name in nodes)
    return TraceShown(trace, _reigns(places, events), standing)


class _Entries:
    """What entries hold, in words. An entry with a configuration has no command, and the event
    after it says which one."""

    def __init__(
        self, events: Sequence[TraceEvent], command_words: CommandWords, shortener: Shortener
    ) -> None:
        self._configurations: dict[tuple[int, int], str] = {}
        for event, following in pairwise(events):
            if (
                following.__class__ is ConfigurationChanged
                and isinstance(event, Appended)
                and isinstance(following, ConfigurationChanged)
                and event.node == following.node
                and event.index == following.index
                and not event.command
            ):
                words = configuration_words(following)
                self._configurations[event.index, event.term] = words
        self._command_words = command_words
        self._shortener = shortener
        self._words: dict[bytes, str] = {}

    def words(self, index: int, term: int, command: bytes) -> str:
        """What the entry holds."""
        if not command and (index, term) in self._configurations:
            return self._configurations[index, term]
        words = self._words.get(command)
        if words is None:
            words = self._shortener.text(self._command_words(command))
            self._words[command] = words
        return words


def configuration_words(event: ConfigurationChanged) -> str:
    """Who votes, the old majority first, and who learns: "{n1 n2 \u2192 n1 n3 + n4}"."""
    words = " ".join(event.voters)
    if event.outgoing:
        words = f"{' '.join(event.outgoing)} \u2192 {words}"
    if event.learners:
        words += f" + {' '.join(event.learners)}"
    return "{" + words + "}"


class _Columns:
    def __init__(
        self, places: dict[str, int], entries: _Entries, shortener: Shortener, began: int
    ) -> None:
        self.texts = Table()
        self.time: list[int] = []
        self.node: list[int] = []
        self.kind: list[int] = []
        self.index: list[int] = []
        self.term: list[int] = []
        self.node2: list[int] = []
        self.text: list[int] = []
        self.number: list[int] = []
        self._places = places
        self._entries = entries
        self._shortener = shortener
        self._now = began

    def add(self, event: TraceEvent) -> None:
        fields: Any = event
        kind = event.__class__
        self.time.append(event.time - self._now)
        self._now = event.time
        self.node.append(self._places[event.node])
        self.kind.append(_KIND_OF[kind])
        text, number = -1, 0
        index = getattr(event, "index", 0)
        if kind is Appended:
            words = self._entries.words(fields.index, fields.term, fields.command)
            text = self.texts.position(words)
        elif kind is ConfigurationChanged:
            text = self.texts.position(configuration_words(fields))
        elif hasattr(event, "last_index"):
            # Of a snapshot that is restored both are told.
            index = getattr(event, "index", fields.last_index)
            number = fields.last_index
        elif hasattr(event, "executed"):
            number = int(fields.executed)
            text = self._word(fields.session) if fields.session else -1
        else:
            for name in ("role", "reason", "digest", "outcome"):
                if hasattr(event, name):
                    text = self._word(getattr(event, name))
        self.index.append(index)
        self.term.append(getattr(event, "term", 0))
        other = _other(event)
        self.node2.append(-1 if other is None else self._places.get(other, -1))
        self.text.append(text)
        self.number.append(number)

    def _word(self, text: str) -> int:
        return self.texts.position(self._shortener.text(text))


def _other(event: TraceEvent) -> str | None:
    """The other node that an event names."""
    for name in ("voted_for", "candidate", "target"):
        found: str | None = getattr(event, name, None)
        if found is not None:
            return found
    return None


def _state(
    node: Node, places: dict[str, int], entries: _Entries, most: int = _LOG_MAX
) -> NodeState:
    log = tuple(
        Entry(index=index, term=term, text=entries.words(index, term, command))
        for index, term, command in node.log[-most:]
    )
    return NodeState(
        is_up=node.is_up,
        role=node.role,
        term=node.term,
        voted_for=-1 if node.voted_for is None else places.get(node.voted_for, -1),
        commit=node.commit,
        applied=node.applied,
        durable=node.durable,
        base=node.base,
        log=log,
        configuration="" if node.configuration is None else configuration_words(node.configuration),
    )


def _reigns(places: dict[str, int], events: Sequence[TraceEvent]) -> tuple[Reign, ...]:
    """Who led which term, from when to when."""
    reigns: list[Reign] = []
    present: dict[str, tuple[int, int, int]] = {}

    def end(node: str, time: int | None, place: int | None) -> None:
        if node in present:
            term, start, first = present.pop(node)
            reigns.append(
                Reign(node=places[node], term=term, start=start, end=time, first=first, last=place)
            )

    for place, event in enumerate(events):
        if isinstance(event, RoleChanged | Stopped | Started):
            end(event.node, event.time, place)
            if isinstance(event, RoleChanged) and event.role == "leader":
                present[event.node] = (event.term, event.time, place)
    for node in list(present):
        end(node, None, None)
    return tuple(sorted(reigns, key=lambda reign: reign.first))
