"""A queue a key: enqueue, dequeue of the oldest, peek. The service holds the elements in order; it
appends by itself, and taking out the first is a compare-and-set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from checker.accounting import Account, account_of_queue
from checker.history import Event, History
from nemesis.chooser import Chooser
from nemesis.schedule import Operate
from nemesis.workloads.append import last_element
from nemesis.workloads.performance import Outcome, Program
from nemesis.workloads.updates import (
    NONSENSE,
    Change,
    as_text,
    elements_in,
    is_element,
    needed,
    unknown_operation,
    update,
)
from nemesis.workloads.values import Values
from nemesis.workloads.workload import Workload, each_key, workload
from raft.kv.commands import Append, Get


@workload
class QueueWorkload(Workload):
    """Queues, first in, first out; in the end they are emptied, so that every element that is lost
    is missed."""

    name: ClassVar[str] = "queue"
    model: ClassVar[str] = "fifo-queue"
    operations: ClassVar[tuple[str, ...]] = ("peek", "enqueue", "dequeue")
    reads: ClassVar[frozenset[str]] = frozenset({"peek"})
    inseparable: ClassVar[frozenset[str]] = frozenset({"enqueue", "dequeue"})
    may_repeat: ClassVar[bool] = False

    def new_value(self, f: str, chooser: Chooser, values: Values) -> Any:
        return values.new() if f == "enqueue" else None

    def simpler(self, operate: Operate) -> Iterator[Operate]:
        if operate.f == "dequeue":
            yield msgspec.structs.replace(operate, f="peek")

    def perform(self, f: str, key: str | None, value: Any) -> Program:
        key = needed(key, self.name, f)
        if f == "enqueue" and is_element(value):
            yield Append(key, as_text(value))
            return Outcome("ok", value)
        if f not in ("peek", "dequeue") or value is not None:
            raise unknown_operation(self.name, f, value)
        if f == "peek":
            found = (yield Get(key)).value
            elements = elements_in(found)
            return Outcome("ok", found if elements is None else next(iter(elements), None))

        def change(text: str | None) -> Change | Outcome:
            elements = elements_in(text)
            if elements is None:
                return Outcome("fail", None, NONSENSE)
            if not elements:
                return Outcome("ok", None)
            return Change(as_text(*elements[1:]), Outcome("ok", elements[0]))

        return (yield from update(key, None, change))

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        """Every queue is emptied: as many are taken as may be there, and one more. The peeks come
        first: what only reads does not keep a client's session alive, and a dequeue reads, too."""
        left = _most_left(events)
        left[keys[0]] += 1
        enqueue = Operate(f="enqueue", key=keys[0], value=last_element(events))
        groups = [each_key("peek", keys), [enqueue]]
        for taken in range(1 + max(left[key] for key in keys)):
            groups.append(each_key("dequeue", (key for key in keys if taken <= left[key])))
        return groups

    def account(self, history: History) -> Account:
        return account_of_queue(history.operations())


def _most_left(events: Sequence[Event]) -> Counter[str]:
    """How many elements each queue may hold: what may have been put in, less what was taken."""
    left: Counter[str] = Counter()
    for event in events:
        if event.f == "enqueue":
            left[event.key] += (event.type == "invoke") - (event.type == "fail")
        elif event.f == "dequeue" and event.type == "ok" and event.value is not None:
            left[event.key] -= 1
    return left
