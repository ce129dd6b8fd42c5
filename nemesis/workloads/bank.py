"""A bank a key: transfers between its accounts, reads of all balances in one transaction.

The service holds each account under a key of its own; an absent one holds what every account holds
at first. A transfer reads both accounts at once, and writes both if neither has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from checker.accounting import Account, account_of_bank
from checker.history import Event, History
from checker.models.bank import INITIAL_BALANCE
from nemesis.chooser import Chooser
from nemesis.schedule import Operate
from nemesis.workloads.performance import Outcome, Program
from nemesis.workloads.updates import ATTEMPTS, CONTENDED, NONSENSE, needed, unknown_operation
from nemesis.workloads.values import Values
from nemesis.workloads.workload import Workload, each_key, workload
from raft.kv.commands import Compare, Get, Put, Transaction

_ACCOUNTS = 4
_LARGEST = 5


@workload
class BankWorkload(Workload):
    """Money that is moved and never made: every read must find the same total, and no account
    below zero."""

    name: ClassVar[str] = "bank"
    model: ClassVar[str] = "bank"
    operations: ClassVar[tuple[str, ...]] = ("read", "transfer")
    reads: ClassVar[frozenset[str]] = frozenset({"read"})

    def new_value(self, f: str, chooser: Chooser, values: Values) -> Any:
        if f != "transfer":
            return None
        source = chooser.integer(0, _ACCOUNTS - 1)
        target = (source + chooser.integer(1, _ACCOUNTS - 1)) % _ACCOUNTS
        return [source, target, chooser.integer(1, _LARGEST)]

    def simpler(self, operate: Operate) -> Iterator[Operate]:
        if operate.f == "transfer":
            for plain in ([0, 1, operate.value[2]], [*operate.value[:2], 1]):
                if plain != operate.value:
                    yield msgspec.structs.replace(operate, value=plain)

    def perform(self, f: str, key: str | None, value: Any) -> Program:
        key = needed(key, self.name, f)
        if f == "read" and value is None:
            return (yield from _read(key))
        if f == "transfer" and _is_transfer(value):
            return (yield from _transfer(key, value))
        raise unknown_operation(self.name, f, value)

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        """The transfer moves nothing, so that no account can lack it."""
        return [[Operate(f="transfer", key=keys[0], value=[0, 1, 0])], each_key("read", keys)]

    def account(self, history: History) -> Account:
        return account_of_bank(history.operations())


def _is_transfer(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 3
        and all(type(each) is int and each >= 0 for each in value)
        and max(value[:2]) < _ACCOUNTS
        and value[0] != value[1]
    )


def _name(bank: str, account: int) -> str:
    return f"{bank}.{account}"


def _balance(text: str | None) -> int | None:
    if text is None:
        return INITIAL_BALANCE
    return int(text) if text.removeprefix("-").isdecimal() else None


def _read(bank: str) -> Program:
    gets = tuple(Get(_name(bank, account)) for account in range(_ACCOUNTS))
    texts = (yield Transaction((), gets, ())).values
    balances = [_balance(text) for text in texts]
    return Outcome("ok", list(texts) if None in balances else balances)


def _transfer(bank: str, value: Sequence[int]) -> Program:
    source, target, amount = value
    names = _name(bank, source), _name(bank, target)
    for _ in range(ATTEMPTS):
        texts = (yield Transaction((), tuple(Get(name) for name in names), ())).values
        from_, to = (_balance(text) for text in texts)
        if from_ is None or to is None:
            return Outcome("fail", value, NONSENSE)
        if from_ < amount:
            return Outcome("fail", value, "the balance is too low")
        moved = Transaction(
            tuple(Compare(name, text) for name, text in zip(names, texts, strict=True)),
            (Put(names[0], str(from_ - amount)), Put(names[1], str(to + amount))),
            (),
        )
        if (yield moved).succeeded:
            return Outcome("ok", value)
    return Outcome("fail", value, CONTENDED)
