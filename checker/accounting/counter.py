"""Counters: how much was added, for certain and perhaps, and what was read in the end."""

from __future__ import annotations

from collections.abc import Iterable

from checker.accounting.account import Account, Found, by_key, failure, verdict_of
from checker.history import Operation


def account_of_counter(operations: Iterable[Operation]) -> Account:
    """The account of ``add``, ``add-and-get`` and ``read``, as of the model ``counter``.

    A read finds no less than what was acknowledged before it began, and no more than what was asked
    for before it ended, if nothing is ever taken away; of keys with such additions nothing is said.
    """
    counts = {"acknowledged": 0, "uncertain": 0, "read": 0}
    low: list[Found] = []
    high: list[Found] = []
    is_telling = False
    for key, mine in by_key(operations).items():
        adds = [each for each in mine if each.f in ("add", "add-and-get")]
        adds = [each for each in adds if each.outcome != "fail"]
        counts["acknowledged"] += sum(each.argument for each in adds if each.outcome == "ok")
        counts["uncertain"] += sum(each.argument for each in adds if each.outcome != "ok")
        reads = [each for each in mine if each.f == "read" and type(each.result) is int]
        if reads:
            counts["read"] += max(reads, key=lambda each: each.invoked).result
        if any(each.argument < 0 for each in adds):
            is_telling |= bool(reads)
            continue
        for read in reads:
            certain, possible = _bounds(adds, read)
            is_telling |= certain > 0
            if read.result < certain:
                low.append(Found(key, [read.result, certain]))
            if read.result > possible:
                high.append(Found(key, [read.result, possible]))
    counts["too-low"], counts["too-high"] = len(low), len(high)
    failures = [
        failure(kind, what, found)
        for kind, what, found in (
            ("lost-addition", "reads found [less, than was acknowledged before]", low),
            ("unexpected-addition", "reads found [more, than was asked for until then]", high),
        )
        if found
    ]
    missing = [] if is_telling else ["no read came after an addition"]
    return Account(counts, verdict_of(failures, missing))


def _bounds(adds: Iterable[Operation], read: Operation) -> tuple[int, int]:
    certain = possible = 0
    for add in adds:
        if add.outcome == "ok" and add.completed is not None and add.completed < read.invoked:
            certain += add.argument
        if read.completed is None or add.invoked < read.completed:
            possible += add.argument
    return certain, possible
