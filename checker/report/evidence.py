"""The evidence of lincheck as a report shows it: an order, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf

from checker.history import History, Operation
from checker.lincheck.certificate import end_of, name_of
from checker.lincheck.conflict import Conflict, concerning
from checker.lincheck.explain import Order, letter, longest_orders, show
from checker.lincheck.parts import Entry
from checker.models.model import Model
from checker.report.data import (
    Attempt,
    Counterexample,
    Linearization,
    Operations,
    Span,
    Step,
    Stuck,
    Words,
)
from checker.report.operations import OperationsShown
from checker.report.shown import Shortener

_NAMED = re.compile("\0(\\d+)\0")
_OBSERVES = "observes"
_MILLISECOND = 1_000_000


def linearization_of(order: Sequence[Operation], shown: OperationsShown) -> Linearization:
    """The order of a valid history, with a moment for each operation: as early as may be."""
    places = [shown.by_event[name_of(operation)] for operation in order]
    moments = []
    now = 0
    for place in places:
        now = max(now, shown.columns.start[place])
        moments.append(now)
    return Linearization(order=places, time=moments)


def counterexample_of(
    history: History,
    model: Model,
    conflict: Conflict,
    shown: OperationsShown,
    shortener: Shortener,
) -> Counterexample:
    """Why no order of the operations explains their answers."""
    return _Teller(history, model, conflict, shown, shortener).counterexample()


class _Teller:
    def __init__(
        self,
        history: History,
        model: Model,
        conflict: Conflict,
        shown: OperationsShown,
        shortener: Shortener,
    ) -> None:
        self._history = history
        self._conflict = conflict
        self._shown = shown
        self._shortener = shortener
        self._entries = sorted(conflict.entries, key=lambda entry: entry.invoked)
        self._places = [shown.by_event[name_of(each.operation)] for each in self._entries]
        specification = conflict.specification or model.specification()
        self._initial = show(specification.initial)
        # What stands for an operation in a reason, until it becomes words that lead there.
        names = [f"\0{at}\0" for at in range(len(self._entries))]
        self._orders = longest_orders(self._entries, specification, names)

    def counterexample(self) -> Counterexample:
        conflict, shown = self._conflict, self._shown
        last = shown.by_event[name_of(conflict.operation)]
        end = end_of(conflict.operation)
        indexes = self._history.columns.indexes
        elements = conflict.elements
        return Counterexample(
            sentence=self._sentence(last),
            keys=tuple(self._shortener.value(key) for key in conflict.keys if key is not None),
            last=last,
            prefix=len(indexes) if end is None else list(indexes).index(end) + 1,
            time=shown.columns.end[last],
            operations=tuple(self._places),
            letters=tuple(letter(at) for at in range(len(self._places))),
            initial=self._shortener.text(self._initial),
            is_minimal=conflict.is_minimal,
            attempts=tuple(map(self._attempt, self._orders)),
            since=None if conflict.first_event is None else shown.by_event[conflict.first_event],
            elements=None if elements is None else tuple(map(self._shortener.value, elements)),
        )

    def _attempt(self, order: Order) -> Attempt:
        text = self._shortener.text
        return Attempt(
            steps=tuple(
                Step(operation=self._places[at], state=text(show(state)))
                for at, state in zip(order.positions, order.states[1:], strict=True)
            ),
            stuck=tuple(
                Stuck(operation=self._places[at], why=self._words(why)) for at, why in order.reasons
            ),
        )

    def _words(self, why: str) -> Words:
        """A reason, in which operations are called by their letters."""
        words = []
        for at, part in enumerate(_NAMED.split(why)):
            if at % 2:
                position = int(part)
                words.append(Span(text=letter(position), operation=self._places[position]))
            elif part:
                words.append(Span(text=self._shortener.text(part)))
        return tuple(words)

    # -- The paragraph ----------------------------------------------------------------------------

    def _sentence(self, last: int) -> Words:
        count = len(self._entries)
        words = self._what_is_wrong()
        these = f"these {count} operations" if count > 1 else "this operation alone"
        known = "" if self._conflict.first_event is None else ", whatever the state was before them"
        known += concerning(self._conflict.elements).removesuffix(",")
        words.append(Span(text=f" No order of {these} explains every answer{known}"))
        if self._conflict.is_minimal and count > 1:
            words.append(Span(text="; without any one of them there is one"))
        words.append(Span(text=". It became impossible when "))
        words.append(self._named(last))
        words.append(Span(text=" was answered"))
        end = self._shown.columns.end[last]
        if self._shown.unit == "ns" and end >= 0:
            words.append(Span(text=", "))
            words.append(
                Span(text=f"{end / _MILLISECOND:,.3f} ms after the start", time=end),
            )
        words.append(Span(text="."))
        return tuple(words)

    def _what_is_wrong(self) -> list[Span]:
        """The answer that does not fit, by the order that comes furthest."""
        if not self._orders or not self._orders[0].reasons:
            return [Span(text="The answers contradict each other.")]
        order = self._orders[0]
        position = order.reasons[0][0]
        entry = self._entries[position]
        changes = [at for at in order.positions if self._entries[at].call.effect != _OBSERVES]
        words = [_capital(self._named(self._places[position])), Span(text=self._answer(entry))]
        if not changes:
            state = self._shortener.text(self._initial)
            return [*words, Span(text=f", but at the beginning the state was {state}.")]
        changed = self._named(self._places[changes[-1]])
        state = self._shortener.text(show(order.states[-1]))
        if _end(self._entries[changes[-1]]) < entry.invoked:
            left = f" had completed before it began, which left the state {state}."
            return [*words, Span(text=", but "), changed, Span(text=left)]
        return [*words, Span(text=", but after "), changed, Span(text=f" the state is {state}.")]

    def _answer(self, entry: Entry) -> str:
        operation = entry.operation
        if operation.outcome == "fail":
            return f" failed ({self._shortener.text(operation.error or 'no reason given')})"
        if operation.outcome != "ok":
            return " was not answered"
        if operation.result is None and operation.argument is not None:
            return " was done"
        return f" returned {self._shortener.value(operation.result)}"

    def _named(self, place: int) -> Span:
        return Span(text=operation_words(self._shown.columns, place), operation=place)


def operation_words(columns: Operations, place: int) -> str:
    """An operation as a noun: "put of 2 to x by process 3"."""
    f, key, value = columns.functions[columns.f[place]], columns.key[place], columns.value[place]
    on = "" if key < 0 else columns.keys[key]
    if value and on:
        what = f"{f} of {value} on {on}"
    else:
        what = f"{f} of {value or on}" if value or on else f
    return f"{what} by process {columns.processes[columns.process[place]]}"


def _capital(span: Span) -> Span:
    return Span(text=span.text[:1].upper() + span.text[1:], operation=span.operation)


def _end(entry: Entry) -> float:
    return inf if entry.completed is None else entry.completed
