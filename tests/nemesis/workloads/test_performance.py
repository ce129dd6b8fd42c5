"""What a missing answer means: nothing happened, or nobody knows."""

from __future__ import annotations

import pytest

from nemesis.workloads import Outcome, Performance, Program
from nemesis.workloads.performance import only_reads
from raft.kv.commands import (
    Append,
    Compare,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    Result,
    Transaction,
)

READS: tuple[Operation, ...] = (
    Get("x"),
    Transaction((), (Get("x"), Get("y")), ()),
    Transaction((Compare("x", "1"),), (Get("x"),), (Get("y"),)),
)
WRITES: tuple[Operation, ...] = (
    Put("x", "1"),
    Append("x", "1"),
    Delete("x"),
    CompareAndSet("x", None, "1"),
    Transaction((), (Get("x"), Put("y", "1")), ()),
    Transaction((Compare("x", "1"),), (Get("x"),), (Delete("x"),)),
)


def performance(*requests: Operation) -> Performance:
    """Of an operation with the argument "given" that asks this, one after the other."""

    def program() -> Program:
        # By yield from a tuple could be sent no answers.
        for request in requests:  # noqa: UP028
            yield request
        return Outcome("ok", "done")

    return Performance(program(), "given")


def test_requests_are_asked_one_after_the_other() -> None:
    asked = performance(*READS, *WRITES)
    for request in (*READS, *WRITES[:-1]):
        assert asked.request == request
        assert asked.answer(Result()) is None
    assert asked.answer(Result()) == Outcome("ok", "done")


@pytest.mark.parametrize("request_", [*READS, *WRITES])
def test_what_is_refused_has_not_happened(request_: Operation) -> None:
    assert performance(request_).refused("no") == Outcome("fail", "given", "no")


@pytest.mark.parametrize("request_", READS)
def test_a_read_without_an_answer_has_changed_nothing(request_: Operation) -> None:
    assert only_reads(request_)
    assert performance(request_).unanswered("time-out") == Outcome("fail", "given", "time-out")


@pytest.mark.parametrize("request_", WRITES)
def test_nobody_knows_of_a_write_without_an_answer(request_: Operation) -> None:
    assert not only_reads(request_)
    assert performance(request_).unanswered("time-out") == Outcome("info", "given", "time-out")


@pytest.mark.parametrize("before", [*READS, CompareAndSet("x", None, "1")])
def test_after_requests_that_changed_nothing_the_operation_can_still_fail(
    before: Operation,
) -> None:
    for end in (Performance.refused, Performance.unanswered):
        asked = performance(before, Get("x"))
        assert asked.answer(Result(succeeded=False)) is None
        assert end(asked, "no").type == "fail"


@pytest.mark.parametrize("before", WRITES[:-1])
def test_half_an_operation_is_one_of_which_nobody_knows(before: Operation) -> None:
    for end in (Performance.refused, Performance.unanswered):
        asked = performance(before, Get("x"))
        assert asked.answer(Result(succeeded=True)) is None
        assert end(asked, "no") == Outcome("info", "given", "no")


def test_only_the_branch_that_was_taken_has_happened() -> None:
    transaction = Transaction((Compare("x", "1"),), (Put("x", "2"),), (Get("x"),))
    for succeeded, type_ in ((True, "info"), (False, "fail")):
        asked = performance(transaction, Get("x"))
        assert asked.answer(Result(succeeded=succeeded)) is None
        assert asked.refused("no").type == type_


def test_a_program_that_is_given_up_is_ended() -> None:
    ended = []

    def program() -> Program:
        try:
            yield Get("x")
        finally:
            ended.append(True)
        raise AssertionError("it went on")

    Performance(program(), None).refused("no")
    assert ended
