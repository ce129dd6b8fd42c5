"""Depth-first search with memory of visited configurations, steered by what is still to be seen.

Theory of operation
-------------------
Wing and Gong's search ("Testing and Verifying Concurrent Objects", 1993) linearizes operations one
by one: any that was invoked before the first completion of what is left may be next. A dead end
makes it go back to the latest choice. Lowe ("Testing for linearizability", 2017) remembers the
configurations that were visited, what is linearized and the state, for none needs a second visit.
A configuration here is (state, first completion of what is left, mask of the pending operations
that are left, set of crashed operations used): that says all, see ``event_list``.

Claim: if the search ends without an order, there is none. Call a visited configuration *missed* if
an order leads from it to the end all the same, and take among the missed ones that with the fewest
live operations left, then with the fewest crashed ones needed. The next configuration on its order
is either visited, and missed with fewer; or left out by one of these rules, each of which names
another one that would be missed too, and is smaller or leads to one that is:

1. Observations never branch. One that the state allows is linearized at once: it changes nothing.
2. Of equal pending calls only the one that completes first is tried (swap the two in the order), a
   crashed one only if no live one is pending.
3. A crashed call is tried last, and only if it changes the state. What follows must need it: a call
   that might as well have come before (the two commute, or it makes the crashed one's effect
   undone) is left out there, for it was tried before the crashed one. Two crashed calls that
   commute are tried in one order only.
4. The same was visited with a subset of the crashed operations used: whatever is possible now was
   possible then.
5. Nothing that is invoked before some pending call's completion changes the state, and the state
   refuses that call: no order. (If nothing that is left changes the state or is refused, that is an
   order.) So a state that is dead (``Foresight``) ends as soon as a call is known to be refused.
6. An overwriting call is linearized, another one that leads to DEAD is pending, and DEAD refuses
   every call that can be refused: the other one is linearized just before. Wherever it stood in
   the order, only calls that are always allowed followed, up to the next one that overwrites.

The rest is order of choice. First comes what makes the state allow the call that is refused and
completes first; then what completes first, where the model does not know better
(``Foresight.steer``); last what leads to a dead state.

Cost: exponential at worst, in time and memory. Where every choice is right it visits as many
configurations as there are operations that change the state, looking at the pending ones in each.
There is no recursion; only configurations with alternatives left are held.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from sys import getsizeof
from typing import NamedTuple

from checker.history import collector_paused
from checker.lincheck.budget import Meter
from checker.lincheck.choice import NO_LIMIT, Choice, Crash
from checker.lincheck.engine import Impossible, Possible, Search
from checker.lincheck.event_list import NEVER, Columns, columns_of, slots_of
from checker.lincheck.layers import make_room
from checker.lincheck.parts import Part
from checker.lincheck.state_table import ASK, REFUSED, StateTable
from checker.lincheck.visited import Visited

_ENTRY_BYTES = 192
"""What the columns, the list of what is left and the order hold for an operation."""

_CALL_BYTES = 72
"""What a distinct call holds in the table of states."""

_MANY = 1 << 10
"""Entries from which on it pays to pause the garbage collector while they are put in columns."""


class Frame(NamedTuple):
    """A configuration that has alternatives left: live operations, or ``~number`` of crashed ones,
    the best last. ``mark`` is the length of the order there; crashed operations invoked before
    ``limit`` are still to be considered."""

    state: int
    mark: int
    used: int
    alternatives: list[int]
    limit: int
    wanted: int
    crash: Crash | None


def depth_first(part: Part, meter: Meter, order: bool) -> Search:
    """The engine; see ``checker.lincheck.engine``. It never says where a part became impossible."""
    if not part.entries:
        return Possible([] if order else None)
    beside = _ENTRY_BYTES * len(part.entries)
    meter.hold(beside)
    with collector_paused() if len(part.entries) > _MANY else nullcontext():
        columns = columns_of(part.entries)
        beside += _CALL_BYTES * len(columns.distinct)
        meter.hold(beside)
        table = StateTable(part, columns.distinct)
        choice = Choice(columns, table, part)
    report_at = meter.spend(0, beside)
    _, invoked, completed, calls, observes, _, crashed, _ = columns
    end = len(invoked) - 1
    # Bits of the slots are only needed once there is something to come back to.
    bits, shift = [0] * end, 0
    # The list of what is left: ``after`` and ``before`` of ``end`` are its first and last.
    after = [*range(1, end + 1), 0]
    before = [end, *range(end)]
    known, move, stride, sees = table.known, table.move, table.stride, table.sees
    visited = Visited()
    untouched: set[int] = visited.untouched.newest
    older: list[set[int]] = visited.untouched.older
    layers = (*table.layers, *visited.layers)
    first_crash = min((group[0].invoked for group in crashed.values()), default=NEVER)
    buried = choice.buried
    overwrites = [call[4] == "overwrites" for call in columns.distinct] if buried else []
    crashed_calls, dead, joint = choice.crashed_calls, table.dead, part.joint

    taken: list[int] = []
    frames: list[Frame] = []
    state = used = explored = 0
    furthest = -1
    blamed = 0
    deadline = 0
    crash: Crash | None = None
    while True:
        explored += 1
        if explored >= report_at:
            if deadline < NEVER:
                # All that completed before is linearized.
                meter.reach(int(deadline) - 1)
            held = visited.held_bytes() + table.held_bytes() + _held_bytes(frames, taken)
            report_at = meter.spend(explored, make_room(layers, beside + held, meter))
            table.renew()
            known, move, untouched = table.known, table.move, visited.untouched.newest
            yield
        # What is pending: invoked before anything that is left completes.
        row = state * stride
        mark = len(taken)
        mask, urgent, deadline = 0, end, NEVER
        candidates: list[int] = []
        dying: list[int] = []
        refused: list[int] = []
        at = after[end]
        while invoked[at] < deadline:
            call = calls[at]
            to = sees[call]
            if to == ASK:
                to = known(row + call)
                if to is None:
                    to = move(state, call)
                if to < 0:
                    refused.append(at)
                elif observes[at]:
                    to = state
                else:
                    (dying if to in dead else candidates).append(at)
                    to = REFUSED
            elif to != state:
                refused.append(at)
            if to == state:
                taken.append(at)
                left, at = before[at], after[at]
                after[left] = at
                before[at] = left
                continue
            ends = completed[at]
            if ends < deadline:
                deadline, urgent = ends, at
            mask |= bits[at]
            at = after[at]
        if urgent == end:
            return Possible(_order(columns, taken) if order else None)
        # Without an alternative left there is nothing to come back from.
        seen = False
        if frames:
            key = state << shift | mask | urgent
            if key in untouched or (older and any(key in each for each in older)):
                seen = True
            elif used:
                seen = visited.dominates(key, used)
            else:
                untouched.add(key)
        if not seen:
            for each in candidates or dying:
                to = known(row + calls[each], REFUSED)
                if to != state:
                    break
            else:
                ahead = choice.closed(state, after, used)
                if ahead is not None:
                    if ahead:
                        at = after[end]
                        while at != end:
                            taken.append(at)
                            at = after[at]
                        return Possible(_order(columns, taken) if order else None)
                    seen = True
        if not seen:
            if crash is not None:
                if len(taken) > mark:
                    crash = None
                else:
                    context = crash
                    candidates, dying = (
                        [at for at in each if not choice.not_later(calls[at], state, context)]
                        for each in (candidates, dying)
                    )
            if dying and not (refused and not joint and choice.hopeless(state, refused[0], after)):
                candidates = dying + candidates
            wanted, limit = NO_LIMIT, deadline if first_crash < deadline else NO_LIMIT
            if len(candidates) > 1 or limit != NO_LIMIT:
                if refused:
                    wanted = calls[min(refused, key=completed.__getitem__)]
                if len(candidates) > 1:
                    candidates = choice.best_last(candidates, state, wanted)
            if len(candidates) == 1 and limit == NO_LIMIT:
                # The only way on.
                at = candidates[0]
                if buried and overwrites[calls[at]]:
                    choice.bury(at, after, before, taken)
                state = known(row + calls[at], REFUSED)
                left, right = before[at], after[at]
                after[left] = right
                before[right] = left
                taken.append(at)
                crash = None
                continue
            if not shift:
                shift, bits = _bits(invoked, completed)
            frames.append(Frame(state, len(taken), used, candidates, limit, wanted, crash))
        if deadline > furthest:
            furthest, blamed = deadline, urgent
        # The next alternative of the latest configuration that has one.
        while frames:
            state, mark, used, candidates, limit, wanted, crash = frames[-1]
            while len(taken) > mark:
                at = taken.pop()
                if at >= 0:
                    after[before[at]] = before[after[at]] = at
            if candidates:
                at = candidates.pop()
                if not candidates and limit == NO_LIMIT:
                    frames.pop()
                if at >= 0:
                    if buried and overwrites[calls[at]]:
                        choice.bury(at, after, before, taken)
                    state = known(state * stride + calls[at], REFUSED)
                    left, right = before[at], after[at]
                    after[left] = right
                    before[right] = left
                    crash = None
                else:
                    call = crashed_calls[~at]
                    crash = Crash(state, call)
                    state = known(state * stride + call, REFUSED)
                    used |= 1 << ~at
                taken.append(at)
                break
            frames.pop()
            if limit != NO_LIMIT:
                candidates = choice.crashed(state, used, limit, after, wanted, crash)
                if candidates:
                    frames.append(Frame(state, mark, used, candidates, NO_LIMIT, wanted, crash))
        else:
            return Impossible(not_before=columns.positions[blamed])


def _bits(invoked: Sequence[int], completed: Sequence[int]) -> tuple[int, list[int]]:
    """A bit for each operation, above those of a position, and the first bit above these."""
    low = len(invoked).bit_length()
    slots, width = slots_of(invoked, completed)
    return low + width, [1 << (low + slot) for slot in slots]


def _order(columns: Columns, taken: Sequence[int]) -> list[int]:
    live, crashed = columns.positions, columns.crashed_positions
    return [live[at] if at >= 0 else crashed[~at] for at in taken]


def _held_bytes(frames: list[Frame], taken: list[int]) -> int:
    """Of the stack: the last frame stands for all."""
    held = getsizeof(frames) + getsizeof(taken)
    if frames:
        last = frames[-1]
        one = getsizeof(last) + getsizeof(last.alternatives) + getsizeof(last.used)
        held += len(frames) * (one + (getsizeof(last.crash) if last.crash is not None else 0))
    return held
