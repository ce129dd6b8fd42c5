"""Sections judged in processes: the same verdicts, with the same evidence, within one budget."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from checker.history import Operation
from checker.lincheck import Budget, check, check_parallel
from checker.lincheck.budget import Meter
from checker.lincheck.judge import judge_all
from checker.lincheck.parallel import InProcesses
from checker.lincheck.processes import ProcessDied, ProcessFailed, in_processes
from checker.lincheck.sections import sections
from checker.models import get_model, model_from_step
from checker.verdict import Validity
from tests.checker.lincheck.several_judges import (
    Together,
    evidence,
    judges_like_one_process,
    one_after_another,
    refuses_like_one_process,
    written,
)

# Newer Pythons warn of forks beside threads, which the runner of the tests may have.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

MODELS = ("register", "cas-register", "kv", "list-append", "fifo-queue", "multi-register", "set")


def _write(state: tuple[int, ...], f: str, argument: Any, result: Any) -> tuple[bool, Any]:
    return (True, (*state, argument)) if f == "write" else (result == list(state), state)


DIARY = model_from_step("diary", (), _write, partition=lambda operation: operation.key)
"""Whatever is written stays, in order: no two orders of writes lead to the same state."""


def hard(key: str, count: int = 20) -> list[Operation]:
    """Overlapping writes, then an impossible read: more orders than anyone tries."""
    writes = [
        Operation(f"{key}{at}", "write", key, at, at, "ok", at, count + at) for at in range(count)
    ]
    end = 2 * count
    return [*writes, Operation("reader", "read", key, None, [-1] * count, "ok", end, end + 1)]


def by_processes(jobs: int) -> Together:
    return lambda operations, model, certificate: check_parallel(
        operations, model, jobs=jobs, certificate=certificate
    )


@pytest.mark.parametrize("name", MODELS)
def test_the_verdict_is_that_of_one_process(name: str) -> None:
    judges_like_one_process(name, lambda seed: [by_processes(2 + seed % 2)])


def test_of_several_impossible_keys_the_earliest_is_blamed_whoever_judges_it() -> None:
    model = get_model("register")

    def broken(key: str) -> list[Operation]:
        return [
            Operation(0, "write", key, 1, 1, "ok", 0, 1),
            Operation(0, "read", key, None, 2, "ok", 2, 3),
        ]

    operations = one_after_another(*(broken(f"k{at}") for at in range(12)))
    expected = check(operations, model)
    assert expected.conflict is not None
    assert expected.conflict.keys == ("k0",)
    for jobs in range(1, 6):
        assert evidence(check_parallel(operations, model, jobs=jobs)) == evidence(expected)


@pytest.mark.parametrize(
    "parts",
    [
        # A process finds the second impossible, the other one later the first.
        [
            written("a", 9_000),
            written("b", 1, last=5),
            written("c", 1, last=5),
            written("d", 9_000),
        ],
        # The other way round, while both are under way.
        [written("a", 3_000, last=-1), written("b", 30_000, last=-1)],
        [
            written("a", 9_000),
            written("b", 9_000),
            written("c", 1, last=5),
            written("d", 1, last=5),
        ],
    ],
)
def test_the_finding_is_that_of_one_process_whoever_is_first(parts: list[list[Operation]]) -> None:
    model, operations = get_model("register"), one_after_another(*parts)
    found = sections(operations, model)
    *_, alone = judge_all(found, model, Meter(Budget()), False)
    judging = InProcesses(2)
    *_, together = judging(found, model, judging.meter, False)
    assert together.section.keys == alone.section.keys
    assert together.outcome == alone.outcome


def test_hard_sections_do_not_hide_an_impossible_one() -> None:
    impossible = [Operation(0, "read", "easy", None, [5], "ok", 0, 1)]
    operations = one_after_another(hard("a"), hard("b"), hard("c"), impossible)
    budget = Budget(seconds=None, configurations=60_000)
    verdict = check_parallel(operations, DIARY, jobs=2, budget=budget, certificate=False)
    assert verdict.validity is Validity.INVALID


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(seconds=None, configurations=5_000), "the budget of 5000 configurations"),
        (Budget(seconds=0.4), "the budget of 0.4 s"),
        (Budget(seconds=None, memory=200_000), "the budget of 200000 bytes of memory"),
    ],
)
def test_one_budget_holds_for_all(budget: Budget, reason: str) -> None:
    easy = [Operation(0, "write", "easy", 1, 1, "ok", 0, 1)]
    operations = one_after_another(easy, hard("a"), hard("b"))
    verdict = check_parallel(operations, DIARY, jobs=2, budget=budget)
    assert verdict.validity is Validity.UNKNOWN
    undecided = [text.split(":")[0] for text in verdict.reasons]
    assert undecided[-2:] == ["key 'a'", "key 'b'"]
    # On a busy machine the others may have spent the time, or the memory, before it was judged.
    assert len(undecided) == 2 or budget.configurations is None
    assert all(reason in text for text in verdict.reasons), verdict.reasons
    if budget.configurations is not None:
        assert verdict.configurations < 2 * budget.configurations
    assert not multiprocessing.active_children()


def test_it_can_be_cancelled() -> None:
    asked = count()
    verdict = check_parallel(
        one_after_another(hard("a"), hard("b")),
        DIARY,
        jobs=2,
        cancelled=lambda: next(asked) >= 3,
    )
    assert verdict.reasons == ("key 'a': it was cancelled", "key 'b': it was cancelled")
    assert not multiprocessing.active_children()


def test_an_interrupt_ends_all_processes() -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    operations = one_after_another(hard("a"), hard("b"))
    with pytest.raises(KeyboardInterrupt):
        check_parallel(operations, DIARY, jobs=2, cancelled=interrupted)
    assert not multiprocessing.active_children()


def test_what_the_model_refuses_is_refused_as_in_one_process() -> None:
    refuses_like_one_process(by_processes(3))


def test_models_need_not_be_pickled() -> None:
    model = model_from_step(
        "lamp",
        False,
        lambda state, f, argument, result: (
            (True, argument) if f == "set" else (result == state, state)
        ),
        partition=lambda operation: operation.key,
    )
    operations = [
        Operation(0, "set", "a", True, True, "ok", 0, 1),
        Operation(0, "look", "a", None, True, "ok", 2, 3),
        Operation(0, "look", "b", None, False, "ok", 4, 5),
    ]
    assert check_parallel(operations, model, jobs=2).validity is Validity.VALID


# Processes.


def test_processes_tell_what_they_find() -> None:
    def work(number: int) -> Iterator[Any]:
        yield number, "first"
        yield number, "second"

    told = [each for each in in_processes(work, 3, patience=1.0) if each is not None]
    assert sorted(told) == [(n, word) for n in range(3) for word in ("first", "second")]
    assert [each for each in told if each[0] == 1] == [(1, "first"), (1, "second")]


def test_an_exception_in_a_process_is_told_with_its_traceback() -> None:
    def work(number: int) -> Iterator[Any]:
        yield number
        raise ZeroDivisionError("in a process")

    with pytest.raises(ProcessFailed, match="ZeroDivisionError: in a process"):
        list(in_processes(work, 2, patience=1.0))


def test_a_process_that_is_killed_is_missed() -> None:
    def work(number: int) -> Iterator[Any]:
        yield number
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ProcessDied, match="exit code -9"):
        list(in_processes(work, 1, patience=1.0))
