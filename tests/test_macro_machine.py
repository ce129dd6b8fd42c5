"""Hypothesis draws macro-steps, in shards; with ``--bug NAME``, on a bug of the zoo."""

from __future__ import annotations

from collections import Counter

import pytest

from checker.verdict import Validity
from nemesis.macro import steps as macro
from nemesis.run import Run, run
from nemesis.search.macro_choices import groups
from nemesis.search.macro_machine import MacroMachine
from nemesis.search.profiles import machine_settings
from nemesis.search.pytest_options import forced_seed, run_shard
from raft.replica import HEALTHY, Variant

SHARDS = range(4)


def runs_of_shard(shard: int, variant: Variant, pytestconfig: pytest.Config) -> list[Run]:
    """Run a shard of the machine; the runs that it made."""
    runs: list[Run] = []
    machine = type("MacroMachine", (MacroMachine,), {"on_run": staticmethod(runs.append)})
    limits = machine_settings(is_hunt=variant is not HEALTHY)
    run_shard(machine, shard, variant, limits, forced_seed(pytestconfig))
    return runs


@pytest.mark.parametrize("shard", SHARDS)
def test_macro_steps_keep_promises(
    shard: int, variant: Variant, pytestconfig: pytest.Config
) -> None:
    runs = runs_of_shard(shard, variant, pytestconfig)
    verdicts = Counter(each.verdict.validity for each in runs)
    assert verdicts[Validity.INVALID] == 0
    # Small runs do nothing, and count for nothing; the others must have done something.
    assert verdicts[Validity.VALID] >= len(runs) // 25, verdicts
    assert sum(sum(each.statistics.succeeded.values()) for each in runs) >= len(runs) // 2
    assert sum(each.statistics.leader_changes for each in runs) >= len(runs)


def test_every_step_is_drawn_and_runs_can_be_repeated(pytestconfig: pytest.Config) -> None:
    runs = runs_of_shard(0, HEALTHY, pytestconfig)
    drawn = {step.kind for each in runs for step in each.schedule.steps}  # type: ignore[union-attr]
    every = {each.__struct_config__.tag for each in macro.MacroStep.__subclasses__()}
    assert every - drawn <= {"perform", "change"}
    for each in runs[:20]:
        assert run(each.schedule).trace_bytes() == each.trace_bytes()


@pytest.mark.long
def test_shards_run_different_cases(pytestconfig: pytest.Config) -> None:
    first, second, again = (
        {each.trace_bytes() for each in runs_of_shard(shard, HEALTHY, pytestconfig)}
        for shard in (1, 2, 1)
    )
    assert first == again
    assert len(first & second) < len(first) // 5


def test_a_round_reaches_rather_a_majority() -> None:
    assert groups(("n2", "n3")) == [("n2",), ("n2",), ("n3",), ("n2", "n3"), ()]
    assert groups(("n2", "n3", "n4", "n5"))[0] == ("n2", "n3")
    assert ("n4",) in groups(("n2", "n3", "n4", "n5"))
    assert groups(()) == [(), ()]
