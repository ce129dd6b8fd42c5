"""lincheck against a brute-force oracle, its evidence, and its budgets."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.history import History, Operation
from checker.lincheck import Budget, Conflict, check
from checker.lincheck.verify import verify
from checker.models import get_model
from checker.verdict import Validity
from tests.checker.histories import Row, apply_kv, history, oracle, random_history

MODELS = (("register", "x"), ("cas-register", "x"), ("kv", "x"), ("kv", "xy"))


def judge_all(recorded: History, model_name: str) -> Validity:
    """Check the verdict against the oracle, and the evidence against the verdict."""
    model = get_model(model_name)
    verdict = check(recorded, model)
    expected = oracle(recorded.operations(), {}, apply_kv)
    assert verdict.validity == (Validity.VALID if expected else Validity.INVALID)
    assert verdict.certificate is not None
    verify(recorded.operations(), verdict.certificate, model)
    assert check(recorded, model, certificate=False).validity is verdict.validity
    if not expected:
        assert verdict.conflict is not None
        check_prefix(recorded, verdict.conflict)
    return verdict.validity


def check_prefix(recorded: History, conflict: Conflict) -> None:
    """The prefix is impossible, with one event less it is not; the conflict alone is."""
    last = conflict.last_event
    assert last is not None
    prefix = [event for event in recorded.events if event.index <= last]
    if len({event.time for event in prefix}) < len(prefix):
        return  # Events of one time have no order, so a prefix means nothing among them.
    assert not oracle(History(prefix).operations(), {}, apply_kv)
    assert oracle(History(prefix[:-1]).operations(), {}, apply_kv)
    if conflict.first_event is None:
        # Otherwise the operations are impossible without what came before, not after it.
        chosen = {operation.invocation for operation in conflict.operations}
        operations = [o for o in History(prefix).operations() if o.invocation in chosen]
        assert not oracle(operations, {}, apply_kv)


@pytest.mark.parametrize(("model", "keys"), MODELS)
def test_agrees_with_brute_force(model: str, keys: str) -> None:
    seen: Counter[Validity] = Counter()
    for seed in range(400):
        random = Random(f"{model} {keys} {seed}")
        seen[judge_all(random_history(random, model, random.randrange(2, 7), keys), model)] += 1
    assert min(seen[Validity.VALID], seen[Validity.INVALID]) > 60, seen


@given(seed=st.integers(0, 1 << 32), pick=st.sampled_from(MODELS), count=st.integers(2, 6))
def test_agrees_with_brute_force_wherever_hypothesis_looks(
    seed: int, pick: tuple[str, str], count: int
) -> None:
    judge_all(random_history(Random(seed), pick[0], count, pick[1]), pick[0])


READ_OF_THE_PAST = history(
    (0, "invoke", "write", None, 1),
    (0, "ok", "write", None, 1),
    (1, "invoke", "write", None, 2),
    (1, "ok", "write", None, 2),
    (0, "invoke", "read", None, None),
    (0, "ok", "read", None, 1),
)


def test_a_stale_read_is_convicted_with_the_writes_that_it_contradicts() -> None:
    verdict = check(READ_OF_THE_PAST, get_model("register"))
    assert verdict.kinds == {"linearizability"}
    assert verdict.conflict is not None
    assert str(verdict.conflict.operation) == "process 0: read -> 1"
    assert [o.f for o in verdict.conflict.operations] == ["write", "write", "read"]


def test_a_crashed_write_may_take_effect_late_or_never_but_not_twice() -> None:
    crashed = [(0, "invoke", "write", None, 1), (0, "info", "write", None, 1)]
    never = [(1, "invoke", "read", None, None), (1, "ok", "read", None, None)]
    late = [(1, "invoke", "read", None, None), (1, "ok", "read", None, 1)]
    model = get_model("register")
    assert check(history(*crashed, *never, *late), model).validity is Validity.VALID
    again = history(*crashed, *late, *never)
    assert check(again, model).validity is Validity.INVALID
    other = [(1, "invoke", "write", None, 2), (1, "ok", "write", None, 2)]
    twice = history(*crashed, *late, *other, *late)
    assert check(twice, model).validity is Validity.INVALID


def test_a_failed_compare_and_set_is_an_observation_only_after_a_mismatch() -> None:
    wrote = [(0, "invoke", "write", None, 1), (0, "ok", "write", None, 1)]
    failed = [(1, "invoke", "cas", None, [1, 2])]
    model = get_model("cas-register")
    mismatch = history(*wrote, *failed, (1, "fail", "cas", None, [1, 2], "mismatch"))
    assert check(mismatch, model).validity is Validity.INVALID
    refused = history(*wrote, *failed, (1, "fail", "cas", None, [1, 2], "not-leader"))
    assert check(refused, model).validity is Validity.VALID


def test_keys_are_independent_until_a_transaction_ties_them() -> None:
    def rows(f: str, value: object, result: object, key: str | None = None) -> list[Row]:
        return [(0, "invoke", f, key, value), (0, "ok", f, key, result)]

    swap = {
        "compare": [["x", "1"], ["y", "2"]],
        "then": [["put", "x", "2"]],
        "else": [["get", "y"]],
    }
    before = [*rows("put", "1", "1", "x"), *rows("put", "2", "2", "y")]
    model = get_model("kv")
    right = history(*before, *rows("txn", swap, {"succeeded": True, "results": [None]}))
    assert check(right, model).validity is Validity.VALID
    wrong = history(*before, *rows("txn", swap, {"succeeded": False, "results": ["2"]}))
    assert check(wrong, model).validity is Validity.INVALID


def hard() -> History:
    """Overlapping compare-and-sets between all pairs of five values, then a read of a sixth: an
    order of them is a walk through a complete graph, and there are very many."""
    pairs = [(a, b) for a in "12345" for b in "12345" if a != b]
    rows: list[Row] = [(0, "invoke", "put", "x", "1"), (0, "ok", "put", "x", "1")]
    rows += [(p, "invoke", "cas", "x", list(pair)) for p, pair in enumerate(pairs)]
    rows += [(p, "ok", "cas", "x", list(pair)) for p, pair in enumerate(pairs)]
    rows += [(99, "invoke", "get", "x", None), (99, "ok", "get", "x", "6")]
    return history(*rows)


@pytest.mark.parametrize(
    ("budget", "why"),
    [
        (Budget(seconds=None, configurations=50), "50 configurations"),
        (Budget(seconds=None, memory=4_000), "4000 bytes"),
    ],
)
def test_a_budget_that_runs_out_makes_it_unknown(budget: Budget, why: str) -> None:
    verdict = check(hard(), get_model("kv"), budget=budget)
    assert verdict.validity is Validity.UNKNOWN
    assert why in verdict.reasons[0]
    assert verdict.conflict is None


def test_a_budget_of_time_is_read_off_the_clock_that_it_is_given() -> None:
    readings = iter(range(0, 1_000_000, 10))
    verdict = check(
        hard(), get_model("kv"), budget=Budget(seconds=25), clock=lambda: float(next(readings))
    )
    assert verdict.validity is Validity.UNKNOWN
    assert "25 s" in verdict.reasons[0]


def test_another_key_that_is_wrong_outweighs_an_exhausted_budget() -> None:
    rows = [(e.process, e.type, e.f, e.key, e.value, e.error) for e in hard().events]
    wrong = [(50, "invoke", "get", "y", None), (50, "ok", "get", "y", "never written")]
    verdict = check(
        history(*rows, *wrong), get_model("kv"), budget=Budget(seconds=None, configurations=600)
    )
    assert verdict.validity is Validity.INVALID
    assert verdict.conflict is not None
    assert verdict.conflict.keys == ("y",)


def test_operations_of_equal_times_are_concurrent_whoever_made_them() -> None:
    write = Operation(0, "write", None, 1, 1, "ok", 0, 10)
    for called, expected in ((10, Validity.VALID), (11, Validity.INVALID)):
        read = Operation(1, "read", None, None, None, "ok", called, 20)
        for operations in ([write, read], [read, write]):
            assert check(operations, get_model("register")).validity is expected
