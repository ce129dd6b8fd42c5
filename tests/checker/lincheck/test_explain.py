"""Explanations: they say what the conflict shows, and nothing that is not so."""

from __future__ import annotations

import json
from random import Random

import pytest

from checker.history import History, Operation
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.conflict import Conflict, first_conflict
from checker.lincheck.explain import ORDERS_MAX, explain
from checker.lincheck.parts import split
from checker.lincheck.search import first_impossible
from checker.models import Model, get_model
from tests.checker.histories import history
from tests.checker.lincheck.recorded import MODELS, recorded

STALE = history(
    (0, "invoke", "write", None, 1),
    (0, "ok", "write", None, 1),
    (1, "invoke", "write", None, 2),
    (1, "ok", "write", None, 2),
    (0, "invoke", "read", None, None),
    (0, "ok", "read", None, 1),
)


def conflict_of(of: History, model: Model) -> Conflict | None:
    for part in split(of.operations(), model):
        impossible = first_impossible(part, part.entries, Meter(Budget()))
        if impossible is not None:
            return first_conflict(of.operations(), part, impossible, model, Meter(Budget()))
    return None


def test_a_stale_read_in_words_and_as_a_picture() -> None:
    model = get_model("register")
    conflict = conflict_of(STALE, model)
    assert conflict is not None
    assert str(explain(STALE, model, conflict)).splitlines() == [
        "No order of these 3 operations explains every answer: after process 0: write 1 and process 1: write",
        "2, process 0: read -> 1 fails: the state is 2, but it returned 1 (process 1: write 2 had ended",
        "before it began).",
        "",
        "The conflict:",
        "  A  process 0: write 1    |-----|",
        "  B  process 1: write 2                |-----|",
        "  C  process 0: read -> 1                          |-----|",
        "",
        "The point of no return: event 5, the end of process 0: read -> 1.",
        "",
        "The longest orders, with the state after each operation:",
        "  1. A [1], B [2]",
        "     then C? the state is 2, but it returned 1 (B had ended before it began)",
    ]


def test_the_facts_of_a_stale_read() -> None:
    model = get_model("register")
    conflict = conflict_of(STALE, model)
    assert conflict is not None
    data = explain(STALE, model, conflict).data
    assert data["event"] == 5
    assert data["first_event"] is None
    assert [each["name"] for each in data["operations"]] == [0, 2, 4]
    assert data["operations"][1]["text"] == "process 1: write 2"
    assert (data["operations"][1]["invoked"], data["operations"][1]["completed"]) == (2, 3)
    assert data["initial"] == "nil"
    assert data["orders"] == [
        {
            "steps": [{"operation": 0, "state": "1"}, {"operation": 2, "state": "2"}],
            "next": [
                {
                    "operation": 4,
                    "why": "the state is 2, but it returned 1 (B had ended before it began)",
                }
            ],
        }
    ]


@pytest.mark.parametrize("name", MODELS)
def test_every_conflict_can_be_explained(name: str) -> None:
    model = get_model(name)
    explained = 0
    for seed in range(40):
        random = Random(f"explain {name} {seed}")
        of = recorded(random, name, random.randrange(2, 9))
        conflict = conflict_of(of, model)
        if conflict is None:
            continue
        explained += 1
        explanation = explain(of, model, conflict)
        assert len(explanation.lines) <= 40
        assert all("\n" not in line for line in explanation.lines)
        data = json.loads(json.dumps(explanation.data))
        assert data == explanation.data
        check_orders(data, conflict)
    assert explained > 3


def check_orders(data: dict[str, object], conflict: Conflict) -> None:
    """The orders shown are legal, as long as they can be, and say of all others why not."""
    orders = data["orders"]
    assert isinstance(orders, list)
    assert 1 <= len(orders) <= ORDERS_MAX
    entries = {entry.operation.invocation: entry for entry in conflict.entries}
    specification = conflict.specification
    assert specification is not None
    for order in orders:
        state = specification.initial
        left = dict(entries)
        for step in order["steps"]:
            entry = left.pop(step["operation"])
            ends = [e.completed for e in left.values() if e.completed is not None]
            assert all(entry.invoked < end for end in ends)
            allowed, state = specification.advance(state, entry.call)
            assert allowed
        must = {name for name, entry in left.items() if entry.completed is not None}
        assert must, "something is left that cannot be explained"
        assert {each["operation"] for each in order["next"]} == must
        ends = [e.completed for e in left.values() if e.completed is not None]
        for each in order["next"]:
            entry = left[each["operation"]]
            late = any(end < entry.invoked for end in ends)
            assert late == each["why"].startswith("it must come after")
            if not late:
                assert not specification.advance(state, entry.call)[0]


def test_a_conflict_of_many_operations_is_cut_to_a_screen() -> None:
    rows = [(p, "invoke", "acquire", None, f"owner {p}") for p in range(60)]
    rows += [(p, "ok", "acquire", None, None) for p in range(2)]
    of, model = history(*rows), get_model("mutex")
    conflict = conflict_of(of, model)
    assert conflict is not None
    assert len(conflict.operations) == 60
    explanation = explain(of, model, conflict)
    assert len(explanation.lines) <= 40
    assert "earlier operations" in str(explanation)
    assert len(explanation.data["operations"]) == 60


def test_an_answer_that_only_python_takes_for_the_argument_is_shown() -> None:
    def words(argument: object, result: object) -> str:
        return str(Operation(0, "put", "k", argument, result, "ok", 0, 1))

    assert words(1, True) == "process 0: put 'k' 1 -> True"
    assert words(1, 1.0) == "process 0: put 'k' 1 -> 1.0"
    assert words([0], [False]) == "process 0: put 'k' [0] -> [False]"
    assert words(1, 1) == words(1, None) == "process 0: put 'k' 1"
    assert words(None, None) == "process 0: put 'k' -> nil"
