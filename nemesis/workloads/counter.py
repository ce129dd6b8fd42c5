"""A counter a key: add, read, add-and-get. The service holds it as a number in decimal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from checker.accounting import Account, account_of_counter
from checker.history import Event, History
from nemesis.chooser import Chooser
from nemesis.schedule import Operate
from nemesis.workloads.performance import Outcome, Program
from nemesis.workloads.updates import NONSENSE, Change, needed, unknown_operation, update
from nemesis.workloads.values import Values
from nemesis.workloads.workload import Workload, each_key, workload
from raft.kv.commands import Get

_LARGEST = 5


@workload
class CounterWorkload(Workload):
    """Numbers that are added to; an addition that happens twice, or is lost, shows in every read
    that follows."""

    name: ClassVar[str] = "counter"
    model: ClassVar[str] = "counter"
    operations: ClassVar[tuple[str, ...]] = ("read", "add", "add-and-get")
    reads: ClassVar[frozenset[str]] = frozenset({"read"})

    def new_value(self, f: str, chooser: Chooser, values: Values) -> Any:
        return None if f == "read" else chooser.integer(1, _LARGEST)

    def simpler(self, operate: Operate) -> Iterator[Operate]:
        if operate.f == "add-and-get":
            yield msgspec.structs.replace(operate, f="add")
        if operate.f != "read" and operate.value != 1:
            yield msgspec.structs.replace(operate, value=1)

    def perform(self, f: str, key: str | None, value: Any) -> Program:
        key = needed(key, self.name, f)
        if f == "read":
            found = (yield Get(key)).value
            number = _number_in(found)
            return Outcome("ok", found if number is None else number)
        if f not in self.operations or type(value) is not int:
            raise unknown_operation(self.name, f, value)

        def change(text: str | None) -> Change | Outcome:
            number = _number_in(text)
            if number is None:
                return Outcome("fail", value, NONSENSE)
            total = number + value
            return Change(str(total), Outcome("ok", total if f == "add-and-get" else value))

        return (yield from update(key, value, change))

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        key = keys[0]
        groups = [[Operate(f="add", key=key, value=1)]]
        if "add-and-get" in kinds:
            groups.append([Operate(f="add-and-get", key=key, value=1)])
        return [*groups, each_key("read", keys)]

    def account(self, history: History) -> Account:
        return account_of_counter(history.operations())


def _number_in(text: str | None) -> int | None:
    """What a text counts, 0 if it is absent; None if it is no number."""
    if text is None:
        return 0
    try:
        return int(text)
    except ValueError:
        return None
