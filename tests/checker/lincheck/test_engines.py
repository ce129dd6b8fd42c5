"""Every engine against brute force on small histories, and against every other on larger ones."""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from checker.history import Operation
from checker.lincheck.budget import Budget
from checker.lincheck.monitors import MONITORS, TIED_MONITORS
from checker.models import get_model
from tests.checker.brute_force import possible
from tests.checker.histories import random_history
from tests.checker.lincheck.engines import ALWAYS, ENGINES, compare, large, small
from tests.checker.random_histories import random_operations
from tests.checker.simulations.named import MODEL_NAMES

HISTORIES = int(os.environ.get("ENGINE_HISTORIES", "60"))
"""Small histories of each model; a tenth of it of larger ones."""

FEW = Budget(seconds=None, configurations=600)
"""What one engine may spend on a larger history."""

RARELY_IMPOSSIBLE = ("fencing-lock", "unique-ids")
"""Models in which a wrong answer seldom shows."""


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_all_say_what_brute_force_says(name: str) -> None:
    model = get_model(name)
    said: Counter[tuple[str, bool]] = Counter()
    for seed in range(HISTORIES):
        operations = small(name, seed)
        said.update(compare(operations, model, possible(operations, model)).items())
    few = HISTORIES // (20 if name in RARELY_IMPOSSIBLE else 5)
    for engine in ALWAYS:
        assert min(said[engine, True], said[engine, False]) >= few, said
    assert said["refuter", False] >= few
    assert said["relaxed", False] >= few // 2
    assert said["narrowest", True] >= few
    assert said["streamed", True] + said["streamed", False] > 0 or name == "multi-register"
    assert said["monitor", True] > 0 or name not in MONITORS
    if name in TIED_MONITORS:
        assert min(said["tied monitor", True], said["tied monitor", False]) > 0


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_all_agree_on_larger_histories(name: str) -> None:
    model = get_model(name)
    said: Counter[str] = Counter()
    for seed in range(HISTORIES // 10):
        said.update(list(compare(large(name, seed), model, None, FEW)))
    assert len(said) >= 6, said


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_all_find_possible_what_is_so_by_construction(name: str) -> None:
    model = get_model(name)
    said: Counter[str] = Counter()
    for seed in range(HISTORIES // 20):
        said.update(list(compare(large(name, seed, wrong_rate=0.0), model, True, FEW)))
    assert said["narrow"] + said["depth first"] > 0


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_all_agree_on_mutants(name: str) -> None:
    """Possible histories, and the same with one answer changed."""
    model = get_model(name)
    verdicts: Counter[bool] = Counter()
    for seed in range(HISTORIES // 2):
        right, mutant = (
            random_operations(
                Random(f"mutant {name} {seed}"), name, 4 + seed % 5, wrong_rate=rate, keys=1
            )
            for rate in (0.0, 1.0)
        )
        assert possible(right, model)
        expected = possible(mutant, model)
        if mutant != right:
            assert sum(one != other for one, other in zip(right, mutant, strict=True)) == 1
            verdicts[expected] += 1
        compare(mutant, model, expected)
    assert verdicts[False] > (0 if name in RARELY_IMPOSSIBLE else HISTORIES // 10), verdicts


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_all_agree_on_larger_mutants(name: str) -> None:
    model, said = get_model(name), Counter[str]()
    for seed in range(HISTORIES // 20):
        said.update(list(compare(large(name, seed, wrong_rate=1.0), model, None, FEW)))
    assert said["depth first"] + said["frontier"] > 0


def test_every_engine_has_its_say() -> None:
    """What brute force finds possible at once, all those find possible that can."""
    operations = [
        Operation(0, "write", None, 1, None, "ok", 0, 1, None, 0, 1),
        Operation(0, "read", None, None, 1, "ok", 2, 3, None, 2, 3),
    ]
    said = compare(operations, get_model("register"), True)
    assert set(said) == {"expected", *ENGINES} - {"relaxed", "refuter", "tied monitor"}


def test_what_never_completes_is_never_in_conflict_by_itself() -> None:
    """Of the parts that were known at an event, one has nothing but crashed operations."""
    recorded = random_history(Random(4674338), "kv", 3, "xy")
    compare(recorded.operations(), get_model("kv"), False)


def test_what_is_useless_in_the_whole_may_not_be_so_in_a_prefix() -> None:
    """That a dequeue took 0 tells that a crashed enqueue of 2 serves nobody; while the dequeue is
    open, that is not known."""
    compare(small("fifo-queue", 20185), get_model("fifo-queue"), False, engines=("check",))


def test_a_conflict_that_the_budget_left_unknown_is_not_claimed() -> None:
    operations = large("fifo-queue", 335)
    for configurations in (2_000, 3_000, 5_000):
        budget = Budget(seconds=None, configurations=configurations)
        compare(operations, get_model("fifo-queue"), None, budget, ("check",))
