"""Checks certificates: ``python -m checker.lincheck.verify HISTORY CERTIFICATE``.

It trusts the parser of histories and the models, no engine. Valid: one pass over the order.
Invalid: what was left out may be, and the rest is impossible: it tries all orders, or replays a
refutation. Proofs: docs/certificates.md. Exit code 0: accepted, 1: refused, 254: no history.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence, Set
from math import inf
from pathlib import Path

from checker.formats import read_history
from checker.history import HistoryError, Operation
from checker.lincheck import certificate as form
from checker.lincheck.certificate import CertificateError, deadline_of, end_of, name_of, require
from checker.models import Call, CallError, Model, Specification, State, get_model
from checker.models.groups import independent_groups, unneeded

STEPS_MAX = 3_000_000  # Steps of the model that a verdict of invalid may cost: some seconds.

Item = tuple[int, Call, int, float]  # Name, call, invoked, completed (infinite: it never ends).
Way = tuple[int, State]  # The operations that an order holds so far, as bits; the state.


def verify(operations: Sequence[Operation], certificate: form.Certificate, model: Model) -> None:
    """Raises CertificateError, saying why, unless the certificate proves its verdict."""
    named = {name_of(operation): operation for operation in operations}
    require(certificate.model == model.name, f"it is about the model {certificate.model!r}")
    require(len(named) == len(operations), "two operations of the history have the same name")
    try:
        if isinstance(certificate, form.Valid):
            _verify_order(named, certificate.order, model)
        else:
            verify_impossible(*_verify_left_out(named, certificate, model), certificate.refutation)
    except (CallError, RecursionError) as error:
        raise CertificateError(f"the model {model.name!r} refuses: {error}") from None


def _verify_order(named: dict[int, Operation], order: Sequence[int], model: Model) -> None:
    calls: dict[int, Call | None] = dict.fromkeys(order)
    require(len(calls) == len(order), "the order holds an operation twice")
    require(calls.keys() <= named.keys(), "the order holds an operation that does not exist")
    for name, operation in named.items():
        call = model.parse(operation)
        if name in calls:
            calls[name] = call
        elif call is not None and operation.completed is not None:
            raise CertificateError(f"{operation} (event {name}) is missing from the order")
    earliest = inf
    for name in reversed(order):
        if named[name].invoked > earliest:
            raise CertificateError(f"{named[name]} (event {name}) stands before one that had ended")
        earliest = min(earliest, deadline_of(named[name]))
    told = [call for call in calls.values() if call is not None]
    require(len(told) == len(order), "the order holds an operation that says nothing")
    for group in independent_groups(told, model):
        state, advance = group.specification.initial, group.specification.advance
        for at in group.positions:
            allowed, state = advance(state, told[at])
            if not allowed:
                raise CertificateError(f"the model does not allow event {order[at]} at its place")


def _verify_left_out(
    named: dict[int, Operation], claim: form.Invalid, model: Model
) -> tuple[list[Item], Specification]:
    """The claim's operations in order of invocation, if all that is not among them may go."""
    first, last, kept = claim.first_event, claim.last_event, set(claim.operations)
    start = -1 if first is None else named[first].invoked if first in named else inf
    end = inf if last is None else {end_of(o): deadline_of(o) for o in named.values()}.get(last, -1)
    require(len(kept) == len(claim.operations), "it names an operation twice")
    known = form.known_between(named.values(), start, end)
    items = _counting(known, kept, start, model)
    if claim.elements is not None:
        if model.projection is None or first is not None:
            raise CertificateError("elements must not be looked at by themselves here")
        names = {name for name, *_ in items}
        known = [operation for operation in known if name_of(operation) in names]
        items = _counting(model.projection.onto(known, claim.elements), kept, start, model)
    gone = {-1}
    while gone:
        groups = independent_groups([call for _, call, _, _ in items], model)
        near = [each for each in groups if any(items[at][0] in kept for at in each.positions)]
        require(len(near) == 1, "it must be about operations of one key, or of keys that are tied")
        items = [items[at] for at in near[0].positions]
        kept_at = {at for at, item in enumerate(items) if item[0] in kept}
        open_at = {at for at, item in enumerate(items) if item[3] == inf}
        gone = unneeded([call for _, call, _, _ in items], near[0], model, kept_at, open_at)
        items = [item for at, item in enumerate(items) if at not in gone]
    wrong = sorted(kept ^ {name for name, *_ in items})
    require(not wrong, f"event {wrong[:1]} may not be left out, or does not count in this part")
    specification = near[0].specification if first is None else near[0].from_anywhere
    if specification is None:
        raise CertificateError("the beginning of such a history must not be cut off")
    return sorted(items, key=lambda item: item[2]), specification


def _counting(
    operations: Sequence[Operation], kept: Set[int], start: float, model: Model
) -> list[Item]:
    """All that say something, save observations that are not kept: these may be left out."""
    return [
        (name_of(o), call, o.invoked, inf if o.invoked < start else deadline_of(o))
        for o, call in zip(operations, map(model.parse, operations), strict=True)
        if call is not None and (name_of(o) in kept or call.effect != "observes")
    ]


def verify_impossible(
    items: Sequence[Item], specification: Specification, refutation: form.Refutation | None
) -> None:
    """Completion by completion: all ways to explain what was answered so far, until none is."""
    place = {name: at for at, (name, *_) in enumerate(items)}
    observing = sum(1 << at for at, item in enumerate(items) if item[1].effect == "observes")
    endless = sum(1 << at for at, item in enumerate(items) if item[3] == inf)
    equal: dict[tuple[Call, float], int] = {}
    before = [0] * len(items)  # Of equal ones that never end, the first is used first.
    for at, (_, call, _, completed) in enumerate(items):
        before[at] = equal.get((call, completed), 0)
        equal[call, completed] = before[at] | 1 << at
    ends = sorted((item[3], at) for at, item in enumerate(items) if item[3] < inf)
    steps = 0

    def follow(way: Way, at: int, end: float) -> Way | None:
        """The way on if this operation comes next, before ``end``; None if it cannot."""
        nonlocal steps
        if (steps := steps + 1) > STEPS_MAX:
            raise CertificateError(f"to verify it takes more than {STEPS_MAX} steps")
        if items[at][2] > end or way[0] >> at & 1 or before[at] & ~way[0]:
            return None
        allowed, state = specification.advance(way[1], items[at][1])
        return (way[0] | 1 << at, state) if allowed else None

    def replay(listed: Sequence[int], ways: Sequence[Way], end: float) -> Way:
        """The way that a refutation lists: one of those before, and what comes next in it."""
        way = ways[listed[0]] if 0 <= listed[0] < len(ways) else None
        for name in listed[1:]:
            way = follow(way, place[name], end) if way and name in place else None
        if way is None:
            raise CertificateError("the refutation lists what cannot be")
        return way

    ways: list[Way] = [(0, specification.initial)]
    for turn, (end, goal) in enumerate(ends):
        pending = [at for at, item in enumerate(items) if item[2] < end <= item[3]]
        found: dict[State, set[int]] = {}
        left = list(seen := set(ways))
        while left:
            way = left.pop()
            if way[0] >> goal & 1:
                found.setdefault(way[1], set()).add(way[0])
                continue
            nexts = [to for at in pending if (to := follow(way, at, end)) is not None]
            # An observation that fits is made at once: it changes nothing.
            free = [to for to in nexts if to[1] == way[1] and (to[0] ^ way[0]) & observing]
            left += (new := set(free[:1] or nexts) - seen)
            seen |= new
        if refutation is None:
            ways = [(done, state) for state, held in found.items() for done in held]
        else:
            listed = refutation[turn] if turn < len(refutation) else ()
            ways = [replay(each, ways, end) for each in listed]
            for done, state in ways:  # Who observed as much, and used less, can do as much.
                held = found.get(state, set())
                held -= {d for d in held if not (done & ~d & ~observing or d & ~done & ~endless)}
            require(not any(found.values()), f"the refutation misses a way at completion {turn}")
        if not ways:
            return
    raise CertificateError("its operations can be ordered: they are not impossible")


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="verify", description="Check a certificate.")
    parser.add_argument("files", nargs=2, metavar=("HISTORY", "CERTIFICATE"))
    parser.add_argument("--independent", action="store_true", help="EDN values are [key value]")
    options = parser.parse_args(arguments)
    try:
        operations = read_history(options.files[0], independent=options.independent).operations()
    except (OSError, HistoryError) as error:
        print(f"there is no history: {error}")
        return 254
    try:
        certificate = form.from_json(json.loads(Path(options.files[1]).read_bytes()))
        verify(operations, certificate, get_model(certificate.model))
    except (OSError, ValueError, RecursionError, CertificateError) as error:
        print(f"refused: {error}")
        return 1
    print(f"accepted: {type(certificate).__name__.lower()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
