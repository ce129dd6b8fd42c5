"""One part through the engine: is it possible, and if not, which completion made it so."""

from __future__ import annotations

from collections.abc import Sequence

from checker.lincheck.budget import Meter
from checker.lincheck.frontier import FrontierEngine, Trace
from checker.lincheck.parts import Entry, Part


def first_impossible(
    part: Part, entries: Sequence[Entry], meter: Meter, before: int | None = None
) -> Entry | None:
    """The entry whose completion makes these entries impossible; None if they are possible.

    Looks only at completions of a rank below ``before``. Raises BudgetExhausted.
    """
    foresight = part.foresight
    collapse = None if foresight is None else foresight.collapse
    engine = FrontierEngine(part.specification.initial, part.specification.advance, collapse, meter)
    return _feed(engine, entries, before)


def trace_of(part: Part, meter: Meter) -> Trace:
    """How a possible part came about, in the engine's words (positions of entries, the last first).

    Raises BudgetExhausted.
    """
    foresight = part.foresight
    collapse = None if foresight is None else foresight.collapse
    specification = part.specification
    engine = FrontierEngine(
        specification.initial, specification.advance, collapse, meter, record=True
    )
    impossible = _feed(engine, part.entries, None)
    assert impossible is None, "only what is possible has a trace"
    return engine.trace()


def _feed(engine: FrontierEngine, entries: Sequence[Entry], before: int | None) -> Entry | None:
    # Ranks are used once, so (rank, position) sorts by rank; ~position is a completion.
    events = [(entry[1], position) for position, entry in enumerate(entries)]
    events.extend(
        (entry[2], ~position) for position, entry in enumerate(entries) if entry[2] is not None
    )
    events.sort()
    invoke, complete = engine.invoke, engine.complete
    for rank, position in events:
        if before is not None and rank >= before:
            break
        if position >= 0:
            call, _invoked, completed, _operation = entries[position]
            invoke(position, call, completed)
        elif not complete(~position):
            return entries[~position]
    return None
