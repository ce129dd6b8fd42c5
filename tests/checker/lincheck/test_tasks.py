"""Sections judged by an executor: the same verdicts with the same evidence, whoever does the tasks,
in whatever order, and however often it dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from random import Random
from typing import Any

import pytest

from checker.errors import CheckerError
from checker.history import Operation
from checker.lincheck import Budget, Verdict, check
from checker.lincheck.budget import Meter
from checker.lincheck.checking import check_by
from checker.lincheck.judge import Finding, judge_all
from checker.lincheck.processes import ProcessDied
from checker.lincheck.sections import Section
from checker.lincheck.tasks import InTasks, perform
from checker.models import get_model, model_from_step
from checker.models.model import Model, UnknownModelError
from checker.verdict import Validity
from tests.checker.lincheck.several_judges import (
    Together,
    evidence,
    judges_like_one_process,
    one_after_another,
    refuses_like_one_process,
    written,
)

MODELS = ("register", "cas-register", "kv", "list-append", "fifo-queue", "set", "semaphore:2")


class Hands:
    """Implements Executor: does a task when somebody asks whether it is done, in an order that is
    drawn; ``fate`` is asked before a task is done, and may raise what becomes of it; ``loses``,
    whether what it came to is lost. By the clock of these tests each takes 0.1 s."""

    def __init__(
        self,
        slots: int = 2,
        seed: int = 0,
        fate: Callable[[int], None] = lambda number: None,
        most: int | None = None,
        at_once: Sequence[int] = (1, 2),
        loses: Callable[[int], bool] = lambda number: False,
    ) -> None:
        self._slots = slots
        self._random = Random(seed)
        self._fate = fate
        self._most = most
        self._at_once = at_once
        self._loses = loses
        self._tasks: dict[Hashable, bytes] = {}
        self.submitted = 0
        self.done = 0

    def slots(self) -> int:
        return self._slots

    def submit(self, task: bytes) -> Hashable:
        self.submitted += 1
        self._tasks[self.submitted] = task
        return self.submitted

    def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
        if self._most is not None and self.done >= self._most:
            raise ProcessDied("nobody is there any more")
        return self._random.sample(tasks, min(len(tasks), self._random.choice(self._at_once)))

    def result(self, task: Hashable) -> bytes | None:
        self.done += 1
        if self._loses(self.done):
            return None
        content = self._tasks.pop(task)
        self._fate(self.done)
        # Once by somebody who dies before it has told.
        perform(content)
        return perform(content)

    def drop(self, tasks: Sequence[Hashable]) -> None:
        for task in tasks:
            del self._tasks[task]

    @property
    def waiting(self) -> int:
        return len(self._tasks)


def by_hands(
    operations: Sequence[Operation],
    model: Model,
    hands: Hands,
    *,
    budget: Budget | None = None,
    certificate: bool = True,
    cancelled: Callable[[], bool] | None = None,
) -> Verdict:
    judging = InTasks(hands, budget, lambda: hands.done / 10, cancelled)
    return check_by(judging, operations, model, judging.meter, certificate)


@pytest.fixture(autouse=True)
def _few_operations_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.lincheck.tasks._OPERATIONS", 20)


def of_hands(slots: int, seed: int) -> Together:
    """Nothing is left to do when they have judged."""

    def judge(operations: Sequence[Operation], model: Model, certificate: bool) -> Verdict:
        hands = Hands(slots, seed + (not certificate))
        verdict = by_hands(operations, model, hands, certificate=certificate)
        assert not hands.waiting
        return verdict

    return judge


@pytest.mark.parametrize("name", MODELS)
def test_the_verdict_is_that_of_one_process(name: str) -> None:
    judges_like_one_process(name, lambda seed: [of_hands(slots, seed) for slots in (1, 2, 7)])


def overlapping(key: str, count: int) -> list[Operation]:
    """Compare-and-sets that all overlap, and a read of what none of their orders leaves.

    To refute it takes all orders: what the search costs grows with ``count``.
    """
    pairs = [(a, b) for a in range(9) for b in range(9) if a != b][:count]
    ends = len(pairs) + 1
    found = [Operation(0, "write", key, 0, 0, "ok", 0, ends)]
    for at, pair in enumerate(pairs, 1):
        found.append(Operation(at, "cas", key, [*pair], [*pair], "ok", at, ends + at))
    last = 2 * ends
    return [*found, Operation(99, "read", key, None, 77, "ok", last, last + 1)]


HARD = get_model("cas-register")


def test_the_first_by_rounds_is_blamed_and_hard_sections_keep_nobody_from_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Rounds are short, so that some sections need many.
    monkeypatch.setattr("checker.lincheck.budget.BETWEEN_LOOKS", 4)
    monkeypatch.setattr("checker.lincheck.judge._FIRST_TURNS", 1)
    monkeypatch.setattr("checker.lincheck.judge.TURNS", 1)
    monkeypatch.setattr("checker.lincheck.tasks.TURNS", 1)
    monkeypatch.setattr("checker.lincheck.tasks._FIRST_ROUNDS", 2)
    blamed = Counter[str]()
    for seed in range(8):
        random = Random(seed)
        # In rounds 14 and 47 to 59: those of the second wave, and of the third.
        keys = [overlapping(f"k{at}", random.choice((17, 18, 20, 22, 24))) for at in range(4)]
        operations = one_after_another(written("valid", 10), *keys)
        alone = check(operations, HARD, certificate=False)
        for slots in (1, 3):
            hands = Hands(slots, seed)
            together = by_hands(operations, HARD, hands, certificate=False)
            assert evidence(together) == evidence(alone), (seed, slots)
            assert not hands.waiting
        blamed[alone.failures[0].message] += 1
    assert len(blamed) > 2, blamed


def test_it_ends_at_the_first_impossible_section() -> None:
    model = get_model("register")
    keys = [written(f"k{at}", 30, last=-1 if at == 3 else None) for at in range(200)]
    operations = one_after_another(*keys)
    hands = Hands(2)
    verdict = by_hands(operations, model, hands, certificate=False)
    assert evidence(verdict) == evidence(check(operations, model, certificate=False))
    assert verdict.validity is Validity.INVALID
    assert hands.done <= 10, "of 200 tasks those under way"
    assert not hands.waiting


def test_what_kills_whoever_does_it_is_unknown_and_the_rest_is_judged() -> None:
    def fate(number: int) -> None:
        if number == 2:
            raise ProcessDied("4 workers died of it")

    keys = [written(f"k{at}", 15) for at in range(4)]
    operations = one_after_another(*keys)
    verdict = by_hands(operations, get_model("register"), Hands(1, fate=fate))
    assert verdict.validity is Validity.UNKNOWN
    assert [reason.split(": ")[1] for reason in verdict.reasons] == ["4 workers died of it"]
    wrong = one_after_another(*keys, written("wrong", 15, last=-1))
    assert by_hands(wrong, get_model("register"), Hands(1, fate=fate)).validity == "invalid"


def test_what_is_lost_with_who_did_it_is_done_again_while_there_is_time() -> None:
    operations = one_after_another(*(written(f"k{at}", 15) for at in range(5)))
    model = get_model("register")
    every_other = Hands(2, loses=lambda number: number % 2 == 1)
    verdict = by_hands(operations, model, every_other)
    assert evidence(verdict) == evidence(check(operations, model))
    assert every_other.done == 2 * every_other.submitted
    all_of_it = Hands(2, loses=lambda number: True)
    verdict = by_hands(operations, model, all_of_it, budget=Budget(seconds=0.5))
    assert verdict.validity is Validity.UNKNOWN
    assert all("the budget of 0.5 s is exhausted" in reason for reason in verdict.reasons)
    assert not all_of_it.waiting


def test_a_verdict_is_about_every_section() -> None:
    operations = one_after_another(*(written(f"k{at}", 3) for at in range(3)))

    def forget(parts: Sequence[Section], *others: Any) -> list[Finding]:
        return list(judge_all(parts, *others))[1:]

    with pytest.raises(AssertionError, match="of 3 sections 2 were judged"):
        check_by(forget, operations, get_model("register"), Meter(Budget()), False)


def test_when_nobody_is_there_any_more_what_is_left_is_unknown() -> None:
    operations = one_after_another(*(written(f"k{at}", 15) for at in range(5)))
    verdict = by_hands(operations, get_model("register"), Hands(1, most=3))
    assert verdict.validity is Validity.UNKNOWN
    assert len(verdict.reasons) in (1, 2)
    assert all("nobody is there any more" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(None, configurations=5_000), "the budget of 5000 configurations is exhausted"),
        (Budget(seconds=0.3), "the budget of 0.3 s is exhausted"),
        (Budget(None, memory=100_000), "the budget of 100000 bytes of memory is exhausted"),
    ],
)
def test_budgets_hold(budget: Budget, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.lincheck.tasks._FIRST_ROUNDS", 1)
    easy = [Operation(0, "write", "easy", 1, 1, "ok", 0, 1)]
    operations = one_after_another(easy, overlapping("a", 72), overlapping("b", 72))
    hands = Hands(2)
    verdict = by_hands(operations, HARD, hands, budget=budget)
    assert verdict.validity is Validity.UNKNOWN
    assert [text.split(":")[0] for text in verdict.reasons] == ["key 'a'", "key 'b'"]
    assert all(reason in text for text in verdict.reasons), verdict.reasons
    assert not hands.waiting
    if budget.configurations is not None:
        assert verdict.configurations < 1.5 * budget.configurations


def test_it_can_be_cancelled_and_interrupted() -> None:
    operations = one_after_another(overlapping("a", 72), overlapping("b", 72))
    hands = Hands(2, at_once=(1,))
    verdict = by_hands(operations, HARD, hands, cancelled=lambda: hands.done > 0)
    assert verdict.reasons == ("key 'a': it was cancelled", "key 'b': it was cancelled")
    assert not hands.waiting

    def interrupted() -> bool:
        if hands.done > 1:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        by_hands(operations, HARD, hands, cancelled=interrupted)
    assert not hands.waiting


def test_what_the_model_refuses_is_refused_as_in_one_process() -> None:
    refuses_like_one_process(of_hands(3, 0))


def test_a_model_that_others_cannot_have_is_refused() -> None:
    operations = [Operation(0, "write", key, 1, 1, "ok", 0, 1) for key in ("a", "b")]
    operations = one_after_another(operations[:1], operations[1:])

    def step(state: int, f: str, argument: int, result: int) -> tuple[bool, int]:
        return True, argument

    mine = model_from_step("mine", 0, step, partition=lambda operation: operation.key)
    with pytest.raises(UnknownModelError, match="no model 'mine'"):
        by_hands(operations, mine, Hands())
    other = model_from_step("register", 0, step, partition=lambda operation: operation.key)
    with pytest.raises(CheckerError, match="another model of this name"):
        by_hands(operations, other, Hands())


def test_a_task_that_is_dropped_ends() -> None:
    asked: list[int] = []

    def is_dropped() -> bool:
        asked.append(1)
        return len(asked) > 5

    class Keeping(Hands):
        def result(self, task: Hashable) -> bytes:
            return perform(self._tasks.pop(task), is_dropped)

    operations = one_after_another(overlapping("a", 72), overlapping("b", 72))
    verdict = by_hands(operations, HARD, Keeping(1), budget=Budget(None, None, None))
    assert verdict.reasons == ("key 'a': it was cancelled", "key 'b': it was cancelled")
