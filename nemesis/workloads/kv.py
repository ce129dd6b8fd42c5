"""The key-value service: get, put, delete, compare-and-set, append, transactions."""

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
from raft.kv.commands import (
    Append,
    Compare,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    Result,
    Simple,
    Transaction,
)

_SIMPLE: dict[str, Callable[..., Simple]] = {
    "get": Get,
    "put": Put,
    "append": Append,
    "delete": Delete,
}


@workload
class KeyValueWorkload(Workload):
    """Everything that the replicated key-value service can do."""

    name: ClassVar[str] = "kv"
    model: ClassVar[str] = "kv"
    operations: ClassVar[tuple[str, ...]] = ("get", "put", "append", "cas", "delete", "txn")
    reads: ClassVar[frozenset[str]] = frozenset({"get"})

    def draw(
        self,
        chooser: Chooser,
        kinds: Sequence[str],
        keys: Sequence[str],
        client: int,
        values: Values,
        wait: int,
    ) -> Operate:
        f = chooser.pick(kinds)
        key: str | None = chooser.pick(keys)
        value: Any = None
        if f in ("put", "append"):
            value = values.new()
        elif f == "cas":
            value = [values.recent(chooser), values.new()]
        elif f == "txn":
            other = chooser.pick(keys)
            value = {
                "compare": [[key, values.recent(chooser)]],
                "then": [["put", key, values.new()], ["get", other]],
                "else": [["get", key], ["append", other, values.new()]],
            }
            key = None
        return Operate(client=client, f=f, key=key, value=value, wait=wait)

    def simpler(self, operate: Operate) -> Iterator[Operate]:
        if operate.f in ("append", "cas"):
            value = operate.value[1] if operate.f == "cas" else operate.value
            yield msgspec.structs.replace(operate, f="put", value=value)
        elif operate.f == "txn":
            for branch in ("then", "else"):
                for f, key, *value in operate.value[branch]:
                    yield msgspec.structs.replace(
                        operate, f=f, key=key, value=value[0] if value else None
                    )

    def expecting(self, operate: Operate, value_of: Callable[[str], str | None]) -> Operate:
        if operate.f == "cas" and operate.key is not None:
            value = [value_of(operate.key), operate.value[1]]
            return msgspec.structs.replace(operate, value=value)
        if operate.f == "txn":
            compares = [[key, value_of(key)] for key, _ in operate.value["compare"]]
            return msgspec.structs.replace(operate, value={**operate.value, "compare": compares})
        return operate

    def renamed(
        self, value: Any, key_name: Callable[[str], str], value_name: Callable[[str], str]
    ) -> Any:
        if not isinstance(value, dict):
            return super().renamed(value, key_name, value_name)

        def named(each: Any) -> Any:
            return super(KeyValueWorkload, self).renamed(each, key_name, value_name)

        compare = [[key_name(key), named(expected)] for key, expected in value["compare"]]
        branches = {
            branch: [[f, key_name(key), *map(named, rest)] for f, key, *rest in value[branch]]
            for branch in ("then", "else")
        }
        return {"compare": compare, **branches}

    def operation(self, f: str, key: str | None, value: Any) -> Operation:
        try:
            if f == "txn":
                return Transaction(
                    tuple(
                        Compare(_text(name), _text_or_none(expected))
                        for name, expected in value["compare"]
                    ),
                    tuple(self._simple(*each) for each in value["then"]),
                    tuple(self._simple(*each) for each in value["else"]),
                )
            if f == "cas":
                expected, new = value
                return CompareAndSet(self._key(key), _text_or_none(expected), _text(new))
            return self._simple(f, self._key(key), *(() if value is None else (value,)))
        except (TypeError, KeyError, IndexError, ValueError) as error:
            raise ScheduleError(f"kv: no operation {f!r} with the value {value!r}") from error

    @staticmethod
    def _key(key: str | None) -> str:
        if key is None:
            raise ValueError("a key is needed")
        return key

    @staticmethod
    def _simple(f: str, *operands: str) -> Simple:
        return _SIMPLE[f](*map(_text, operands))

    def outcome(self, f: str, value: Any, result: Result) -> Outcome:
        if f == "get":
            return Outcome("ok", result.value)
        if f == "cas" and not result.succeeded:
            return Outcome("fail", value, "mismatch")
        if f == "txn":
            answer = {"succeeded": result.succeeded, "results": list(result.values)}
            return Outcome("ok", answer)
        return Outcome("ok", value)

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        key = keys[0]
        reads = [["get", key]]
        of_kind = {
            "append": Operate(f="append", key=key, value="!"),
            "delete": Operate(f="delete", key=key),
            "txn": Operate(f="txn", value={"compare": [], "then": reads, "else": reads}),
        }
        groups = [[of_kind[kind]] for kind in kinds if kind in of_kind]
        groups.append([Operate(f="put", key=key, value="last")])
        if "cas" in kinds:
            # It must succeed, so it compares with what was just written.
            groups.append([Operate(f="cas", key=key, value=["last", "very last"])])
        groups.append(each_key("get", keys))
        return groups


def _text(value: Any) -> str:
    """What the service takes, which nothing else would pass through its log as it is."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)
