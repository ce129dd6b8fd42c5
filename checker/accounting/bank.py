"""Banks: money is moved between accounts, so the sum of all of them stays what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from checker.accounting.account import Account, Found, failure, verdict_of
from checker.history import Operation
from checker.models.bank import INITIAL_BALANCE


def account_of_bank(operations: Iterable[Operation]) -> Account:
    """The account of ``transfer`` and ``read`` of all accounts, as of the model ``bank``."""
    wrong: list[Found] = []
    negative: list[Found] = []
    totals: Counter[int] = Counter()
    transfers: list[Operation] = []
    is_telling = False
    for operation in operations:
        if operation.outcome != "ok":
            continue
        if operation.f == "transfer":
            transfers.append(operation)
        elif operation.f == "read" and _are_balances(operation.result):
            balances = operation.result
            total = sum(balances)
            totals[total] += 1
            if total != INITIAL_BALANCE * len(balances):
                wrong.append(Found(operation.key, total))
            if min(balances, default=0) < 0:
                negative.append(Found(operation.key, balances))
            is_telling |= any(_is_before(each, operation) for each in transfers)
    failures = [
        failure(kind, what, found)
        for kind, what, found in (
            ("wrong-total", "reads of all accounts found another total", wrong),
            ("negative-balance", "reads found a balance below zero", negative),
        )
        if found
    ]
    missing = [] if is_telling else ["no read of all accounts came after a transfer"]
    counts = {"reads": totals.total(), "wrong-totals": len(wrong), "negative": len(negative)}
    seen = {f"total {total}": times for total, times in sorted(totals.items())}
    return Account({**counts, **seen}, verdict_of(failures, missing))


def _are_balances(answer: Any) -> bool:
    """What is none is left to the model."""
    return isinstance(answer, list | tuple) and all(type(each) is int for each in answer)


def _is_before(transfer: Operation, read: Operation) -> bool:
    return (
        transfer.key == read.key
        and transfer.argument[2] != 0
        and transfer.completed is not None
        and transfer.completed < read.invoked
    )
