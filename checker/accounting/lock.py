"""Locks: how often they were acquired, and went from one owner to another."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from checker.accounting.account import Account, Found, by_key, failure, verdict_of
from checker.history import Operation


def account_of_lock(operations: Iterable[Operation]) -> Account:
    """The account of ``acquire`` and ``release`` by owners, as of the model ``fencing-lock``.

    Without a lock that changed hands nothing was excluded: then it says ``unknown``.
    """
    counts = {"acquired": 0, "released": 0, "handovers": 0}
    stale: list[Found] = []
    for key, mine in by_key(operations).items():
        told = [each for each in mine if each.outcome == "ok" and each.completed is not None]
        acquired = [each for each in told if each.f == "acquire"]
        counts["acquired"] += len(acquired)
        counts["released"] += sum(each.f == "release" for each in told)
        stale += [Found(key, token) for token in _stale_tokens(acquired)]
        acquired.sort(key=lambda each: each.invoked)
        counts["handovers"] += sum(
            one.argument != other.argument for one, other in pairwise(acquired)
        )
    counts["stale-tokens"] = len(stale)
    what = "tokens are not greater than one that was given before they were asked for"
    failures = [failure("stale-token", what, stale)] if stale else []
    missing = [] if counts["handovers"] else ["no lock ever went from one owner to another"]
    return Account(counts, verdict_of(failures, missing))


def _stale_tokens(acquired: Iterable[Operation]) -> list[Any]:
    """Tokens that whoever checks them (Kleppmann, "How to do distributed locking") would refuse, or
    take for an older owner's."""
    told = [each for each in acquired if type(each.result) is int]
    ended = sorted(told, key=lambda each: each.completed or 0)
    stale: list[Any] = []
    highest: int | None = None
    at = 0
    for acquisition in sorted(told, key=lambda each: each.invoked):
        while at < len(ended) and (ended[at].completed or 0) < acquisition.invoked:
            token = ended[at].result
            highest = token if highest is None else max(highest, token)
            at += 1
        if highest is not None and acquisition.result <= highest:
            stale.append(acquisition.result)
    return stale
