"""Walks are functions of their seeds, say what they did, and find what is wrong."""

from __future__ import annotations

from collections import Counter

import pytest

from nemesis.macro import steps as macro
from nemesis.macro.scenario import format_schedule, parse_schedule
from nemesis.macro.steps import MacroStep
from nemesis.outcome import Run
from nemesis.run import run
from nemesis.schedule import decode_schedule, encode_schedule, validate
from nemesis.search.ensemble import STRATEGIES, search, strategy_of
from nemesis.search.walk import CHOREOGRAPHED, ROLES, SWARM, UNIFORM, Style, walk
from nemesis.search.walk.choreographies import ASYNCHRONOUS, CHOREOGRAPHIES, FINALES, OPERATED
from nemesis.search.walk.moves import ESSENTIAL, MOVES
from nemesis.search.walk.themes import THEMES
from raft.bugs import BUGS
from raft.replica import HEALTHY

PER_STYLE = 120
STYLES = {"uniform": UNIFORM, "swarm": SWARM, "roles": ROLES, "choreographed": CHOREOGRAPHED}
# What a step's effect is called, if not as the step; those without have none that is counted.
EFFECTS = {
    "crash": "crash",
    "fail-power": "fail-power",
    "lose-file": "lost-file",
    "snapshot": "snapshot",
    "deliver": "deliver",
    "fill-disk": "full-disk",
}


@pytest.fixture(scope="module")
def walks() -> list[Run]:
    return [walk(seed, HEALTHY, style) for style in STYLES.values() for seed in range(PER_STYLE)]


@pytest.mark.parametrize("style", STYLES.values(), ids=list(STYLES))
def test_a_seed_gives_one_walk(style: Style) -> None:
    for seed in range(20):
        first, second = walk(seed, HEALTHY, style), walk(seed, HEALTHY, style)
        assert first.schedule == second.schedule
        assert first.trace_bytes() == second.trace_bytes()
        assert first.history == second.history


def test_different_seeds_give_different_walks(walks: list[Run]) -> None:
    for first in range(0, len(walks), PER_STYLE):
        of_one_style = walks[first : first + PER_STYLE]
        assert len({encode_schedule(each.schedule) for each in of_one_style}) == PER_STYLE


def test_what_a_walk_did_is_a_schedule_that_does_it_again(walks: list[Run]) -> None:
    for each in walks[::3]:
        validate(each.schedule)
        again = run(each.schedule, HEALTHY)
        assert again.schedule == each.schedule
        assert again.trace_bytes() == each.trace_bytes()
        assert again.history == each.history
        assert again.verdict == each.verdict


def test_its_schedule_can_be_written_down(walks: list[Run]) -> None:
    for each in walks[::5]:
        assert decode_schedule(encode_schedule(each.schedule)) == each.schedule
        assert parse_schedule(format_schedule(each.schedule)) == each.schedule


def test_the_healthy_raft_passes(walks: list[Run]) -> None:
    assert [each.verdict.failures for each in walks if each.verdict.failures] == []


def test_every_step_is_taken_and_does_something(walks: list[Run]) -> None:
    taken: Counter[str] = Counter()
    effects: Counter[str] = Counter()
    milestones: Counter[str] = Counter()
    for each in walks:
        taken.update(step.kind for step in each.schedule.steps if isinstance(step, MacroStep))
        effects.update(each.statistics.effects)
        milestones.update(each.statistics.milestones)
    assert set(taken) == {str(cls.__struct_config__.tag) for cls in MacroStep.__subclasses__()}
    assert {step for step, effect in EFFECTS.items() if not effects[effect]} == set()
    assert effects["hold"]
    assert effects["duplicate"]
    assert milestones["configurations committed"]
    assert milestones["transfers done"]


def test_no_step_is_taken_by_whom_it_is_not_for(walks: list[Run]) -> None:
    for each in walks:
        down: set[str] = set()
        for step in each.schedule.steps:
            if isinstance(step, macro.Crash):
                assert step.node not in down
                down.add(step.node)
            elif isinstance(step, macro.Restart):
                down.discard(step.node)


def test_walks_are_short_and_elect_leaders(walks: list[Run]) -> None:
    assert max(len(each.schedule.steps) for each in walks) <= 121
    assert min(len(each.schedule.steps) for each in walks) >= 1
    elected = [each.statistics.elections for each in walks]
    assert sum(count >= 2 for count in elected) > len(walks) / 2


def test_whatever_is_named_exists() -> None:
    figures = {*CHOREOGRAPHIES, *FINALES}
    assert set(CHOREOGRAPHIES).isdisjoint(FINALES)
    assert figures >= ASYNCHRONOUS | OPERATED
    assert set(MOVES) >= set(ESSENTIAL)
    for theme in THEMES:
        assert set(MOVES) >= set(theme.moves), theme.name
        assert set(CHOREOGRAPHIES) >= set(theme.choreographies), theme.name
        assert set(FINALES) >= set(theme.finales), theme.name


def test_knobs_can_be_fixed() -> None:
    for seed in range(10):
        knobs = walk(seed, HEALTHY, ROLES, replicas=4, pre_vote=True).schedule.knobs
        assert (knobs.replicas, knobs.pre_vote) == (4, True)


@pytest.mark.parametrize(
    ("name", "budget"),
    [
        ("commit-of-old-term", 100),
        ("vote-not-persisted", 50),
        ("vote-twice", 50),
        ("log-not-synced", 50),
        ("append-truncates", 300),
        ("no-up-to-date-check", 50),
        ("stale-read", 500),
        # Logs that part, and answers of an earlier leadership.
        ("progress-not-reset", 400),
        ("stale-ack-counted", 500),
        # Slow disks and snapshots.
        ("snapshot-ahead-of-state", 400),
        ("stale-snapshot-installed", 400),
        # What shows at the end only.
        ("newer-and-longer", 400),
        ("snapshot-reply-term-ignored", 400),
        ("window-never-reopens", 300),
    ],
)
def test_choreographies_find_bugs(name: str, budget: int) -> None:
    bug = BUGS[name]
    for seed in range(budget):
        failures = walk(seed, bug.variant, CHOREOGRAPHED).verdict.failures
        if any(failure.kind in bug.convicted_by for failure in failures):
            return
    pytest.fail(f"{name} was not found in {budget} walks")


def test_a_walk_ends_where_it_failed() -> None:
    bug = BUGS["commit-of-old-term"]
    for seed in range(30):
        failed = walk(seed, bug.variant)
        if failed.verdict.failures:
            again = run(failed.schedule, bug.variant)
            assert again.verdict.failures == failed.verdict.failures
            assert len(again.schedule.steps) == len(failed.schedule.steps)
            return
    pytest.fail("no walk failed")


def test_the_ensemble_uses_all_strategies() -> None:
    drawn = Counter(strategy_of(seed) for seed in range(400))
    assert set(drawn) == set(STRATEGIES) - {"ensemble"}
    for seed in range(8):
        mine = STRATEGIES[strategy_of(seed)](seed, HEALTHY)
        assert search(seed, HEALTHY).trace_bytes() == mine.trace_bytes()
