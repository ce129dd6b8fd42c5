"""Short histories of one register, by a search that reads no further than it must.

Theory of operation
-------------------
Translating a hundred operations costs as much as judging them. So their values are looked at in
bulk, and they are translated one by one as the search first meets them: of an impossible history
that is only what was invoked before the event that made it so.

The search is Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory
of visited configurations ("Testing for linearizability", 2017). What is left to explain is told by
``reached``, the first operation that is not invoked before the first completion of what is left
(the *deadline*), and ``left``, the operations before that one that are left; a configuration is
these, the value, and the set of crashed operations used.

Claim: if the search ends without an order, what had happened by the latest deadline that it met, D,
is impossible, and before D it was not.

*By D.* Take what was pending at D as crashed then, and suppose an order. Call a configuration
*missed* if an order leads from it past D all the same; the first one is. Among the missed ones that
were visited take the one with the fewest live operations left that end by D, then with the fewest
crashed ones needed. Its deadline is D at the latest, so something is left for the order to do. What
comes next is either visited, and missed with fewer, or left out by one of these rules, each of
which names another one that was visited and is missed with no more:

1. An observation that the value allows is made at once: it changes nothing.
2. A crashed operation is used only if it changes the value, and of those that give the same value
   one, a compare-and-set if it can be: none of them ends, so they may change places in the order,
   and a write does later what the compare-and-set did there.
3. The same was visited with a subset of the crashed operations used: whatever is possible now was
   possible then.
4. The operation that ends at the deadline needs another value, and nothing that is pending gives
   it: there is no order, for what is invoked later comes too late.

*Before D.* The way to a configuration of that deadline explains all that ended before; the rest of
what it did was pending at D, and may have taken effect.

One thing is missing. An operation that fails later is none in the search; but while it was pending
nobody knew, and it may have been what explained the others. Where one was pending at D, it is not
said when the history became impossible.

Cost: exponential at worst, so the search gives up after some configurations an operation. Where
every choice is right it visits one for each operation that changes the value, and looks at what is
pending there. Only configurations with alternatives left are held, and those visited since there
were any.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from checker.history import MISMATCH, Operation
from checker.lincheck.budget import Meter
from checker.lincheck.engine import Impossible, NotApplicable, Possible, Search

OPERATIONS_MAX = 160

_FREE = 32
_PER_OPERATION = 2
"""Configurations that may be explored: some, and so many an operation."""

_CONFIGURATION_BYTES = 320
_LEFT_BYTES = 16
"""What is held of a configuration, and for each operation that is left there."""

_NEVER = float("inf")

_ANY_VALUE = object()
"""What a write needs."""

_WRITE, _SILENT, _READ, _SWAP, _MISMATCH = range(5)
"""What an operation does to the value. Silent is what says nothing, and what crashed."""

_PLAIN = {int, str, type(None)}
_RESULTS_OF_CAS = (*_PLAIN, list, bool)
_FORMS = {
    *((f, argument, result) for f in ("read", "write") for argument in _PLAIN for result in _PLAIN),
    *(("cas", list, result) for result in _RESULTS_OF_CAS),
}
"""f, type of the argument, type of the result."""

_invoked_of = itemgetter(6)


class _Frame(NamedTuple):
    """A configuration to come back to, with the operations still to be tried there, the best last.

    ``crashes``: then the crashed ones. ``mark``: the length of the order there.
    """

    value: Any
    left: list[int]
    reached: int
    used: int
    alternatives: list[int]
    crashes: bool
    mark: int


class _Calls:
    """The operations met so far, as columns: what each does, the value it needs, the one it gives,
    and the rank at which it ends. ``crashed``: positions of those that may yet take effect."""

    __slots__ = ("crashed", "ends", "gives", "kinds", "needs")

    def __init__(self) -> None:
        self.kinds: list[int] = []
        self.needs: list[Any] = []
        self.gives: list[Any] = []
        self.ends: list[float] = []
        self.crashed: list[int] = []

    def meet(self, operation: Operation) -> None:
        """Translate the next operation."""
        _, f, _, argument, result, outcome, _, end, error, _, _ = operation
        need: Any = _ANY_VALUE
        give = None
        kind = _SILENT
        if f == "read":
            need = result
            if outcome == "ok":
                kind = _READ
        elif f == "write":
            give = argument
            if outcome != "fail":
                kind = _WRITE
        else:
            need, give = argument
            if outcome != "fail":
                kind = _SWAP
            elif error == MISMATCH:
                kind = _MISMATCH
        if end is None:
            if kind in (_WRITE, _SWAP):
                self.crashed.append(len(self.kinds))
            kind = _SILENT
        self.kinds.append(kind)
        self.needs.append(need)
        self.gives.append(give)
        self.ends.append(_NEVER if end is None else end)


def short_register(
    operations: Sequence[Operation], meter: Meter, order: bool, *, swaps: bool = True
) -> Search:
    """Judge the operations of one key, in order of invocation; ``swaps``: there may be ``cas``.

    Raises NotApplicable, at its first step, where there are too many or where a value is not a
    plain one; later, where the search takes long. BudgetExhausted.
    """
    count = len(operations)
    _look_at_values(operations, swaps=swaps)
    calls = _Calls()
    meet, kinds, needs, gives, ends = calls.meet, calls.kinds, calls.needs, calls.gives, calls.ends
    begins = list(map(_invoked_of, operations))
    visited: dict[tuple[Any, ...], list[int]] = {}
    frames: list[_Frame] = []
    path: list[int] = []
    value: Any = None
    pending: list[int] = []
    reached = used = explored = held = known = urgent = blamed = 0
    latest = -1.0
    most = _FREE + _PER_OPERATION * count
    report_at = meter.spend(0, 0)
    while True:
        # The operations that are left and may be next, and the deadline.
        deadline = _NEVER
        left: list[int] = []
        candidates: list[int] = []
        for at in chain(pending, range(reached, count)):
            if begins[at] > deadline:
                reached = at
                break
            if at == known:
                meet(operations[at])
                known += 1
            kind = kinds[at]
            if kind == _WRITE:
                candidates.append(at)
            elif kind == _SILENT:
                continue
            elif (needs[at] != value) == (kind == _MISMATCH):
                if kind != _SWAP:
                    path.append(at)
                    continue
                candidates.append(at)
            left.append(at)
            if ends[at] < deadline:
                deadline, urgent = ends[at], at
        else:
            reached = count
        if not left:
            meter.spend(explored, held)
            return Possible(path if order else None)
        if deadline > latest:
            latest, blamed = deadline, urgent
        explored += 1
        held += _CONFIGURATION_BYTES + _LEFT_BYTES * len(left)
        if explored > most:
            meter.spend(explored, held)
            raise NotApplicable("the search takes long")
        if explored >= report_at:
            meter.reach(int(latest) - 1)
            report_at = meter.spend(explored, held)
            yield
        if not frames or _is_new(visited, (value, reached, *left), used):
            candidates, crashes = _choose(calls, candidates, left, reached, urgent, value)
            if len(candidates) == 1 and not crashes:
                (at,) = candidates
                path.append(at)
                left.remove(at)
                value, pending = gives[at], left
                continue
            if candidates or crashes:
                frames.append(_Frame(value, left, reached, used, candidates, crashes, len(path)))
        following = _go_back(frames, calls, path)
        if following is None:
            meter.spend(explored, held)
            if _some_failed_later(operations[:known], latest):
                return Impossible()
            return Impossible(blamed, is_first=True)
        value, pending, reached, used = following


def _is_new(visited: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], used: int) -> bool:
    """Whether nothing like it was visited with a subset of the crashed operations used."""
    sets = visited.setdefault(key, [])
    for other in sets:
        if other & used == other:
            return False
    sets.append(used)
    return True


def _choose(
    calls: _Calls, candidates: list[int], left: list[int], reached: int, urgent: int, value: Any
) -> tuple[list[int], bool]:
    """The candidates, the best last, and whether a crashed operation may be next.

    The best one gives the value for which the urgent operation waits, or is that operation itself.
    """
    kinds, gives, crashed = calls.kinds, calls.gives, calls.crashed
    crashes = bool(crashed) and crashed[0] < reached
    kind, need = kinds[urgent], calls.needs[urgent]
    if kind == _READ or (kind == _SWAP and need != value):
        best = [at for at in candidates if gives[at] == need]
        if best:
            if len(best) < len(candidates):
                return [at for at in candidates if gives[at] != need] + best, crashes
        elif not any(gives[at] == need for at in left if kinds[at] == _SWAP) and not (
            crashes and any(gives[at] == need for at in crashed if at < reached)
        ):
            return [], False
    elif kind != _MISMATCH and candidates[-1] != urgent:
        candidates.remove(urgent)
        candidates.append(urgent)
    return candidates, crashes


def _go_back(
    frames: list[_Frame], calls: _Calls, path: list[int]
) -> tuple[Any, list[int], int, int] | None:
    """Take the next alternative at the latest choice: the value, what is pending, what is reached
    and the crashed ones used after it; None if there is no alternative left."""
    while frames:
        value, left, reached, used, alternatives, crashes, mark = frames[-1]
        if not alternatives:
            frames.pop()
            if crashes:
                useful = _useful_crashes(calls, reached, used, value)
                frames.append(_Frame(value, left, reached, used, useful, False, mark))
            continue
        at = alternatives.pop()
        if not alternatives and not crashes:
            frames.pop()
        del path[mark:]
        path.append(at)
        if calls.kinds[at] == _SILENT:
            return calls.gives[at], left, reached, used | 1 << at
        pending = left.copy()
        pending.remove(at)
        return calls.gives[at], pending, reached, used
    return None


def _useful_crashes(calls: _Calls, reached: int, used: int, value: Any) -> list[int]:
    """The crashed operations that may be next and change the value, one of those that give the
    same: a compare-and-set rather than a write."""
    found: dict[Any, int] = {}
    for at in calls.crashed:
        if at >= reached:
            break
        need, give = calls.needs[at], calls.gives[at]
        if give == value or used >> at & 1:
            continue
        if need is _ANY_VALUE:
            found.setdefault(give, at)
        elif need == value:
            found[give] = at
    return list(found.values())


def _some_failed_later(operations: Sequence[Operation], rank: int | float) -> bool:
    """Whether one that failed was pending at this rank."""
    for operation in operations:
        end = operation.completed
        if operation.outcome == "fail" and operation.invoked < rank and (end is None or end > rank):
            return True
    return False


def _look_at_values(operations: Sequence[Operation], *, swaps: bool) -> None:
    """NotApplicable unless all are what a register with plain values may have."""
    if not 0 < len(operations) <= OPERATIONS_MAX:
        raise NotApplicable("there are too many operations, or none")
    try:
        forms = {(each[1], type(each[3]), type(each[4])) for each in operations}
    except TypeError:
        raise NotApplicable("an operation has no name") from None
    if not forms <= _FORMS or type(operations[0].key) not in _PLAIN:
        raise NotApplicable("a value is not a plain one")
    pairs = [each[3] for each in operations if each[1] == "cas"]
    if pairs and not (
        swaps
        and set(map(len, pairs)) == {2}
        and set(map(type, chain.from_iterable(pairs))) <= _PLAIN
    ):
        raise NotApplicable("the value of a compare-and-set is no pair of plain ones")
