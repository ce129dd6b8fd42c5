"""Ids: each is given once, or it is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from checker.accounting.account import Account, Found, failure, verdict_of
from checker.history import Operation
from checker.models.model import distinct


def account_of_ids(operations: Iterable[Operation]) -> Account:
    """The account of ``generate``, as of the model ``unique-ids``."""
    given: Counter[Any] = Counter()
    shown: dict[Any, Found] = {}
    attempted = 0
    for operation in operations:
        attempted += 1
        if operation.outcome == "ok":
            name = distinct(operation.result)
            given[name] += 1
            shown.setdefault(name, Found(operation.key, operation.result))
    duplicates = [shown[name] for name, times in given.items() if times > 1]
    what = "ids were given more than once"
    failures = [failure("duplicate-id", what, duplicates)] if duplicates else []
    missing = [] if given.total() > 1 else ["fewer than two ids were given: none could repeat"]
    counts = {"attempted": attempted, "given": given.total(), "duplicates": len(duplicates)}
    return Account(counts, verdict_of(failures, missing))
