"""The frontier as an engine: exact where that is cheap, by several ways at once where it is not.

Theory of operation
-------------------
Most histories never have more than some dozens of configurations, and the exact frontier judges
them by itself. Where it costs more than a fixed number of configurations an event, three searches
go on from there by turns, and the first that can answer does:

- the exact one;
- a *narrow* one, which keeps the few fullest configurations. What it finds possible is possible.
  Where it fails it goes back a little and tries again with more of them, then back further with
  more still (as in limited discrepancy search), and is narrow again once it is past the place. It
  gives up when it would have to hold too many;
- where operations crashed, a *relaxed* one, in which these can be used any number of times, so that
  there is nothing to remember of them. What it finds impossible is impossible; otherwise it gives
  up.

Dozens of crashed operations over few values make the exact frontier large (each combination of
those used is a configuration of its own); valid histories are then found valid by the narrow
search, most invalid ones impossible by the relaxed one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, Possible, Search
from checker.lincheck.frontier import FrontierEngine, Snapshot
from checker.lincheck.order import order_of_trace
from checker.lincheck.parts import Entry, Part
from checker.lincheck.race import Lane, race

Events = list[tuple[int, int]]
"""(rank, position) of invocations, (rank, ~position) of completions, in order."""

_EXACT_FREE = 1_000
_EXACT_PER_EVENT = 8
"""Configurations that the exact frontier may explore by itself: some, and so many an event."""

_NARROW = 4
_WIDER = 4
"""The narrow frontier holds so many; each new try holds, and goes back, so many times more."""

_BACK = 32
"""Events that the first new try goes back."""

_WIDEST = 1 << 13
"""Where the narrow search gives up."""

_CHECKPOINT_EVERY = 16


class Everything:
    """Contains whatever is asked about."""

    def __contains__(self, item: object) -> bool:
        return True


def events_of(entries: Sequence[Entry], before: int | None = None) -> Events:
    """The events of these entries, of ranks below ``before``. Ranks are unique: they sort by it."""
    events = [(entry[1], position) for position, entry in enumerate(entries)]
    events.extend(
        (entry[2], ~position) for position, entry in enumerate(entries) if entry[2] is not None
    )
    if before is not None:
        events = [event for event in events if event[0] < before]
    events.sort()
    return events


def engine_of(part: Part, meter: Meter, **options: Any) -> FrontierEngine:
    """An engine at the beginning of this part."""
    specification, foresight = part.specification, part.foresight
    return FrontierEngine(
        specification.initial,
        specification.advance,
        None if foresight is None else foresight.collapse,
        meter,
        needs=specification.needs,
        **options,
    )


def frontier(part: Part, meter: Meter, order: bool, before: int | None = None) -> Search:
    """The engine; see the module's text. It looks only at events of a rank below ``before``.

    Raises BudgetExhausted.
    """
    entries = part.entries
    events = events_of(entries, before)
    lane = meter.lane()
    engine = engine_of(part, lane, record=order)
    invoke, complete = engine.invoke, engine.complete
    at = 0
    for at, (_, position) in enumerate(events, start=1):
        if position >= 0:
            call, _, completed, _ = entries[position]
            invoke(position, call, completed)
            continue
        alive = complete(~position)
        while engine.is_paused:
            yield
            alive = engine.resume()
        if not alive:
            lane.release()
            return Impossible(~position, is_first=True)
        if engine.explored > _EXACT_FREE + _EXACT_PER_EVENT * at:
            break
    if at < len(events):
        lanes: list[Lane] = [
            exact(part, engine, events, at, order),
            narrow(part, engine.fork(_NARROW), events, at, order),
        ]
        if any(entry.completed is None for entry in entries):
            reusing = engine_of(part, meter.lane(), reusable=Everything())
            lanes.append(relaxed(part, reusing, events))
        return (yield from race(lanes))
    lane.release()
    return _possible(part, engine, order)


def _possible(part: Part, engine: FrontierEngine, order: bool) -> Possible:
    return Possible(order_of_trace(part, engine.trace()) if order else None)


def exact(part: Part, engine: FrontierEngine, events: Events, start: int, order: bool) -> Lane:
    """The events from ``start`` on, where the engine stands; it always answers."""
    entries = part.entries
    for _, position in events[start:]:
        if position >= 0:
            engine.invoke(position, entries[position].call, entries[position].completed)
            continue
        alive = engine.complete(~position)
        while engine.is_paused:
            yield
            alive = engine.resume()
        if not alive:
            return Impossible(~position, is_first=True)
    return _possible(part, engine, order)


def relaxed(part: Part, engine: FrontierEngine, events: Events) -> Lane:
    """All events, with an engine in which crashed operations can be used again."""
    outcome = yield from exact(part, engine, events, 0, False)
    return Impossible(outcome.at) if isinstance(outcome, Impossible) else None


def narrow(part: Part, engine: FrontierEngine, events: Events, start: int, order: bool) -> Lane:
    """The events from ``start`` on, where the engine stands, with few configurations at first."""
    entries = part.entries
    checkpoints: list[tuple[int, Snapshot]] = [(start, engine.snapshot())]
    at, again, width = start, 0, _NARROW
    # Where the search failed; beyond it, by some way, it is narrow again.
    failed_at = -1
    while at < len(events):
        position = events[at][1]
        at += 1
        if position >= 0:
            engine.invoke(position, entries[position].call, entries[position].completed)
            continue
        alive = engine.complete(~position)
        while engine.is_paused:
            yield
            alive = engine.resume()
        if alive:
            if again and at > failed_at + _BACK:
                again, width = 0, _NARROW
                engine.widen(width)
            if at >= checkpoints[-1][0] + _CHECKPOINT_EVERY:
                checkpoints.append((at, engine.snapshot()))
            continue
        if engine.is_exact:
            return Impossible(~position, is_first=True)
        failed_at = max(failed_at, at)
        again += 1
        width = _NARROW * _WIDER**again
        if width > _WIDEST:
            return None
        back = failed_at - _BACK * _WIDER ** (again - 1)
        while len(checkpoints) > 1 and checkpoints[-1][0] > back:
            checkpoints.pop()
        at, snapshot = checkpoints[-1]
        engine.restore(snapshot, width)
    return _possible(part, engine, order)
