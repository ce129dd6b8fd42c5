"""Every bug of the zoo is found, by whom it should be, and shrunk to something that one can read."""

from __future__ import annotations

import statistics

import pytest

from nemesis.run import Run, run
from nemesis.search.generate import generate
from nemesis.search.shrink import shrink
from raft.bugs import BUGS, UnknownBug, get_bug
from raft.bugs.bug import register
from raft.replica import HEALTHY, Variant

# Far more than any of them needs (bench/zoo.py tells how many that is).
MOST_EXECUTIONS = 4_000
MOST_STEPS = 12


def hunt(name: str) -> Run:
    """The first run that the bug fails."""
    for seed in range(MOST_EXECUTIONS):
        result = run(generate(seed), BUGS[name].variant)
        if result.verdict.failures:
            return result
    raise AssertionError(f"{name} was not found in {MOST_EXECUTIONS} executions")


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_bug_is_found_and_shrunk(name: str) -> None:
    bug = BUGS[name]
    failed = hunt(name)
    kind = failed.verdict.failures[0].kind
    assert kind in bug.convicted_by
    shrunk = shrink(failed, bug.variant)
    smallest = shrunk.run
    assert kind in smallest.verdict.kinds
    assert len(smallest.schedule.steps) <= MOST_STEPS
    assert len(smallest.schedule.steps) <= len(failed.schedule.steps)
    again = run(smallest.schedule, bug.variant)
    assert again.trace_bytes() == smallest.trace_bytes()
    assert run(smallest.schedule, HEALTHY).verdict.failures == ()


def test_what_the_zoo_holds() -> None:
    assert len(BUGS) >= 10
    for name, bug in BUGS.items():
        assert bug.name == name
        assert bug.summary
        assert bug.source
        assert bug.convicted_by


def test_shrinking_is_worth_it() -> None:
    steps = []
    for seed in range(40):
        result = run(generate(seed), BUGS["retry-applied-twice"].variant)
        if result.verdict.failures:
            smallest = shrink(result, BUGS["retry-applied-twice"].variant).run
            steps.append((len(result.schedule.steps), len(smallest.schedule.steps)))
    assert len(steps) >= 5
    before, after = zip(*steps, strict=True)
    assert statistics.median(after) * 2 < statistics.median(before)


def test_a_schedule_is_not_left_long_because_its_time_was_shortened_first() -> None:
    variant = BUGS["commit-of-old-term"].variant
    failed = run(generate(1_000_004), variant)
    assert len(failed.schedule.steps) > 60
    smallest = shrink(failed, variant).run
    assert smallest.verdict.failures[0].kind == "own-term-commit"
    assert len(smallest.schedule.steps) <= MOST_STEPS


def test_an_unknown_bug_gets_a_suggestion() -> None:
    with pytest.raises(UnknownBug, match="did you mean 'vote-twice'"):
        get_bug("vote-twcie")


def test_no_two_bugs_have_one_name() -> None:
    with pytest.raises(ValueError, match="two bugs"):
        register(Variant("vote-twice"), summary="", source="", convicted_by=set())
