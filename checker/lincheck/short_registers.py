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
from typing import Any

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

_READ, _WRITE, _SWAP, _MISMATCH, _CRASHED, _SILENT = range(6)
"""What an operation is. Crashed is one that may take effect at any time, or never; silent is what
says nothing."""

_Call = tuple[int, Any, Any, float]
"""What an operation is, the value it needs, the one it gives, the rank at which it ends."""

_NOTHING: _Call = (_SILENT, None, None, _NEVER)

_PLAIN = {int, str, type(None)}
_RESULTS_OF_CAS = (*_PLAIN, list, bool)
_FORMS = {
    *((f, argument, result) for f in ("read", "write") for argument in _PLAIN for result in _PLAIN),
    *(("cas", list, result) for result in _RESULTS_OF_CAS),
}
"""f, type of the argument, type of the result."""

_invoked_of = itemgetter(6)

_Frame = tuple[Any, list[int], int, int, list[int], bool, int]
"""A configuration to come back to: value, left, reached, crashed ones used; the operations still to
be tried there, the best last, and whether crashed ones are after them; the length of the order."""


def _call_of(operation: Operation) -> _Call:
    """What the operation does."""
    _, f, _, argument, result, outcome, _, end, error, _, _ = operation
    if f == "read":
        return (_READ, result, None, end) if outcome == "ok" and end is not None else _NOTHING
    if f == "write":
        kind, need, give = _WRITE, _ANY_VALUE, argument
    else:
        kind = _SWAP
        need, give = argument
    if outcome != "fail":
        return (_CRASHED, need, give, _NEVER) if end is None else (kind, need, give, end)
    if kind == _SWAP and error == MISMATCH and end is not None:
        return _MISMATCH, need, None, end
    return _NOTHING


def short_register(
    operations: Sequence[Operation], meter: Meter, order: bool, *, swaps: bool = True
) -> Search:
    """Judge the operations of one key, in order of invocation; ``swaps``: there may be ``cas``.

    Raises NotApplicable, at its first step, where there are too many or where a value is not a
    plain one; later, where the search takes long. BudgetExhausted.
    """
    count = len(operations)
    _look_at_values(operations, swaps=swaps)
    calls: list[_Call] = []
    crashed: list[int] = []
    begins = list(map(_invoked_of, operations))
    visited: dict[tuple[Any, ...], list[int]] = {}
    frames: list[_Frame] = []
    path: list[int] = []
    value: Any = None
    pending: list[int] = []
    reached = used = explored = known = urgent = blamed = 0
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
                known += 1
                call = _call_of(operations[at])
                calls.append(call)
                if call[0] == _CRASHED:
                    crashed.append(at)
            else:
                call = calls[at]
            kind, need, _, end = call
            if kind == _WRITE:
                candidates.append(at)
            elif kind >= _CRASHED:
                continue
            elif (need != value) == (kind == _MISMATCH):
                if kind != _SWAP:
                    path.append(at)
                    continue
                candidates.append(at)
            left.append(at)
            if end < deadline:
                deadline, urgent = end, at
        else:
            reached = count
        if not left:
            meter.spend(explored, meter.held)
            return Possible(path if order else None)
        if deadline > latest:
            latest, blamed = deadline, urgent
        explored += 1
        if explored > most:
            meter.spend(explored, _bytes_held(visited, frames))
            raise NotApplicable("the search takes long")
        if explored >= report_at:
            meter.reach(int(latest) - 1)
            report_at = meter.spend(explored, _bytes_held(visited, frames))
            yield
        if not frames or _is_new(visited, (value, reached, *left), used):
            crashes = bool(crashed) and crashed[0] < reached
            if crashes or len(candidates) > 1:
                chosen = _choose(calls, candidates, left, crashed, urgent, value)
                candidates, crashes = ([], False) if chosen is None else (chosen, crashes)
            if len(candidates) == 1 and not crashes:
                at = candidates[0]
                path.append(at)
                left.remove(at)
                value, pending = calls[at][2], left
                continue
            if candidates or crashes:
                frames.append((value, left, reached, used, candidates, crashes, len(path)))
        following = _go_back(frames, calls, crashed, path)
        if following is None:
            meter.spend(explored, meter.held)
            if _some_failed_later(operations[:known], latest):
                return Impossible()
            return Impossible(blamed, is_first=True)
        value, pending, reached, used = following


def _is_new(visited: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], used: int) -> bool:
    """Whether nothing like it was visited with a subset of the crashed operations used."""
    sets = visited.get(key)
    if sets is None:
        visited[key] = [used]
        return True
    for other in sets:
        if other & used == other:
            return False
    sets.append(used)
    return True


def _choose(
    calls: list[_Call],
    candidates: list[int],
    left: list[int],
    crashed: list[int],
    urgent: int,
    value: Any,
) -> list[int] | None:
    """The candidates, the best last; None if there is no way on, by rule 4.

    The best one gives the value for which the urgent operation waits, or is that operation itself.
    """
    kind, need, _, _ = calls[urgent]
    if kind == _WRITE or (kind == _SWAP and need == value):
        if candidates[-1] != urgent:
            candidates.remove(urgent)
            candidates.append(urgent)
    elif kind != _MISMATCH:
        best = [at for at in candidates if calls[at][2] == need]
        if not best:
            for at in chain(left, crashed):
                kind, _, give, _ = calls[at]
                if give == need and kind in (_SWAP, _CRASHED):
                    return candidates
            return None
        if len(best) < len(candidates):
            return [at for at in candidates if calls[at][2] != need] + best
    return candidates


def _go_back(
    frames: list[_Frame], calls: list[_Call], crashed: list[int], path: list[int]
) -> tuple[Any, list[int], int, int] | None:
    """Take the next alternative at the latest choice: the value, what is pending, what is reached
    and the crashed ones used after it; None if there is no alternative left."""
    while frames:
        value, left, reached, used, alternatives, crashes, mark = frames[-1]
        if not alternatives:
            frames.pop()
            if crashes:
                alternatives = _useful(calls, crashed, reached, used, value)
                frames.append((value, left, reached, used, alternatives, False, mark))
            continue
        at = alternatives.pop()
        if not alternatives and not crashes:
            frames.pop()
        del path[mark:]
        path.append(at)
        kind, _, give, _ = calls[at]
        if kind == _CRASHED:
            return give, left, reached, used | 1 << at
        pending = left.copy()
        pending.remove(at)
        return give, pending, reached, used
    return None


def _useful(
    calls: list[_Call], crashed: list[int], reached: int, used: int, value: Any
) -> list[int]:
    """The crashed operations that may be next and change the value, one of those that give the
    same: a compare-and-set rather than a write."""
    found: dict[Any, int] = {}
    for at in crashed:
        if at >= reached:
            break
        _, need, give, _ = calls[at]
        if give == value or used >> at & 1:
            continue
        if need is _ANY_VALUE:
            found.setdefault(give, at)
        elif need == value:
            found[give] = at
    return list(found.values())


def _bytes_held(visited: dict[tuple[Any, ...], list[int]], frames: list[_Frame]) -> int:
    places = sum(map(len, visited)) + sum(len(frame[1]) for frame in frames)
    return _CONFIGURATION_BYTES * (len(visited) + len(frames)) + _LEFT_BYTES * places


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
