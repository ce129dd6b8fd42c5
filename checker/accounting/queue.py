"""Elements of queues: put in once, to be taken out once.

lost         acknowledged, never taken by anybody who was told, and the queue was seen empty
             since; more of them than removals of which nobody was told can have taken
taken        the same, but as many such removals as there are of these elements
left         acknowledged, not taken, and the queue was not seen empty since
recovered    its insertion was never acknowledged, and it was taken
duplicated   taken more often than it was put in
unexpected   taken, and nobody put it in, or only insertions that failed did
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from checker.accounting.account import Account, Found, by_key, failure, verdict_of
from checker.history import Operation
from checker.models.model import distinct


class _Fates(NamedTuple):
    lost: list[Found]
    taken: list[Found]
    left: list[Found]
    recovered: list[Found]
    duplicated: list[Found]
    unexpected: list[Found]


def account_of_queue(operations: Iterable[Operation]) -> Account:
    """The account of ``enqueue``, ``dequeue`` (nil: it is empty) and ``peek``."""
    fates = _Fates([], [], [], [], [], [])
    counts: Counter[str] = Counter()
    for key, mine in by_key(operations).items():
        _add(fates, counts, key, mine)
    told = (
        (
            "lost-element",
            "acknowledged elements are gone without being taken",
            fates.lost,
        ),
        ("duplicated-element", "elements were taken more often than put in", fates.duplicated),
        ("unexpected-element", "elements were taken that nobody put in", fates.unexpected),
    )
    failures = [failure(kind, what, found) for kind, what, found in told if found]
    missing = [] if counts["dequeued"] else ["no element was dequeued"]
    names = ("attempted", "acknowledged", "dequeued")
    return Account(
        {
            **{name: counts[name] for name in names},
            **{name: len(found) for name, found in fates._asdict().items()},
        },
        verdict_of(failures, missing),
    )


def _add(fates: _Fates, counts: Counter[str], key: Any, operations: list[Operation]) -> None:
    """The queue of one key. Equal elements are counted."""
    attempts: Counter[Any] = Counter()
    acknowledged: Counter[Any] = Counter()
    known_since: dict[Any, int] = {}
    dequeued: Counter[Any] = Counter()
    shown: dict[Any, Any] = {}
    untold = 0
    last_empty = -1
    for operation in operations:
        value = operation.argument if operation.f == "enqueue" else operation.result
        name = distinct(value)
        shown.setdefault(name, value)
        is_ok = operation.outcome == "ok"
        if operation.f == "enqueue":
            attempts[name] += operation.outcome != "fail"
            acknowledged[name] += is_ok
            if is_ok and operation.completed is not None:
                known_since[name] = max(known_since.get(name, 0), operation.completed)
        elif is_ok and value is None:
            last_empty = max(last_empty, operation.invoked)
        elif operation.f == "dequeue":
            dequeued[name] += is_ok
            untold += operation.outcome == "info"
    counts["attempted"] += attempts.total()
    counts["acknowledged"] += acknowledged.total()
    counts["dequeued"] += dequeued.total()
    gone: list[Found] = []
    for name, times in acknowledged.items():
        if dequeued[name] < times:
            where = gone if known_since[name] < last_empty else fates.left
            where.extend([Found(key, shown[name])] * (times - dequeued[name]))
    (fates.lost if len(gone) > untold else fates.taken).extend(gone)
    for name, times in dequeued.items():
        found = Found(key, shown[name])
        if times > attempts[name]:
            (fates.duplicated if attempts[name] else fates.unexpected).append(found)
        elif times > acknowledged[name]:
            fates.recovered.append(found)
