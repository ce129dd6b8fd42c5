"""Histories of many sections, and what must hold of several who judge them, whoever they are.

They say what one process says that judges all: the same verdict, with the same evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from checker.history import HistoryError, Operation
from checker.lincheck import Verdict, check
from checker.lincheck.verify import verify
from checker.models import get_model
from checker.models.model import Model
from tests.checker.random_histories import random_operations

Together = Callable[[Sequence[Operation], Model, bool], Verdict]
"""``together(operations, model, certificate)`` has several judge the sections of a history."""


def evidence(verdict: Verdict) -> tuple[Any, ...]:
    """All of a verdict but what it cost."""
    return (
        verdict.validity,
        [failure.message for failure in verdict.failures],
        verdict.reasons,
        verdict.certificate,
        verdict.order,
        str(verdict.conflict),
    )


def one_after_another(*parts: Sequence[Operation]) -> list[Operation]:
    """Operations of several keys in one history, each key after the one before."""
    start, found = 0, []
    for part in parts:
        for each in part:
            ended = None if each.completed is None else start + each.completed
            found.append(each._replace(invoked=start + each.invoked, completed=ended))
        start = 1 + max(max(each.invoked, each.completed or 0) for each in found)
    return found


def written(key: str, count: int, *, last: int | None = None) -> list[Operation]:
    """So many writes of a register, one after another, and a read of ``last``, or of the last."""
    writes = [Operation(0, "write", key, at, at, "ok", 2 * at, 2 * at + 1) for at in range(count)]
    result = count - 1 if last is None else last
    return [*writes, Operation(0, "read", key, None, result, "ok", 2 * count, 2 * count + 1)]


def judges_like_one_process(model_name: str, judges: Callable[[int], Sequence[Together]]) -> None:
    """``judges(seed)`` are those that judge the random history of this seed."""
    model, seen = get_model(model_name), Counter[str]()
    for seed in range(8):
        random = Random(seed)
        operations = random_operations(
            random, model_name, random.choice((6, 30, 60)), keys=9, concurrency=4
        )
        alone = check(operations, model)
        quick = check(operations, model, certificate=False)
        assert alone.certificate is not None
        verify(operations, alone.certificate, model)
        for at, judge in enumerate(judges(seed)):
            assert evidence(judge(operations, model, True)) == evidence(alone), (seed, at)
            assert evidence(judge(operations, model, False)) == evidence(quick), (seed, at)
        seen[alone.validity] += 1
    assert seen["valid"] > 1, seen
    assert seen["invalid"] > 1, seen


def refuses_like_one_process(judge: Together) -> None:
    """Of two sections that the model refuses, the first is told of."""
    good = Operation(0, "write", "a", 1, 1, "ok", 0, 1)
    odd = Operation(0, "jump", "b", 1, 1, "ok", 2, 3)
    other = Operation(0, "swim", "c", 1, 1, "ok", 4, 5)
    with pytest.raises(HistoryError) as alone:
        check([good, odd, other], get_model("register"))
    with pytest.raises(HistoryError) as together:
        judge([good, odd, other], get_model("register"), True)
    assert str(together.value) == str(alone.value)
