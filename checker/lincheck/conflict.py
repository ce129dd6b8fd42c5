"""The evidence against a history: its shortest failing prefix, and the operations to blame.

Theory of operation
-------------------
The engine names the completion that made a part impossible; the events up to it are the shortest
failing prefix. Of its operations most have nothing to do with it. Some may be left out, if whatever
explains the whole also explains the rest, for then an impossible rest proves the whole impossible:

1. Observations, each by itself: they change nothing.
2. The beginning. An operation that had ended when another one was invoked stands before it in every
   order. So the history from some invocation on must be possible by itself, from some state that
   nobody need know (``Model.from_anywhere``), where those that were open at that moment may have
   taken effect before it or after it: they count as never ending.
3. Operations in sets that the model knows (``Model.clusters``), and those that never end and serve
   nobody (``Foresight.useless``).

docs/certificates.md has the proofs, ``verify`` checks all this without believing it. The search
here is for little: the latest beginning with which the rest is still impossible (doubling, then
halving), then a rest from which nothing more can be left out (Zeller and Hildebrandt's ddmin,
"Simplifying and isolating failure-inducing input", 2002). Where a few operations are impossible
from the real beginning too, these are preferred: they are easier to understand.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from checker.history import Operation
from checker.lincheck.budget import BudgetExhausted, Meter
from checker.lincheck.certificate import Invalid, deadline_of, end_of, name_of, untold
from checker.lincheck.parts import Entry, Part, split
from checker.lincheck.refutation import GaveUp, Refuter
from checker.lincheck.search import first_impossible
from checker.models.model import (
    Group,
    Model,
    Specification,
    foresight_of,
    independent_groups,
    unneeded,
)

_SHOWN = 12

_WINDOW_MAX = 512
"""Operations that a history without its beginning may have; beyond it saves too little."""

_STEPS_MAX = 20_000
"""Steps that one attempt to leave something out may cost: about 10 ms."""

_UNDERSTANDABLE = 8
"""So many operations from the real beginning are preferred to fewer from a later one."""

_SMALL = 32
"""So many operations are judged by the small frontier first."""

_BRUTE_FORCE_MAX = 10
"""So many operations the verifier tries in all orders; more need a refutation."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a history is not linearizable.

    The events up to the one with index ``last_event`` are the shortest failing prefix;
    ``operation`` is the one whose answer they cannot explain. ``operations`` cannot be ordered,
    whatever the state was when the one with the invocation ``first_event`` began (None: from the
    beginning on); none of them may be left out, unless the budget ran out: then not
    ``is_minimal``.
    """

    keys: tuple[Any, ...]
    operation: Operation
    last_event: int | None
    operations: tuple[Operation, ...]
    is_minimal: bool
    first_event: int | None = None
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    specification: Specification | None = field(default=None, repr=False)

    def __str__(self) -> str:
        keys = [repr(key) for key in self.keys if key is not None]
        where = f" on {', '.join(keys)}" if keys else ""
        shown = "; ".join(str(operation) for operation in self.operations[-_SHOWN:])
        left_out = len(self.operations) - _SHOWN
        more = f"{left_out} earlier ones; " if left_out > 0 else ""
        since = "" if self.first_event is None else f", from event {self.first_event} on,"
        return (
            f"no order of the operations{where}{since} explains that {self.operation}: "
            f"in conflict are {more}{shown}"
        )


def invalid_certificate(conflict: Conflict, model: Model, meter: Meter) -> Invalid:
    """The certificate of a conflict, with a refutation if the operations are many.

    Raises BudgetExhausted.
    """
    refutation = None
    if len(conflict.entries) > _BRUTE_FORCE_MAX and conflict.specification is not None:
        share = meter.share(1)
        refuter = Refuter(conflict.entries, conflict.specification, share, record=True)
        try:
            impossible = refuter.first_impossible()
        finally:
            share.release()
        assert impossible is not None, "a conflict is impossible by itself"
        refutation = refuter.refutation()
    return Invalid(
        model.name,
        conflict.first_event,
        conflict.last_event,
        tuple(name_of(operation) for operation in conflict.operations),
        refutation,
    )


def find_conflict(
    part: Part, impossible: Entry, last_event: int | None, model: Model, meter: Meter
) -> Conflict:
    """The conflict of a part that is impossible, as it was known at the event ``last_event``."""
    found = _Reducer(part, model, meter).run(None) or _Reduced(part, part.entries, -1, False)
    return _conflict(found, impossible.operation, last_event, model)


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
    convict too early (that a compare-and-set failed, say). So what was known then is judged by
    itself; if it is possible, what was known at the next completion. ``operations`` are those of
    the whole history; ``core``: positions of entries of the part that are impossible by themselves,
    where an engine knows some (Impossible.core).
    """
    since = impossible.completed
    assert since is not None, "only a completion makes a history impossible"
    told = {entry.invoked for entry in part.entries}
    failed = [
        operation
        for operation in operations
        if operation.outcome == "fail"
        and deadline_of(operation) > since
        and operation.invoked not in told
    ]
    ending = {deadline_of(o): o for o in (*(e.operation for e in part.entries), *failed)}
    chosen = None if core is None else {part.entries[at].invoked for at in core}
    for end in sorted(end for end in ending if since <= end < inf):
        known = _known_at(end, part, failed, model)
        for each in _split_at(end, told, operations, model) if known is None else [known]:
            found = _Reducer(each, model, meter).run(chosen)
            if found is not None:
                return _conflict(found, ending[end], end_of(ending[end]), model)
    raise ValueError("the part is possible: it has no conflict")


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


@dataclass(frozen=True, slots=True)
class _Reduced:
    """Entries of a part that are impossible, from the rank ``start`` on (negative: from the
    beginning)."""

    part: Part
    entries: list[Entry]
    start: int
    is_minimal: bool = True


def _conflict(
    found: _Reduced, operation: Operation, last_event: int | None, model: Model
) -> Conflict:
    part = found.part
    first = next((e.operation for e in part.entries if e.invoked == found.start), None)
    anywhere = None if first is None else model.from_anywhere()
    return Conflict(
        keys=part.keys,
        operation=operation,
        last_event=last_event,
        operations=tuple(entry.operation for entry in found.entries),
        is_minimal=found.is_minimal,
        first_event=None if first is None else name_of(first),
        entries=tuple(found.entries),
        specification=part.specification if anywhere is None else anywhere,
    )


class _Reducer:
    """Leaves out entries of a part as long as the rest stays impossible."""

    def __init__(self, part: Part, model: Model, meter: Meter) -> None:
        self._part = part
        self._model = model
        self._meter = meter
        self._from_anywhere = None if part.joint else model.from_anywhere()
        self._clusters = model.clusters_joint if part.joint else model.clusters
        self._group = Group(part.keys, part.joint, part.specification, self._from_anywhere, [])
        self._best: _Reduced | None = None
        # Whether something was kept, or not found, only since looking further cost too much.
        self._gave_up = False

    def run(self, chosen: set[int] | None) -> _Reduced | None:
        """As little as can be shown to be impossible; None if the part is possible.

        ``chosen``: ranks of the invocations of entries that are said to be enough.
        """
        entries = self._part.entries
        found: _Reduced | None = None
        try:
            if chosen is not None:
                core = self._core(entries, chosen)
                if self._is_impossible(core, -1):
                    found = self.reduce(core, -1)
            if found is None and self._from_anywhere is not None:
                found = self.reduce_window(entries)
            if found is None and self._is_impossible(entries, -1):
                found = self.reduce(entries, -1)
        except BudgetExhausted:
            found = self._best or _Reduced(self._part, entries, -1)
            self._gave_up = True
        return found and replace(found, is_minimal=found.is_minimal and not self._gave_up)

    def _core(self, entries: list[Entry], chosen: set[int]) -> list[Entry]:
        """The entries that are chosen, and those that may not be left out beside them."""
        core = [e for e in entries if e.invoked in chosen or e.call.effect != "observes"]
        while True:
            kept = {at for at, entry in enumerate(core) if entry.invoked in chosen}
            endless = {at for at, entry in enumerate(core) if entry.completed is None}
            calls = [entry.call for entry in core]
            gone = unneeded(calls, self._group, self._model, kept, endless)
            if not gone:
                return core
            core = [entry for at, entry in enumerate(core) if at not in gone]

    def reduce_window(self, entries: list[Entry]) -> _Reduced | None:
        """A conflict from the latest beginning on; None if there is none among the last ones.

        The later the beginning, the more is possible: so what is impossible after something was
        left out, from some beginning on, was impossible from there on before.
        """
        windows = _Windows(entries)
        starts = windows.starts
        if not starts:
            # Whatever never completes need not happen.
            return None

        def attempt(size: int) -> list[Entry] | None:
            within = self._pruned(windows.since(starts[-size]))
            return within if self._is_impossible(within, starts[-size]) else None

        size, possible = min(2, len(starts)), 0
        while (within := attempt(size)) is None:
            if size >= min(len(starts), _WINDOW_MAX):
                return None
            possible, size = size, min(2 * size, len(starts))
        while size - possible > 1:
            middle = (size + possible) // 2
            shorter = attempt(middle)
            if shorter is None:
                possible = middle
            else:
                size, within = middle, shorter
        found = self.reduce(within, starts[-size])
        return self._from_the_beginning(entries, found) or found

    def _from_the_beginning(self, entries: list[Entry], found: _Reduced) -> _Reduced | None:
        """A conflict of few operations that needs no later beginning, if there is one."""
        chosen = {entry.invoked for entry in found.entries}
        kept = [e for e in entries if e.call.effect != "observes" or e.invoked in chosen]
        if len(kept) > _UNDERSTANDABLE:
            if self._clusters is None:
                return None
            clusters = self._clusters([entry.call for entry in kept])
            near = [c for c in clusters if any(kept[at].invoked in chosen for at in c)]
            if not near or sum(map(len, near)) > 2 * _UNDERSTANDABLE:
                return None
            kept = [kept[at] for at in sorted(at for cluster in near for at in cluster)]
        kept = self._pruned(kept)
        if not self._is_impossible(kept, -1):
            return None
        best = self._best
        whole = self.reduce(kept, -1)
        if len(whole.entries) <= _UNDERSTANDABLE:
            return whole
        self._best = best
        return None

    def reduce(self, entries: list[Entry], start: int) -> _Reduced:
        """Less of these entries, which are impossible from ``start`` on."""
        self._keep(entries, start)
        self._drop_groups([[e] for e in entries if e.call.effect == "observes"])
        entries = self._keep(self._pruned(self._left()), start)
        if self._part.joint:
            groups = independent_groups([entry.call for entry in entries], self._model)
            self._drop_groups([[entries[at] for at in group.positions] for group in groups])
            entries = self._left()
            (group,) = independent_groups([entry.call for entry in entries], self._model)
            if not group.joint:
                # What tied its key to others is gone.
                alone = Part(group.keys, entries, group.specification)
                found = _Reducer(alone, self._model, self._meter).run(None)
                assert found is not None, "what is impossible beside other keys is so alone"
                return found
        if self._clusters is not None:
            clusters = self._clusters([entry.call for entry in entries])
            self._drop_groups([[entries[at] for at in cluster] for cluster in clusters])
            self._keep(self._pruned(self._left()), start)
        assert self._best is not None
        return self._best

    def _keep(self, entries: list[Entry], start: int) -> list[Entry]:
        self._best = _Reduced(self._part, entries, start)
        return entries

    def _left(self) -> list[Entry]:
        assert self._best is not None
        return self._best.entries

    def _drop_groups(self, groups: Sequence[list[Entry]]) -> None:
        """Drop groups of entries, many at once first (Zeller and Hildebrandt's ddmin, 2002)."""
        size = len(groups)
        left = list(groups)
        while size >= 1 and left:
            at = 0
            while at < len(left):
                if self._drop([entry for group in left[at : at + size] for entry in group]):
                    del left[at : at + size]
                else:
                    at += size
            size //= 2

    def _drop(self, candidates: list[Entry]) -> bool:
        assert self._best is not None
        # Ranks are used once, so they tell entries apart.
        gone = {entry.invoked for entry in candidates}
        rest = [entry for entry in self._best.entries if entry.invoked not in gone]
        if not self._is_impossible(rest, self._best.start):
            return False
        self._keep(rest, self._best.start)
        return True

    def _pruned(self, entries: list[Entry]) -> list[Entry]:
        """Without those that never end and serve nobody."""
        while any(entry.completed is None for entry in entries):
            calls = [entry.call for entry in entries]
            foresight = foresight_of(calls, self._group, self._model)
            if foresight is None:
                break
            useless = foresight.useless
            rest = [e for e in entries if e.completed is not None or not useless(e.call)]
            if len(rest) == len(entries):
                break
            entries = rest
        return entries

    def _is_impossible(self, entries: list[Entry], start: int) -> bool:
        """Whether it is known that these entries are impossible from ``start`` on."""
        share = self._meter.share(1)
        specification = self._part.specification if start < 0 else self._from_anywhere
        try:
            if start >= 0 or len(entries) <= _SMALL:
                assert specification is not None, "a later beginning needs Model.reveals"
                refuter = Refuter(entries, specification, share, steps_max=_STEPS_MAX)
                return refuter.first_impossible() is not None
        except GaveUp:
            if start >= 0:
                self._gave_up = True
                return False
        finally:
            share.release()
        share = self._meter.share(1)
        try:
            return first_impossible(self._part, entries, share) is not None
        finally:
            share.release()


class _Windows:
    """What is left of entries if their beginning is cut off."""

    def __init__(self, entries: list[Entry]) -> None:
        ending = [(entry.completed, entry) for entry in entries if entry.completed is not None]
        ending.sort(key=lambda each: each[0])
        self._ends = [completed for completed, _ in ending]
        self._ending = [entry for _, entry in ending]
        self._endless = [entry for entry in entries if entry.completed is None]
        self.starts = sorted(entry.invoked for entry in self._ending)

    def since(self, start: int) -> list[Entry]:
        """The entries from the rank ``start`` on: those that were open then never end."""
        found = list(self._endless)
        for entry in self._ending[bisect_left(self._ends, start) :]:
            if entry.invoked >= start:
                found.append(entry)
            elif entry.call.effect != "observes":
                found.append(entry._replace(completed=None))
        found.sort(key=lambda entry: entry.invoked)
        return found
