"""A list a key: append, read of all. The service appends by itself, in one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from checker.accounting import Account, account_of_transactions
from checker.history import Event, History
from nemesis.chooser import Chooser
from nemesis.schedule import Operate
from nemesis.workloads.performance import Outcome
from nemesis.workloads.updates import as_text, elements_in, is_element, needed, unknown_operation
from nemesis.workloads.values import Values
from nemesis.workloads.workload import Workload, each_key, workload
from raft.kv.commands import Append, Get, Operation, Result


@workload
class AppendWorkload(Workload):
    """Lists: a read tells the order of all that was appended before it."""

    name: ClassVar[str] = "append"
    model: ClassVar[str] = "list-append"
    operations: ClassVar[tuple[str, ...]] = ("read", "append")
    reads: ClassVar[frozenset[str]] = frozenset({"read"})
    may_repeat: ClassVar[bool] = False

    def new_value(self, f: str, chooser: Chooser, values: Values) -> Any:
        return None if f == "read" else values.new()

    def operation(self, f: str, key: str | None, value: Any) -> Operation:
        key = needed(key, self.name, f)
        if f == "read":
            return Get(key)
        if f == "append" and is_element(value):
            return Append(key, as_text(value))
        raise unknown_operation(self.name, f, value)

    def outcome(self, f: str, value: Any, result: Result) -> Outcome:
        return Outcome("ok", list_in(result.value) if f == "read" else value)

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        append = Operate(f="append", key=keys[0], value=last_element(events))
        return [[append], each_key("read", keys)]

    def account(self, history: History) -> Account:
        return account_of_transactions(history)


def list_in(text: str | None) -> Any:
    """What a read of a list answers; a text that is none stands in the history as it is."""
    elements = elements_in(text)
    return text if elements is None else elements


def last_element(events: Sequence[Event]) -> str:
    """An element that is no other's, also if the last operations begin once more."""
    return f"last{len(events)}"
