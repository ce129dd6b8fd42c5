"""Faults as they lasted, and clocks as they were wrong, from a history and a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from checker.history import NEMESIS, Event
from checker.report.data import Band, Skew
from checker.report.shown import Shortener
from checker.trace import Started, Stopped, TraceEvent
from nemesis.faults import FAULTS, Fault
from nemesis.faults.clock import ClockDrift, ClockJump, ClockOffset
from nemesis.faults.ends import ENDS
from nemesis.search.generate import OPERATORS

# Ends of processes: where there is a trace, it tells of them better.
_CRASHES = frozenset({"crash", "crash-all"})
# They last until their node is started again.
_UNTIL_STARTED = frozenset({"full-disk", "io-error", "crash", "crash-all"})
# They last until they are called off.
_UNTIL_CALLED_OFF = frozenset(kind for kind, end in ENDS.items() if end in ("heal", "resume"))
_TO_THE_END = frozenset({"slow-disk", "lying-disk", "clock-drift"})
# What is said of how an operator's work ended.
_OUTCOMES = ("done", "failed")
_MILLION = 1_000_000


def bands_of(
    history: Sequence[Event],
    trace: Sequence[TraceEvent],
    places: Mapping[str, int],
    end: int,
    shortener: Shortener,
) -> tuple[Band, ...]:
    """The faults of a run as bands; ``end`` is when all faults ended."""
    found = [
        msgspec.structs.replace(band, words=shortener.text(band.words))
        for band in _downs(trace, places)
    ]
    told = [event for event in history if event.process == NEMESIS and event.f in FAULTS]
    for at, event in enumerate(told):
        kind = FAULTS[event.f]
        if (
            kind.effect is None
            or event.error
            or event.value in _OUTCOMES
            or (trace and event.f in _CRASHES)
        ):
            continue
        start = event.time or 0
        if start > end:
            continue
        stop = _end(event, told[at + 1 :], trace)
        found.append(
            Band(
                kind=event.f,
                words=shortener.text(fault_words(event.f, event.value)),
                start=start,
                end=end if stop is None or stop > end else stop,
                nodes=_nodes(event.value, places),
            )
        )
    return tuple(sorted(found, key=lambda band: band.start))


def fault_words(kind: str, hit: Any) -> str:
    """A fault and what it hit: "partition: isolate, around n1"."""
    if isinstance(hit, dict):
        facts = ", ".join(
            str(value) if name == "shape" else f"{name} {value}" for name, value in hit.items()
        )
        return f"{kind}: {facts}"
    if isinstance(hit, list | tuple):
        hits = (
            " to ".join(map(str, each)) if isinstance(each, list) else str(each) for each in hit
        )
        return f"{kind}: {', '.join(hits)}"
    return f"{kind}: {hit}"


def _downs(trace: Sequence[TraceEvent], places: Mapping[str, int]) -> list[Band]:
    """When nodes had no process."""
    down: dict[str, Stopped] = {}
    found = []
    for event in trace:
        if isinstance(event, Stopped):
            down.setdefault(event.node, event)
        elif isinstance(event, Started) and (stopped := down.pop(event.node, None)):
            found.append(_down(stopped, event.time, places))
    return [*found, *(_down(stopped, None, places) for stopped in down.values())]


def _down(stopped: Stopped, end: int | None, places: Mapping[str, int]) -> Band:
    return Band(
        kind="down",
        words=f"{stopped.node} is down: {stopped.reason}",
        start=stopped.time,
        end=end,
        nodes=(places[stopped.node],),
    )


def _end(event: Event, later: Sequence[Event], trace: Sequence[TraceEvent]) -> int | None:
    """When the fault ended; None: with all others."""
    start = event.time or 0
    kind = event.f
    names = _names(event.value)
    if kind in _UNTIL_STARTED:
        return next(
            (
                each.time
                for each in trace
                if isinstance(each, Started) and each.node in names and each.time > start
            ),
            None,
        )
    if kind in OPERATORS:
        outcomes = (each for each in later if each.f == kind and each.value in _OUTCOMES)
        return next((each.time for each in outcomes), None)
    if kind in _UNTIL_CALLED_OFF:
        return next((each.time for each in later if each.f == ENDS[kind]), None)
    return None if kind in _TO_THE_END else start


def _names(hit: Any) -> list[str]:
    """All names in what a fault hit."""
    if isinstance(hit, str):
        return [hit]
    if isinstance(hit, dict):
        return [name for each in hit.values() for name in _names(each)]
    if isinstance(hit, list | tuple):
        return [name for each in hit for name in _names(each)]
    return []


def _nodes(hit: Any, places: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(places[name] for name in _names(hit) if name in places))


def skews_of(
    faults: Sequence[Fault], history: Sequence[Event], places: Mapping[str, int], end: int
) -> tuple[Skew, ...]:
    """How far clocks were off. ``faults`` are those of the schedule: each stands in the history,
    where only whom it hit is told."""
    clocks: dict[str, _Clock] = {}
    told = iter(event for event in history if event.process == NEMESIS and event.f in FAULTS)
    for fault in faults:
        event = next((each for each in told if each.f == fault.kind and _is_hit(each)), None)
        if event is None:
            break
        for position, name in enumerate(_names(event.value), start=1):
            if isinstance(fault, ClockJump | ClockOffset | ClockDrift) and name in places:
                clocks.setdefault(name, _Clock()).change(fault, position, event.time or 0)
    return tuple(clock.skew(places[name], end) for name, clock in clocks.items())


def _is_hit(event: Event) -> bool:
    return event.value not in _OUTCOMES


class _Clock:
    """Points of a line: how far a clock is off at a time."""

    def __init__(self) -> None:
        self._time = [0]
        self._offset = [0]
        self._rate = 0

    def change(self, fault: ClockJump | ClockOffset | ClockDrift, position: int, now: int) -> None:
        self._go_to(now)
        if isinstance(fault, ClockDrift):
            self._rate = fault.parts_per_million
            return
        by = fault.offset if isinstance(fault, ClockJump) else position * fault.difference
        self._time.append(now)
        self._offset.append(self._offset[-1] + by)

    def _go_to(self, now: int) -> None:
        passed = now - self._time[-1]
        self._time.append(now)
        self._offset.append(self._offset[-1] + passed * self._rate // _MILLION)

    def skew(self, node: int, end: int) -> Skew:
        """Until all faults end: then it runs at the true rate, and is not set back."""
        if end > self._time[-1]:
            self._go_to(end)
        return Skew(node=node, time=tuple(self._time), offset=tuple(self._offset))
