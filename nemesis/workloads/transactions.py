"""Transactions over several lists: reads and appends that happen at once, as Elle's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from checker.history import Event
from nemesis.chooser import Chooser
from nemesis.schedule import Operate
from nemesis.workloads.append import AppendWorkload, last_element, list_in
from nemesis.workloads.performance import Outcome
from nemesis.workloads.updates import as_text, is_element, unknown_operation
from nemesis.workloads.values import Values
from nemesis.workloads.workload import each_key, workload
from raft.kv.commands import Append, Get, Operation, Result, Simple, Transaction

_READ = "r"
_APPEND = "append"


@workload
class TransactionsWorkload(AppendWorkload):
    """``txn`` of ``["r", key, nil]`` and ``["append", key, element]``, in Jepsen's notation, beside
    appends and reads of one list. Elements are unique, so that each read tells whose appends came
    before it; a list is appended to once in a transaction, as etcd demands."""

    name: ClassVar[str] = "transactions"
    operations: ClassVar[tuple[str, ...]] = ("read", "append", "txn")

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
        if f != "txn":
            return super().draw(chooser, (f,), keys, client, values, wait)
        smalls: list[list[Any]] = []
        appended: set[str] = set()
        for _ in range(chooser.integer(2, 4)):
            key = chooser.pick(keys)
            if chooser.chance(50) and key not in appended:
                appended.add(key)
                smalls.append([_APPEND, key, values.new()])
            else:
                smalls.append([_READ, key, None])
        return Operate(client=client, f=f, value=smalls, wait=wait)

    def simpler(self, operate: Operate) -> Iterator[Operate]:
        if operate.f != "txn":
            return
        smalls = operate.value
        for f, key, value in smalls:
            single = "read" if f == _READ else "append"
            yield msgspec.structs.replace(operate, f=single, key=key, value=value)
        if len(smalls) > 1:
            for at in range(len(smalls)):
                yield msgspec.structs.replace(operate, value=[*smalls[:at], *smalls[at + 1 :]])

    def renamed(
        self, value: Any, key_name: Callable[[str], str], value_name: Callable[[str], str]
    ) -> Any:
        """Of two lists that become one, the first append is left."""
        if not isinstance(value, list | tuple):
            return super().renamed(value, key_name, value_name)
        smalls: list[list[Any]] = []
        appended: set[str] = set()
        for f, key, element in value:
            named = key_name(key)
            if f == _APPEND and named in appended:
                continue
            if f == _APPEND:
                appended.add(named)
            smalls.append([f, named, None if element is None else value_name(element)])
        return smalls

    def operation(self, f: str, key: str | None, value: Any) -> Operation:
        if f != "txn":
            return super().operation(f, key, value)
        try:
            smalls = tuple(_simple(*small) for small in value)
        except (TypeError, ValueError) as error:
            raise unknown_operation(self.name, f, value) from error
        appended = [small.key for small in smalls if isinstance(small, Append)]
        if len(set(appended)) < len(appended):
            raise unknown_operation(self.name, f, value)
        return Transaction((), smalls, ())

    def outcome(self, f: str, value: Any, result: Result) -> Outcome:
        if f != "txn":
            return super().outcome(f, value, result)
        return Outcome(
            "ok",
            [
                [small, key, list_in(found) if small == _READ else element]
                for (small, key, element), found in zip(value, result.values, strict=True)
            ],
        )

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        """The transaction is always among them: it is what this is about. Also the lists are read
        that only transactions name."""
        named = (small[1] for event in events if event.f == "txn" for small in event.value)
        keys = tuple(dict.fromkeys((*keys, *named)))
        key, element = keys[0], last_element(events)
        groups = [[Operate(f="txn", value=[[_APPEND, key, element], [_READ, key, None]])]]
        if "append" in kinds:
            groups.append([Operate(f="append", key=key, value=f"very-{element}")])
        return [*groups, each_key("read", keys)]


def _simple(f: str, key: str, element: str | None) -> Simple:
    if not isinstance(key, str):
        raise ValueError("a key is a text")
    if f == _READ and element is None:
        return Get(key)
    if f == _APPEND and is_element(element):
        assert element is not None
        return Append(key, as_text(element))
    raise ValueError("neither a read nor an append")
