"""The evidence against a history: its shortest failing prefix, and the operations to blame.

The engine names the completion that made a part impossible; the events up to it are the shortest
failing prefix. What of it is to blame is found in ``reduction.py``; this module says what was known
at which moment, and puts it into words. ``proof.py`` makes certificates of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.certificate import (
    deadline_of,
    end_of,
    name_of,
    untold,
)
from checker.lincheck.parts import Entry, Part, split
from checker.lincheck.reduction import NEAR, Reduced, Reducer
from checker.models.model import UNKNOWN, Model, Specification

_SHOWN = 12

_SOON = 4
"""So many completions after the one that a search could not pass are looked at."""

_WHOLE_MAX = 1_000
"""So many operations are shown where nobody knows which of them matter."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a history is not linearizable.

    The events up to the one with index ``last_event`` are the shortest failing prefix;
    ``operation`` is the one whose answer they cannot explain. ``operations`` cannot be ordered,
    whatever the state was when the one with the invocation ``first_event`` began (None: from the
    beginning on); none of them may be left out, unless the budget ran out: then not
    ``is_minimal``. ``elements``: they are only what operations say of these (Model.projection).
    """

    keys: tuple[Any, ...]
    operation: Operation
    last_event: int | None
    operations: tuple[Operation, ...]
    is_minimal: bool
    first_event: int | None = None
    elements: tuple[Any, ...] | None = None
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    specification: Specification | None = field(default=None, repr=False)

    def __str__(self) -> str:
        keys = [repr(key) for key in self.keys if key is not None]
        where = f" on {', '.join(keys)}" if keys else ""
        shown = "; ".join(str(operation) for operation in self.operations[-_SHOWN:])
        left_out = len(self.operations) - _SHOWN
        more = f"{left_out} earlier ones; " if left_out > 0 else ""
        since = "" if self.first_event is None else f", from event {self.first_event} on,"
        since += concerning(self.elements)
        return (
            f"no order of the operations{where}{since} explains that {self.operation}: "
            f"in conflict are {more}{shown}"
        )


def concerning(elements: Sequence[Any] | None) -> str:
    """In words, as far as which elements something is so."""
    if elements is None:
        return ""
    if not elements:
        return ", whatever was written,"
    names = [repr(element) for element in elements[:_SHOWN]]
    more = len(elements) - _SHOWN
    last = f"{more} more" if more > 0 else names.pop() if len(names) > 1 else ""
    shown = ", ".join(names) + (f" and {last}" if last else "")
    return f", as far as {shown} {'is' if len(elements) == 1 else 'are'} concerned,"


def first_conflict(
    operations: Sequence[Operation],
    part: Part,
    impossible: Entry,
    model: Model,
    meter: Meter,
    core: Sequence[int] | None = None,
) -> Conflict:
    """The conflict at the first completion by which a part of the whole history is impossible.

    Engines know how operations end that are still open when ``impossible`` completes, which can
    convict too early (that a compare-and-set failed, say). So what was known at that completion,
    and at those after it, is judged by itself. ``operations`` are those of the whole history;
    ``core``: positions of entries of the part that are impossible by themselves, where an engine
    knows some (Impossible.core).

    Raises BudgetExhausted if that is not found; a conflict that is not minimal is given.
    """
    moments = _Moments(operations, part, impossible, model, meter, core)
    index = moments.first()
    if index is None:
        raise ValueError("the part is possible: it has no conflict")
    return moments.conflict(index)


def whole_conflict(part: Part, model: Model) -> Conflict | None:
    """All of an impossible part, where nobody knows more; None if that is too much to show."""
    if not 0 < len(part.entries) <= _WHOLE_MAX:
        return None
    last = max(part.entries, key=lambda entry: entry.completed or -1)
    return _conflict(Reduced(part, part.entries, -1, False), last.operation, None, model)


def conflict_since(
    operations: Sequence[Operation], part: Part, impossible: Entry, model: Model, meter: Meter
) -> tuple[int, Conflict] | None:
    """The rank of the completion by which a part is impossible, and its conflict: if that is the
    one of this entry, before which it must have been possible, or soon after it. None if not.

    Raises BudgetExhausted.
    """
    moments = _Moments(operations, part, impossible, model, meter, None)
    if model.reveals is None or part.joint:
        if moments.is_impossible_at(0, Reducer.is_impossible):
            return moments.end(0), moments.conflict(0)
        return None
    for index in range(min(_SOON, moments.count)):
        if moments.is_impossible_at(index, _shows_soon):
            if index == 0 or moments.is_possible_at(index - 1):
                return moments.end(index), moments.conflict(index)
            return None
    return None


def _shows_soon(reducer: Reducer) -> bool:
    return reducer.is_quickly_impossible(None, NEAR)


class _Moments:
    """What was known of a part at the completion of an entry, and at those after it."""

    def __init__(
        self,
        operations: Sequence[Operation],
        part: Part,
        impossible: Entry,
        model: Model,
        meter: Meter,
        core: Sequence[int] | None,
    ) -> None:
        since = impossible.completed
        assert since is not None, "only a completion makes a history impossible"
        self._operations = operations
        self._part = part
        self._model = model
        self._meter = meter
        self._told = {entry.invoked for entry in part.entries}
        self._failed = [
            operation
            for operation in operations
            if operation.outcome == "fail"
            and deadline_of(operation) > since
            and operation.invoked not in self._told
        ]
        known = (*(entry.operation for entry in part.entries), *self._failed)
        self._ending = {deadline_of(operation): operation for operation in known}
        self._ends = sorted(end for end in self._ending if since <= end < inf)
        self._at: dict[int, list[Reducer]] = {}
        self._chosen = None if core is None else {part.entries[at].invoked for at in core}

    @property
    def count(self) -> int:
        """How many moments there are."""
        return len(self._ends)

    def end(self, index: int) -> int:
        """The rank of the completion."""
        return int(self._ends[index])

    def is_possible_at(self, index: int) -> bool:
        """Whether engines find what was known at that moment possible."""
        return all(reducer.is_possible() for reducer in self._reducers(index))

    def first(self) -> int | None:
        """The first moment at which the part is impossible; None if it never is."""
        # What is quickly seen to be impossible at some moment bounds the search for the first.
        count = len(self._ends)
        index = _first(lambda at: self.is_impossible_at(at, self.quickly), count)
        test = Reducer.is_impossible
        if index is None:
            return _first(lambda at: self.is_impossible_at(at, test), count)
        if index > 0 and self.is_impossible_at(index - 1, test):
            return _between(lambda at: self.is_impossible_at(at, test), -1, index - 1)
        return index

    def conflict(self, index: int) -> Conflict:
        """The conflict at a moment at which the part was found to be impossible."""
        operation = self._ending[self._ends[index]]
        found = self._at[index][0].reduced()
        return _conflict(found, operation, end_of(operation), self._model)

    def is_impossible_at(self, index: int, test: Callable[[Reducer], bool]) -> bool:
        """Whether the test, of the part as it was known at that moment, says so."""
        found = [reducer for reducer in self._reducers(index) if test(reducer)]
        if found:
            self._at[index] = found
        return bool(found)

    def quickly(self, reducer: Reducer) -> bool:
        """The test whether a few entries show it."""
        return reducer.is_quickly_impossible(self._chosen)

    def _reducers(self, index: int) -> list[Reducer]:
        known = self._at.get(index)
        if known is not None:
            return known
        end, part, model = self._ends[index], self._part, self._model
        alone = _known_at(end, part, self._failed, model)
        parts = _split_at(end, self._told, self._operations, model) if alone is None else [alone]
        self._at[index] = [
            Reducer(each, model, self._meter, end, model.projection) for each in parts
        ]
        return self._at[index]


def _first(test: Callable[[int], bool], count: int) -> int | None:
    """The first of ``count`` indexes of which the test is true, if it stays so from there on."""
    possible, index = -1, 0
    while not test(index):
        if index == count - 1:
            return None
        possible, index = index, min(2 * index + 1, count - 1)
    return _between(test, possible, index)


def _between(test: Callable[[int], bool], possible: int, index: int) -> int:
    """The first index of which the test is true: after ``possible``, not after ``index``."""
    while index - possible > 1:
        middle = (index + possible) // 2
        if test(middle):
            index = middle
        else:
            possible = middle
    return index


def _known_at(end: float, part: Part, failed: Sequence[Operation], model: Model) -> Part | None:
    """What was known of a part at the completion of this rank; None if it must be split anew."""
    if part.joint:
        return None
    known = [e for e in part.entries if e.completed is None or e.completed <= end]
    opened = [e.operation for e in part.entries if e.completed is not None and e.completed > end]
    opened += [operation for operation in failed if deadline_of(operation) > end]
    for operation in opened:
        if operation.invoked > end:
            continue
        call = model.parse(untold(operation))
        if call is None:
            continue
        if model.keys_of is not None and model.keys_of(call) is not None:
            return None
        if call.result is UNKNOWN and part.foresight is not None:
            # It may need what was left out of the part as it served nobody.
            return None
        if not model.per_key or call.key in part.keys:
            known.append(Entry(call, operation.invoked, None, untold(operation)))
    known = [entry for entry in known if entry.invoked < end]
    known.sort(key=lambda entry: entry.invoked)
    return replace(part, entries=known)


def _split_at(
    end: float, told: set[int], operations: Sequence[Operation], model: Model
) -> list[Part]:
    """The parts of what was known at the completion of this rank that have some of the entries
    with the invocations ``told``."""
    begun = [operation for operation in operations if operation.invoked < end]
    parts = split([o if deadline_of(o) <= end else untold(o) for o in begun], model)
    return [part for part in parts if any(entry.invoked in told for entry in part.entries)]


def _conflict(
    found: Reduced, operation: Operation, last_event: int | None, model: Model
) -> Conflict:
    part = found.part
    first = next((e.operation for e in part.entries if e.invoked == found.start), None)
    anywhere = None if first is None else model.from_anywhere()
    if found.elements is not None:
        # What it says of these.
        same = (e.operation for e in found.entries if e.invoked == operation.invoked)
        operation = next(same, operation)
    return Conflict(
        keys=part.keys,
        operation=operation,
        last_event=last_event,
        operations=tuple(entry.operation for entry in found.entries),
        is_minimal=found.is_minimal,
        first_event=None if first is None else name_of(first),
        elements=found.elements,
        entries=tuple(found.entries),
        specification=part.specification if anywhere is None else anywhere,
    )
