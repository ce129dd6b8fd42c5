"""A counter to which everybody adds the same amount, in O(n log n).

Theory of operation
-------------------
Let all adds add ``step``, which is not 0. Then the counter takes the values 0, step,
2 step, ... one after the other and leaves none out, so a read that answered k steps fits if and
only if at most k adds happened before its invocation and at least k before its completion. Adds are
interchangeable but for their intervals.

So go through the events in order and let adds happen as late as possible: at the completion of an
add, that one; at the completion of a read, as many as it needs; and of those that are pending
always the one that completes first (a crashed one last). At each moment this has let as few adds
happen as any order can: one that has let others happen has no fewer left that are due by any later
moment. The history is possible if and only if no read needs more than there are, and none
was invoked after more had happened than it saw.

Nothing is known to be safe to leave out but reads, and adds that were invoked after all reads that
are kept had completed; so there is no small core, and none is given.

Not judged: amounts that differ (it contains the subset-sum problem), and an add that answered the
sum, which is not interchangeable.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from checker.history import Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Outcome, Possible

_CHUNK = 1 << 14
"""Operations read between two looks at the budget."""

_BYTES = 150
"""What this holds for each operation: its two events, and a place in the heap."""

_NEVER = 1 << 62
"""Later than any rank."""


def monitor(operations: Sequence[Operation], meter: Meter, order: bool) -> Outcome:
    """Judge the operations of one counter; raises NotApplicable, BudgetExhausted."""
    told = _read(operations, meter)
    if told is None:
        return Impossible()
    invocations, wanted, ends = told
    meter.look(len(operations))
    completions = [at for at in invocations if ends[at] < _NEVER]
    meter.look(len(operations))
    completions.sort(key=ends.__getitem__)
    meter.spend(meter.explored, len(operations) * _BYTES)
    meter.look(len(operations))
    invoked = [operations[at].invoked for at in invocations]
    invoked.append(_NEVER)
    following = total = 0
    pending: list[tuple[int, int]] = []
    waiting: dict[int, list[int]] = {}
    happened = [False] * len(operations)
    order_of_all: list[int] = []
    for number, completing in enumerate(completions):
        if number % _CHUNK == _CHUNK - 1:
            meter.look()
        end = ends[completing]
        while invoked[following] < end:
            at = invocations[following]
            following += 1
            seen = wanted[at]
            if seen is None:
                heappush(pending, (ends[at], at))
            elif seen > total:
                waiting.setdefault(seen, []).append(at)
            elif seen == total:
                happened[at] = True
                order_of_all.append(at)
            else:
                return Impossible()
        if happened[completing]:
            continue
        seen = wanted[completing]
        # An add that completes is the first of the pending ones.
        needed = total + 1 if seen is None else seen
        while total < needed:
            if not pending:
                return Impossible()
            _, add = heappop(pending)
            total += 1
            happened[add] = True
            order_of_all.append(add)
            for read in waiting.pop(total, ()):
                happened[read] = True
                order_of_all.append(read)
    return Possible(order_of_all if order else None)


class _Told(NamedTuple):
    """Positions of reads and adds; by position: what a read saw, in steps (None for an add),
    and when it completed (_NEVER if it did not)."""

    invocations: list[int]
    wanted: list[int | None]
    ends: list[int]


def _read(operations: Sequence[Operation], meter: Meter) -> _Told | None:
    """None if a read saw something that is no number of steps."""
    step = 0
    invocations: list[int] = []
    wanted: list[int | None] = []
    ends: list[int] = []
    for start in range(0, len(operations), _CHUNK):
        meter.spend(meter.explored, start * _BYTES)
        for at, operation in enumerate(operations[start : start + _CHUNK], start):
            _, f, _, argument, result, outcome, _, completed, _, _, _ = operation
            wanted.append(None)
            ends.append(_NEVER if completed is None else completed)
            if f == "read":
                if outcome != "ok":
                    continue
                if type(result) is not int:
                    raise NotApplicable(f"the answer {result!r} is not an integer")
                wanted[at] = result
            elif f == "add" or (f == "add-and-get" and outcome != "ok"):
                if type(argument) is not int:
                    raise NotApplicable(f"the amount {argument!r} is not an integer")
                if outcome == "fail":
                    continue
                if argument == 0:
                    raise NotApplicable("an add of nothing")
                if argument != step:
                    if step != 0:
                        raise NotApplicable("adds of different amounts")
                    step = argument
            else:
                raise NotApplicable(f"operations {f!r} of a counter are not interchangeable")
            invocations.append(at)
    meter.look(len(operations))
    for at in invocations:
        answer = wanted[at]
        if answer:
            if step == 0 or answer % step != 0 or answer // step < 0:
                return None
            wanted[at] = answer // step
    return _Told(invocations, wanted, ends)
