"""What a model lets be left out may be left out: the rest of a possible history is possible."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from checker.lincheck import check
from checker.models import Model, get_model
from tests.checker.brute_force import possible
from tests.checker.histories import history
from tests.checker.lincheck.random_histories import Draw, draw_list, draw_set, run
from tests.checker.lincheck.test_monitor_appends import draw as draw_texts

ROUNDS = 400


def draw_container(name: str) -> Draw:
    """Calls of a queue or stack with elements that occur several times."""
    insert, remove = {
        "fifo-queue": ("enqueue", "dequeue"),
        "stack": ("push", "pop"),
        "priority-queue": ("insert", "poll"),
    }[name]

    def draw(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
        if name == "priority-queue":
            state = tuple(sorted(state))
        at = -1 if name == "stack" else 0
        first = state[at] if state else None
        if random.random() < 0.2:
            return "peek", None, first, state
        if random.random() < 0.5:
            element = random.randrange(4)
            return insert, element, None, (*state, element)
        return remove, None, first, state[:-1] if at else state[1:]

    return draw


def draw_ids(random: Random, state: Any, number: int) -> tuple[str, Any, Any, Any]:
    return "generate", None, number, state


DRAWS: dict[str, tuple[Draw, Any]] = {
    "fifo-queue": (draw_container("fifo-queue"), ()),
    "stack": (draw_container("stack"), ()),
    "priority-queue": (draw_container("priority-queue"), ()),
    "g-set": (draw_set(0.4, 0.0, 0.0, 0.4), (frozenset(), frozenset())),
    "set": (draw_set(0.2, 0.3, 0.2, 0.4), (frozenset(), frozenset())),
    "list-append": (draw_list(0.4), ()),
    "unique-ids": (draw_ids, None),
}


@pytest.mark.parametrize("name", DRAWS)
def test_what_is_possible_is_so_without_any_clusters(name: str) -> None:
    random = Random(7)
    model = get_model(name)
    draw, state = DRAWS[name]
    left_out = 0
    for _ in range(ROUNDS):
        operations = run(random, random.randint(2, 6), draw, state, 0.2)
        assert possible(operations, model)
        told = [(o, call) for o in operations if (call := model.parse(o)) is not None]
        clusters = clusters_of(model, [call for _, call in told])
        for _ in range(3):
            gone = {at for cluster in clusters if random.random() < 0.5 for at in cluster}
            left_out += len(gone)
            rest = [operation for at, (operation, _) in enumerate(told) if at not in gone]
            assert possible(rest, model), (operations, rest)
    assert left_out > ROUNDS


@pytest.mark.parametrize("name", ["kv", "kv-empty"])
def test_what_grew_out_of_each_other_is_left_out_together(name: str) -> None:
    model = get_model(name)
    left_out = 0
    for seed in range(2 * ROUNDS):
        random = Random(f"{name} {seed}")
        texts = random.choice(
            [["a", "ab", "b", "ba", "c"], [f"{letter};" for letter in "abcdefgh"]]
        )
        operations = draw_texts(
            random,
            name,
            random.randint(3, 8),
            texts,
            crashes=0.2,
            weights=(4, 4, 1, 0.5, 0.3),
            fresh=random.random() < 0.5,
        )
        told = [(o, call) for o in operations if (call := model.parse(o)) is not None]
        clusters = clusters_of(model, [call for _, call in told])
        for _ in range(3):
            gone = {at for cluster in clusters if random.random() < 0.5 for at in cluster}
            left_out += len(gone)
            rest = [operation for at, (operation, _) in enumerate(told) if at not in gone]
            assert possible(rest, model), (operations, rest)
    assert left_out > 2 * ROUNDS


def clusters_of(model: Model, calls: list[Any]) -> list[list[int]]:
    assert model.clusters is not None
    clusters = model.clusters(calls)
    positions = [at for cluster in clusters for at in cluster]
    assert len(set(positions)) == len(positions)
    assert all(0 <= at < len(calls) for at in positions)
    return clusters


def test_a_conflict_in_a_queue_names_only_the_elements_that_it_needs() -> None:
    rows: list[tuple[Any, ...]] = []
    for element in range(20):
        rows += [(0, "invoke", "enqueue", "q", element), (0, "ok", "enqueue", "q", element)]
    for element in (0, 1, 2, 4, 3):
        rows += [(0, "invoke", "dequeue", "q", None), (0, "ok", "dequeue", "q", element)]
    conflict = check(history(*rows), get_model("fifo-queue")).conflict
    assert conflict is not None
    assert len(conflict.operations) == 3
    assert {o.argument for o in conflict.operations} == {3, 4, None}
