"""A set a key: add, read of all. The service holds it as the list of its elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from checker.accounting import Account, account_of_elements
from checker.history import Event, History
from nemesis.chooser import Chooser
from nemesis.schedule import Operate
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
from raft.kv.commands import Get


@workload
class SetWorkload(Workload):
    """Sets that only grow, as in Jepsen's set-full: of every element is told whether it was lost,
    stale, or never read."""

    name: ClassVar[str] = "set"
    model: ClassVar[str] = "g-set"
    operations: ClassVar[tuple[str, ...]] = ("read", "add")
    reads: ClassVar[frozenset[str]] = frozenset({"read"})

    def new_value(self, f: str, chooser: Chooser, values: Values) -> Any:
        return None if f == "read" else values.new()

    def perform(self, f: str, key: str | None, value: Any) -> Program:
        key = needed(key, self.name, f)
        if f == "read":
            found = (yield Get(key)).value
            elements = elements_in(found)
            return Outcome("ok", found if elements is None else elements)
        if f != "add" or not is_element(value):
            raise unknown_operation(self.name, f, value)

        def change(text: str | None) -> Change | Outcome:
            elements = elements_in(text)
            if elements is None:
                return Outcome("fail", value, NONSENSE)
            if value in elements:
                return Outcome("ok", value)
            return Change(as_text(*elements, value), Outcome("ok", value))

        return (yield from update(key, value, change))

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        return [[Operate(f="add", key=keys[0], value="last")], each_key("read", keys)]

    def account(self, history: History) -> Account:
        return account_of_elements(history.operations(), "add", "read")
