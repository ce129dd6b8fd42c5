"""A conflict in words and pictures: why no order of these operations explains what they answered.

The few operations of a conflict allow what a whole history does not: to try all orders. The longest
ones that the model and real time allow are shown, with the state after each step, and for each
operation that might come next the reason why it cannot. Each of them ends at the same wall from
another side, which tells more than the bare verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from textwrap import wrap
from typing import Any

from checker.history import History
from checker.lincheck.certificate import name_of
from checker.lincheck.conflict import Conflict, concerning
from checker.lincheck.parts import Entry
from checker.models.model import ANYTHING, DEAD, Model, Specification, State

ORDERS_MAX = 3
"""Orders that are shown."""

_STEPS_MAX = 20_000
"""Steps of the model spent on looking for the longest orders."""

_ROWS_MAX = 14
_REASONS_MAX = 3
_BAR_WIDTH = 40
_TEXT_MAX = 52
_LINE_MAX = 100


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a history is impossible, for people.

    ``lines``: for a terminal, at most 40. ``data``: the same as JSON-ready facts: ``sentence``,
    ``keys``, ``event`` (the point of no return), ``first_event``, ``is_minimal``; ``elements``, if
    operations are only what they say of these (otherwise null); ``operations`` with the letters
    that stand for them, and their intervals in ranks of the history (``completed`` null: it never
    ends); ``initial``, the state at the start; ``orders``, the longest ones: ``steps`` (an
    operation, and the state after it) and ``next`` (an operation, and why it does not fit).
    Operations are named as in certificates, by the indexes of their invocations.
    """

    lines: tuple[str, ...]
    data: dict[str, Any]

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Order:
    """Positions of entries, the states before and after each, and why the others are not next."""

    positions: tuple[int, ...]
    states: tuple[State, ...]
    reasons: tuple[tuple[int, str], ...]


def explain(history: History, model: Model, conflict: Conflict) -> Explanation:
    """Explain a conflict that ``check`` found in this history."""
    entries = sorted(conflict.entries, key=lambda entry: entry.invoked)
    specification = conflict.specification or model.specification()
    orders = longest_orders(entries, specification, [*map(letter, range(len(entries)))])
    sentence = _sentence(entries, orders)
    return Explanation(
        tuple(_lines(history, conflict, entries, orders, sentence)),
        {
            "sentence": sentence,
            "keys": [show(key) for key in conflict.keys if key is not None],
            "event": conflict.last_event,
            "first_event": conflict.first_event,
            "is_minimal": conflict.is_minimal,
            "elements": None if conflict.elements is None else list(conflict.elements),
            "initial": show(specification.initial),
            "operations": [_operation(at, entry) for at, entry in enumerate(entries)],
            "orders": [_order(entries, order) for order in orders],
        },
    )


def _operation(at: int, entry: Entry) -> dict[str, Any]:
    operation = entry.operation
    return {
        "name": name_of(operation),
        "letter": letter(at),
        "process": operation.process,
        "text": str(operation),
        "outcome": operation.outcome,
        "invoked": entry.invoked,
        "completed": entry.completed,
    }


def _order(entries: Sequence[Entry], order: Order) -> dict[str, Any]:
    return {
        "steps": [
            {"operation": name_of(entries[at].operation), "state": show(state)}
            for at, state in zip(order.positions, order.states[1:], strict=True)
        ],
        "next": [
            {"operation": name_of(entries[at].operation), "why": why} for at, why in order.reasons
        ],
    }


# The longest orders.


def longest_orders(
    entries: Sequence[Entry], specification: Specification, names: Sequence[str]
) -> list[Order]:
    """Orders of the most operations that the model and real time allow, with different ends;
    ``names``: what the reasons call the entries.

    Depth first, each set of operations with the same state once; the best found within the bound.
    """
    left: list[tuple[tuple[int, ...], tuple[State, ...]]] = [((), (specification.initial,))]
    seen: set[tuple[frozenset[int], State]] = set()
    best: list[tuple[tuple[int, ...], tuple[State, ...]]] = []
    steps = 0
    while left and steps < _STEPS_MAX:
        positions, states = left.pop()
        if not best or len(positions) >= len(best[0][0]):
            best = [each for each in best if len(each[0]) == len(positions)]
            best.append((positions, states))
        for at in reversed(_may_come_next(entries, positions)):
            steps += 1
            allowed, after = specification.advance(states[-1], entries[at].call)
            wasted = entries[at].completed is None and after == states[-1]
            reached = frozenset((*positions, at)), after
            if allowed and not wasted and reached not in seen:
                seen.add(reached)
                left.append(((*positions, at), (*states, after)))
    orders = [Order(*each, _reasons(entries, *each, names)) for each in best]
    # Those where little is left to explain tell the most.
    orders.sort(key=lambda order: len(order.reasons))
    return orders[:ORDERS_MAX]


def _may_come_next(entries: Sequence[Entry], positions: Sequence[int]) -> list[int]:
    """The positions of those that are not in the order, and before which nothing else must come."""
    others = [at for at in range(len(entries)) if at not in positions]
    end = min((_end(entries[at]) for at in others), default=inf)
    return [at for at in others if entries[at].invoked < end]


def _end(entry: Entry) -> float:
    return inf if entry.completed is None else entry.completed


def _reasons(
    entries: Sequence[Entry],
    positions: Sequence[int],
    states: Sequence[State],
    names: Sequence[str],
) -> tuple[tuple[int, str], ...]:
    """Why none of those that must happen comes next; ``names``: what to call the operations."""
    others = [at for at in range(len(entries)) if at not in positions]
    reasons: list[tuple[int, str]] = []
    for at in others:
        entry = entries[at]
        earlier = [b for b in others if _end(entries[b]) < entry.invoked]
        if entry.completed is not None and earlier:
            first = min(earlier, key=lambda b: _end(entries[b]))
            reasons.append((at, f"it must come after {names[first]}, which had ended before"))
        elif entry.completed is not None:
            why = _misfit(entry, states[-1])
            changes = [b for b in positions if entries[b].call.effect != "observes"]
            if changes and _end(entries[changes[-1]]) < entry.invoked:
                why += f" ({names[changes[-1]]} had ended before it began)"
            reasons.append((at, why))
    # Those that do not fit the state come first.
    return tuple(sorted(reasons, key=lambda reason: reason[1].startswith("it must")))


def _misfit(entry: Entry, state: State) -> str:
    operation = entry.operation
    why = f"the state is {show(state)}"
    if operation.outcome == "fail":
        return f"{why}, so it would not have failed"
    answers = operation.result is not None or entry.call.effect == "observes"
    if operation.outcome == "ok" and operation.argument is None and answers:
        return f"{why}, but it returned {show(operation.result)}"
    return f"{why}, which does not allow it"


def show(value: Any) -> str:
    """A state or a value, as people write it."""
    if value is ANYTHING:
        return "unknown"
    if value is DEAD:
        return "something that nobody read"
    if value is None:
        return "nil"
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(show, value))) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(show, value)) + "]"
    return repr(value)


# The picture.


def letter(at: int) -> str:
    return chr(ord("A") + at % 26) + (str(at // 26) if at >= 26 else "")


def _text(entry: Entry) -> str:
    text = str(entry.operation)
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 3] + "..."


def _sentence(entries: Sequence[Entry], orders: Sequence[Order]) -> str:
    """What is impossible, with the operations' names, by the order that comes furthest."""
    count = len(entries)
    these = f"these {count} operations" if count > 1 else "this operation alone"
    sentence = f"No order of {these} explains every answer"
    if not orders or not orders[0].reasons:
        return f"{sentence}."
    order = orders[0]
    texts = [_text(entry) for entry in entries]
    at, why = _reasons(entries, order.positions, order.states, texts)[0]
    done = " and ".join(texts[step] for step in order.positions[-2:])
    return f"{sentence}: {f'after {done}' if done else 'at the start'}, {texts[at]} fails: {why}."


def _lines(
    history: History,
    conflict: Conflict,
    entries: Sequence[Entry],
    orders: Sequence[Order],
    sentence: str,
) -> list[str]:
    keys = ", ".join(show(key) for key in conflict.keys if key is not None)
    where = f" on {keys}" if keys else ""
    if conflict.first_event is not None:
        where += f", whatever the state was before event {conflict.first_event}"
    where += concerning(conflict.elements).removesuffix(",")
    lines = [*wrap(sentence, _LINE_MAX), "", f"The conflict{where}:"]
    lines += _timeline(entries)
    if any(entry.completed is None for entry in entries):
        lines.append("  (open ends: it may take effect at any time, or never)")
    if not conflict.is_minimal:
        lines.append("  (some may have nothing to do with it: looking further cost too much)")
    time = next((e.time for e in history.events if e.index == conflict.last_event), None)
    moment = "" if time is None else f", {time / 1e9:.6f} s after the start"
    end = f"event {conflict.last_event}{moment}, the end of {conflict.operation}"
    lines += ["", f"The point of no return: {end}."]
    if orders:
        lines += ["", "The longest orders, with the state after each operation:"]
    for number, order in enumerate(orders, 1):
        lines += _order_lines(number, order)
    return lines


def _order_lines(number: int, order: Order) -> list[str]:
    steps = [
        f"{letter(at)} [{show(state)}]"
        for at, state in zip(order.positions, order.states[1:], strict=True)
    ]
    hidden = len(steps) - 8
    if hidden > 0:
        steps = [f"{hidden} operations", *steps[-8:]]
    lines = [f"  {number}. {', '.join(steps) or 'none'}"]
    lines += [f"     then {letter(at)}? {why}" for at, why in order.reasons[:_REASONS_MAX]]
    return lines


def _timeline(entries: Sequence[Entry]) -> list[str]:
    """A line an operation: who, what, and its interval as a bar; an open end never ends."""
    hidden = max(len(entries) - _ROWS_MAX, 0)
    shown = entries[hidden:]
    ranks = {entry.invoked for entry in shown}
    ranks |= {entry.completed for entry in shown if entry.completed is not None}
    width = min(max(_BAR_WIDTH // max(len(ranks), 1), 2), 6)
    column = {rank: at * width for at, rank in enumerate(sorted(ranks))}
    margin = max(len(_text(entry)) for entry in shown)
    lines = [f"  ({hidden} earlier operations)"] if hidden else []
    for at, entry in enumerate(shown, hidden):
        start = column[entry.invoked]
        if entry.completed is None:
            bar = "|" + "-" * (len(column) * width - start) + " ..."
        else:
            bar = "|" + "-" * (column[entry.completed] - start - 1) + "|"
        lines.append(f"  {letter(at):<2} {_text(entry):<{margin}}  {' ' * start}{bar}")
    return lines
