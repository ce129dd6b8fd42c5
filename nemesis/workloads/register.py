"""Registers: read, write, compare-and-set, independent keys. Values are strings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from checker.history import Event
from nemesis.chooser import Chooser
from nemesis.errors import ScheduleError
from nemesis.schedule import Operate
from nemesis.workloads.performance import Outcome
from nemesis.workloads.values import Values
from nemesis.workloads.workload import Workload, each_key, workload
from raft.kv.commands import CompareAndSet, Get, Operation, Put, Result


@workload
class RegisterWorkload(Workload):
    """One compare-and-set register a key, as in Jepsen's classical test."""

    name: ClassVar[str] = "register"
    model: ClassVar[str] = "cas-register"
    operations: ClassVar[tuple[str, ...]] = ("read", "write", "cas")
    reads: ClassVar[frozenset[str]] = frozenset({"read"})

    def new_value(self, f: str, chooser: Chooser, values: Values) -> Any:
        if f == "write":
            return values.new()
        return [values.recent(chooser), values.new()] if f == "cas" else None

    def simpler(self, operate: Operate) -> Iterator[Operate]:
        if operate.f == "cas":
            yield msgspec.structs.replace(operate, f="write", value=operate.value[1])

    def expecting(self, operate: Operate, value_of: Callable[[str], str | None]) -> Operate:
        if operate.f == "cas" and operate.key is not None:
            value = [value_of(operate.key), operate.value[1]]
            return msgspec.structs.replace(operate, value=value)
        return operate

    def operation(self, f: str, key: str | None, value: Any) -> Operation:
        if key is None:
            raise ScheduleError(f"register: {f} needs a key")
        if f == "read":
            return Get(key)
        if f == "write" and isinstance(value, str):
            return Put(key, value)
        if f == "cas" and _is_exchange(value):
            return CompareAndSet(key, value[0], value[1])
        raise ScheduleError(f"register: no operation {f!r} with the value {value!r}")

    def outcome(self, f: str, value: Any, result: Result) -> Outcome:
        if f == "read":
            return Outcome("ok", result.value)
        if f == "cas" and not result.succeeded:
            return Outcome("fail", value, "mismatch")
        return Outcome("ok", value)

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        groups = [[Operate(f="write", key=keys[0], value="last")]]
        if "cas" in kinds:
            # It must succeed, so it compares with what was just written.
            groups.append([Operate(f="cas", key=keys[0], value=["last", "very last"])])
        groups.append(each_key("read", keys))
        return groups


def _is_exchange(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and isinstance(value[0], str | None)
        and isinstance(value[1], str)
    )
