"""Every engine of lincheck as one function, and what must hold of all their answers.

``compare`` runs them on one history: all that answer must agree with each other, and with what is
expected where that is known; each order that one gives must be legal.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from random import Random

from checker.history import Event, HistoryError, Operation
from checker.lincheck import Monitor, check, widening
from checker.lincheck.budget import Budget, BudgetExhausted, Meter
from checker.lincheck.conflict import Conflict
from checker.lincheck.depth_first import depth_first
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible, finish
from checker.lincheck.frontier import FrontierEngine
from checker.lincheck.judge import search
from checker.lincheck.monitors import MONITORS, TIED_MONITORS
from checker.lincheck.parts import Entry, Part, split
from checker.lincheck.race import race
from checker.lincheck.refutation import Refuter
from checker.lincheck.sections import sections, until
from checker.lincheck.short_registers import short_register
from checker.lincheck.verify import verify
from checker.lincheck.widening import (
    Events,
    Everything,
    engine_of,
    events_of,
    exact,
    frontier,
    narrow,
    relaxed,
)
from checker.models import Model
from checker.models.model import State
from tests.checker.brute_force import possible
from tests.checker.random_histories import random_operations

Judge = Callable[[Sequence[Operation], Model, Budget], bool | None]
"""Whether the history is possible; None if this engine does not say."""

Running = Generator[None, None, Outcome | None]

SMALL = 8
"""Entries of a part whose orders are all tried."""


class Disagreement(AssertionError):
    """Two engines, or one and the oracle, do not say the same, or evidence does not hold."""


def by_parts(engine: Callable[[Part, Meter], Running]) -> Judge:
    """The engine on each part of a history; its orders are checked."""

    def judge(operations: Sequence[Operation], model: Model, budget: Budget) -> bool | None:
        verdict: bool | None = True
        for part in split(operations, model):
            outcome = _run(engine(part, Meter(budget)))
            if isinstance(outcome, Possible):
                verify_order(part, outcome.order)
            elif isinstance(outcome, Impossible):
                _verify_where(part, outcome)
                return False
            else:
                verdict = None
        return verdict

    return judge


def _run(search: Running) -> Outcome | None:
    while True:
        try:
            next(search)
        except StopIteration as stop:
            outcome: Outcome | None = stop.value
            return outcome


def verify_order(part: Part, order: Sequence[int] | None) -> None:
    """All that completed, each once, in real-time order, and the model allows it."""
    if order is None:
        raise Disagreement("it gives no order")
    told = {at for at, entry in enumerate(part.entries) if entry.completed is not None}
    if len(set(order)) < len(order) or not told <= set(order):
        raise Disagreement("its order lacks something, or has it twice")
    state, latest = part.specification.initial, -1
    for at in order:
        call, invoked, completed, _ = part.entries[at]
        if completed is not None and completed < latest:
            raise Disagreement("its order is not that of real time")
        latest = max(latest, invoked)
        allowed, state = part.specification.advance(state, call)
        if not allowed:
            raise Disagreement("its order is not legal")


def _verify_where(part: Part, outcome: Impossible) -> None:
    """Where it claims that a small part became impossible, and by what."""
    if outcome.at is None or len(part.entries) > SMALL:
        return
    end = part.entries[outcome.at].completed
    assert end is not None
    begun = [entry for entry in part.entries if entry.invoked < end]
    if _brute(part, begun, end):
        raise Disagreement("it was still possible where it is said to be impossible")
    if outcome.is_first and not _brute(part, begun, end - 1):
        raise Disagreement("it was impossible before")


def _brute(part: Part, entries: list[Entry], end: int) -> bool:
    """Whether all that completed until ``end`` can be explained, trying all orders."""
    advance = part.specification.advance

    def explore(left: list[Entry], state: State) -> bool:
        ends = [e.completed for e in left if e.completed is not None and e.completed <= end]
        if not ends:
            return True
        for at, entry in enumerate(left):
            if entry.invoked < min(ends):
                allowed, after = advance(state, entry.call)
                if allowed and explore(left[:at] + left[at + 1 :], after):
                    return True
        return False

    return explore(entries, part.specification.initial)


# The engines


def _lane(
    run: Callable[[Part, FrontierEngine, Events], Running], **options: object
) -> Callable[[Part, Meter], Running]:
    def engine(part: Part, meter: Meter) -> Running:
        return run(part, engine_of(part, meter, **options), events_of(part.entries))

    return engine


def _narrow_once(part: Part, meter: Meter) -> Running:
    """The frontier of one configuration, which gives up where it fails."""
    engine = engine_of(part, meter, record=True, width=1)
    outcome = yield from exact(part, engine, events_of(part.entries), 0, True)
    if isinstance(outcome, Possible) or engine.is_exact:
        return outcome
    return None


def _raced_lanes(part: Part, meter: Meter) -> Running:
    """The lanes of the frontier in a race that begins in the middle, those first that give up."""
    kept = widening._EXACT_FREE, widening._EXACT_PER_EVENT, widening.race
    widening._EXACT_FREE, widening._EXACT_PER_EVENT = len(part.entries) // 3, 0
    widening.race = lambda lanes: kept[2](lanes[::-1])
    try:
        return (yield from widening.frontier(part, meter, True))
    finally:
        widening._EXACT_FREE, widening._EXACT_PER_EVENT, widening.race = kept


def _refuter(part: Part, meter: Meter) -> Running:
    impossible = Refuter(part.entries, part.specification, meter).first_impossible()
    yield
    if impossible is None:
        return None
    return Impossible(part.entries.index(impossible), is_first=True)


def _in_race(part: Part, meter: Meter) -> Running:
    return (yield from race([depth_first(part, meter.lane(), True), frontier(part, meter, True)]))


def _monitor(operations: Sequence[Operation], model: Model, budget: Budget) -> bool | None:
    """The monitor of the model, on what it applies to."""
    verdict: bool | None = True
    for section in sections(operations, model):
        monitor = MONITORS.get(model.name)
        if monitor is None or section.part is not None:
            return None
        try:
            outcome = monitor(section.operations, Meter(budget), True)
        except NotApplicable:
            verdict = None
            continue
        if isinstance(outcome, Impossible):
            return False
        order = outcome.order
        _verify_operations(section.operations, order, model)
    return verdict


def _tied_monitor(operations: Sequence[Operation], model: Model, budget: Budget) -> bool | None:
    """The monitor of keys that are tied, on what it applies to; the rest is judged by search."""
    monitor = TIED_MONITORS.get(model.name)
    if monitor is None or not any(part.joint for part in split(operations, model)):
        return None

    def judge(part: Part, meter: Meter) -> Running:
        if not part.joint:
            return (yield from search(part, meter, True))
        yield
        try:
            return monitor(part, meter, True)
        except NotApplicable:
            return None

    return by_parts(judge)(operations, model, budget)


def _short_register(operations: Sequence[Operation], model: Model, budget: Budget) -> bool | None:
    """The search for short histories of one register, on what it applies to."""
    if model.name not in ("register", "cas-register"):
        return None
    verdict: bool | None = True
    for section in sections(operations, model):
        swaps = model.name == "cas-register"
        some = section.operations
        try:
            outcome = finish(short_register(some, Meter(budget), True, swaps=swaps))
        except NotApplicable:
            verdict = None
            continue
        if isinstance(outcome, Impossible):
            _verify_first(some, outcome, model)
            return False
        _verify_operations(some, outcome.order, model)
    return verdict


def _verify_first(operations: Sequence[Operation], outcome: Impossible, model: Model) -> None:
    """Where it claims that a small history became impossible, if it does."""
    if outcome.at is None or len(operations) > SMALL:
        return
    end = operations[outcome.at].completed
    assert end is not None
    if possible(until(operations, end), model):
        raise Disagreement("it was still possible where it is said to be impossible")
    if not possible(until(operations, end - 1), model):
        raise Disagreement("it was impossible before")


def _verify_operations(
    operations: Sequence[Operation], order: Sequence[int] | None, model: Model
) -> None:
    """As ``verify_order``, for positions of the operations of one key."""
    if order is None:
        raise Disagreement("it gives no order")
    calls = [model.parse(operation) for operation in operations]
    told = {at for at, o in enumerate(operations) if calls[at] is not None and o.completed}
    if len(set(order)) < len(order) or not told <= set(order):
        raise Disagreement("its order lacks something, or has it twice")
    specification, latest = model.specification(), -1
    state = specification.initial
    for at in order:
        call, (invoked, completed) = calls[at], operations[at][6:8]
        if call is None:
            continue
        if completed is not None and completed < latest:
            raise Disagreement("its order is not that of real time")
        latest = max(latest, invoked)
        allowed, state = specification.advance(state, call)
        if not allowed:
            raise Disagreement("its order is not legal")


def _streamed(operations: Sequence[Operation], model: Model, budget: Budget) -> bool | None:
    if model.ties is None and model.keys_of is not None:
        return None
    return _feed(Monitor(model, budget=budget), operations)


def _streamed_zones(operations: Sequence[Operation], model: Model, budget: Budget) -> bool | None:
    if model.name != "register":
        return None
    try:
        return _feed(Monitor(model, budget=budget, unique_values=True), operations)
    except NotApplicable:
        return None


def _feed(monitor: Monitor, operations: Sequence[Operation]) -> bool | None:
    try:
        for event in events_in_order(operations):
            if not monitor.feed(event):
                return False
    except HistoryError as error:
        if "ties keys" in str(error):
            return None
        raise
    return monitor.finish()


def events_in_order(operations: Sequence[Operation]) -> list[Event]:
    """The events of operations, those with ``info`` where they were recorded."""
    rows = []
    for each in operations:
        process, f, key = each.process, each.f, each.key
        rows.append((each.invoked, process, "invoke", f, key, each.argument, None))
        end = each.completion if each.completed is None else each.completed
        if end is not None:
            rows.append((end, process, each.outcome, f, key, each.result, each.error))
    rows.sort(key=lambda row: row[0])
    return [
        Event(index, process, type_, f, key, value, None, error)
        for index, (_, process, type_, f, key, value, error) in enumerate(rows)
    ]


def _relaxed(operations: Sequence[Operation], model: Model, budget: Budget) -> bool | None:
    """Where a crashed call leads to ever new states, it has no end."""
    few = Budget(seconds=None, configurations=20 * len(operations))
    return by_parts(_lane(relaxed, reusable=Everything()))(operations, model, few)


def _verify_shortest(operations: Sequence[Operation], conflict: Conflict, model: Model) -> None:
    """The prefix up to the event that a conflict names is impossible, that before it possible."""
    (end,) = [o.completed for o in operations if o.completion == conflict.last_event]
    assert end is not None
    if possible(until(operations, end), model):
        raise Disagreement("the prefix that is said to be impossible is possible")
    if not possible(until(operations, end - 1), model):
        raise Disagreement("a shorter prefix is impossible")


def whole(operations: Sequence[Operation], model: Model, budget: Budget) -> bool | None:
    """``check``, with its certificate verified, and without."""
    verdict = check(operations, model, budget=budget)
    quick = check(operations, model, budget=budget, certificate=False)
    if "unknown" not in (verdict.validity, quick.validity) and verdict.validity != quick.validity:
        raise Disagreement("without a certificate the verdict differs")
    if verdict.validity == "unknown":
        return None
    if verdict.conflict is not None and len(operations) <= SMALL:
        _verify_shortest(operations, verdict.conflict, model)
    if verdict.certificate is not None:
        verify(operations, verdict.certificate, model)
    elif verdict.validity == "valid" or budget == UNLIMITED:
        raise Disagreement("there is no certificate")
    return verdict.validity == "valid"


UNLIMITED = Budget(seconds=None, memory=None)

ENGINES: dict[str, Judge] = {
    "frontier": by_parts(lambda part, meter: frontier(part, meter, True)),
    "exact": by_parts(_lane(lambda p, e, events: exact(p, e, events, 0, True), record=True)),
    "narrow": by_parts(_lane(lambda p, e, events: narrow(p, e, events, 0, True), record=True)),
    "narrowest": by_parts(_narrow_once),
    "relaxed": _relaxed,
    "raced lanes": by_parts(_raced_lanes),
    "depth first": by_parts(lambda part, meter: depth_first(part, meter, True)),
    "race": by_parts(_in_race),
    "search": by_parts(lambda part, meter: search(part, meter, True)),
    "refuter": by_parts(_refuter),
    "monitor": _monitor,
    "tied monitor": _tied_monitor,
    "short register": _short_register,
    "streamed": _streamed,
    "streamed zones": _streamed_zones,
    "check": whole,
}

ALWAYS = frozenset({"frontier", "exact", "raced lanes", "depth first", "race", "search", "check"})
"""Engines that answer whenever the budget suffices."""


def compare(
    operations: Sequence[Operation],
    model: Model,
    expected: bool | None = None,
    budget: Budget = UNLIMITED,
    engines: Iterable[str] = tuple(ENGINES),
) -> dict[str, bool]:
    """What each engine says that says something; raises Disagreement unless all say the same."""
    said: dict[str, bool] = {} if expected is None else {"expected": expected}
    for name in engines:
        try:
            verdict = ENGINES[name](operations, model, budget)
        except BudgetExhausted:
            continue
        except Disagreement as error:
            raise Disagreement(f"{name}: {error}") from error
        if verdict is not None:
            said[name] = verdict
        elif budget == UNLIMITED and name in ALWAYS:
            raise Disagreement(f"{name} does not answer")
    if len(set(said.values())) > 1:
        raise Disagreement(f"{said}")
    return said


def small(name: str, seed: int) -> list[Operation]:
    """A history of 2 to 8 operations that brute force can judge."""
    random = Random(f"small {name} {seed}")
    return random_operations(
        random,
        name,
        random.randrange(2, 9),
        concurrency=random.choice((2, 3, 4)),
        crash_rate=random.choice((0.0, 0.1, 0.3, 0.5)),
        wrong_rate=0.7,
        keys=random.choice((1, 1, 2)),
        unique=seed % 3 == 0,
    )


def large(name: str, seed: int, wrong_rate: float = 0.5) -> list[Operation]:
    """A history of 20 to 120 operations."""
    random = Random(f"large {name} {seed}")
    return random_operations(
        random,
        name,
        random.randrange(20, 121),
        concurrency=random.choice((2, 3, 5, 8, 12)),
        crash_rate=random.choice((0.0, 0.05, 0.1, 0.3)),
        wrong_rate=wrong_rate,
        keys=random.choice((1, 2, 3)),
        unique=seed % 3 == 0,
    )
