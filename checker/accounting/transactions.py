"""Transactions on lists: the fates of their elements, and what checker.isolation finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checker.accounting.account import Account, verdict_of
from checker.accounting.elements import fates_of
from checker.history import History, Operation
from checker.isolation.check import check
from checker.verdict import merge


def account_of_transactions(history: History) -> Account:
    """The account of ``txn``, ``append`` and ``read``, as of the model ``list-append``: the lists
    must be strictly serializable, as far as cycles of dependencies show it."""
    fates = fates_of(_one_by_one(history.operations()), "append", "read")
    isolation = check(history, "list-append", level="strict-serializable")
    counts = {**fates.counts, "dependencies": isolation.dependencies, **isolation.counts}
    missing = [] if fates.telling else ["no read told of any element"]
    verdict = verdict_of(fates.failures, missing)
    return Account(counts, merge([verdict, isolation.verdict]))


def _one_by_one(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The small operations, each as one of its own, at the time of its transaction."""
    for operation in operations:
        if operation.f != "txn":
            yield operation
            continue
        told = operation.outcome == "ok" and isinstance(operation.result, list | tuple)
        for small in operation.result if told else operation.argument:
            f, key, value = small
            if f == "append":
                yield operation._replace(f="append", key=key, argument=value, result=None)
            elif told:
                yield operation._replace(f="read", key=key, argument=None, result=value)
