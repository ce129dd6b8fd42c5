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

from checker.lincheck.budget import CHUNK, Meter
from checker.lincheck.engine import Impossible, Possible, Search
from checker.lincheck.frontier import FrontierEngine
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
"""Events between two checkpoints; the further back, the fewer are kept."""

_EVENT_BYTES = 96
"""An event, its number, and its place in the list."""


class Everything:
    """Contains whatever is asked about."""

    def __contains__(self, item: object) -> bool:
        return True


def events_of(
    entries: Sequence[Entry], before: int | None = None, meter: Meter | None = None
) -> Events:
    """The events of these entries, of ranks below ``before``. Ranks are unique: they sort by it."""
    events: Events = []
    if len(entries) <= CHUNK:
        meter = None
    for first in range(0, len(entries), CHUNK):
        some = entries[first : first + CHUNK]
        events += [(entry[1], at) for at, entry in enumerate(some, first)]
        events += [(entry[2], ~at) for at, entry in enumerate(some, first) if entry[2] is not None]
        if meter is not None and len(some) == CHUNK:
            meter.hold(_EVENT_BYTES * len(events))
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
        joint=part.joint,
        **options,
    )


def frontier(part: Part, meter: Meter, order: bool, before: int | None = None) -> Search:
    """The engine; see the module's text. It looks only at events of a rank below ``before``.

    Raises BudgetExhausted.
    """
    entries = part.entries
    lane = meter.lane()
    events = events_of(entries, before, lane)
    engine = engine_of(part, lane, record=order)
    engine.accounts.beside = _EVENT_BYTES * len(events)
    invoke, complete = engine.invoke, engine.complete
    at = 0
    for at, (rank, position) in enumerate(events, start=1):
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
        engine.reached = rank
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
    return (yield from _run(part, engine, events, start, order))


def _run(
    part: Part,
    engine: FrontierEngine,
    events: Events,
    start: int,
    order: bool,
    explains: bool = True,
) -> Search:
    entries = part.entries
    for rank, position in events[start:]:
        if position >= 0:
            engine.invoke(position, entries[position].call, entries[position].completed)
            continue
        alive = engine.complete(~position)
        while engine.is_paused:
            yield
            alive = engine.resume()
        if not alive:
            return Impossible(~position, is_first=True)
        if explains:
            engine.reached = rank
    return _possible(part, engine, order)


def relaxed(part: Part, engine: FrontierEngine, events: Events) -> Lane:
    """All events, with an engine in which crashed operations can be used again."""
    outcome = yield from _run(part, engine, events, 0, False, explains=False)
    if isinstance(outcome, Impossible):
        return Impossible(outcome.at)
    engine.release()
    return None


def narrow(part: Part, engine: FrontierEngine, events: Events, start: int, order: bool) -> Lane:
    """The events from ``start`` on, where the engine stands, with few configurations at first."""
    entries = part.entries
    checkpoints = _Checkpoints(engine, start)
    at, again, width = start, 0, _NARROW
    # Where the search failed; beyond it, by some way, it is narrow again.
    failed_at = -1
    while at < len(events):
        rank, position = events[at]
        at += 1
        if position >= 0:
            engine.invoke(position, entries[position].call, entries[position].completed)
            continue
        alive = engine.complete(~position)
        while engine.is_paused:
            yield
            alive = engine.resume()
        if alive:
            engine.reached = rank
            if again and at > failed_at + _BACK:
                again, width = 0, _NARROW
                engine.widen(width)
            checkpoints.reach(at)
            continue
        if engine.is_exact:
            return Impossible(~position, is_first=True)
        failed_at = max(failed_at, at)
        again += 1
        width = _NARROW * _WIDER**again
        if width > _WIDEST:
            engine.release()
            return None
        back = failed_at - _BACK * _WIDER ** (again - 1)
        at = checkpoints.back(back, width)
    return _possible(part, engine, order)


class _Checkpoints:
    """Where a search can go back to: to the start, and to the latest events, the nearer the more
    exactly.

    A search goes back by powers of ``_WIDER``. So of two checkpoints the earlier one is dropped as
    soon as the distance between its neighbours is less than an eighth of the way back to them:
    there are never more than some dozens.
    """

    def __init__(self, engine: FrontierEngine, start: int) -> None:
        self._engine = engine
        self._taken = [(start, engine.snapshot())]
        self._bytes = [0]
        self._beside = engine.accounts.beside

    def reach(self, at: int) -> None:
        """The search has come so far."""
        taken, size = self._taken, self._bytes
        if at < taken[-1][0] + _CHECKPOINT_EVERY:
            return
        snapshot = self._engine.snapshot()
        taken.append((at, snapshot))
        size.append(snapshot.held_bytes())
        for each in range(len(taken) - 2, 0, -1):
            if taken[each + 1][0] - taken[each - 1][0] < (at - taken[each - 1][0]) // 8:
                del taken[each], size[each]
        self._account()

    def back(self, before: int, width: int) -> int:
        """Go back to the latest one that is not later than ``before``; says where that is."""
        taken, size = self._taken, self._bytes
        while len(taken) > 1 and taken[-1][0] > before:
            taken.pop()
            size.pop()
        at, snapshot = taken[-1]
        self._engine.restore(snapshot, width)
        self._account()
        return at

    def _account(self) -> None:
        accounts = self._engine.accounts
        accounts.kept = [snapshot.frontier for _, snapshot in self._taken]
        accounts.beside = self._beside + sum(self._bytes)
