"""What is drawn: it can be read back from disk, and holds what was asked for."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemesis.errors import NemesisError
from nemesis.faults import FAULTS
from nemesis.run import run
from nemesis.schedule import decode_schedule, encode_schedule
from nemesis.search.generate import ATTACKS, LOSSES, OPERATORS, Only, Size, generate
from nemesis.workloads import WORKLOADS


def no_more_than(replicas: int) -> st.SearchStrategy[tuple[str, ...]]:
    """Faults that have something to hit in so large a cluster."""
    possible = sorted(name for name in ATTACKS if FAULTS[name].least_replicas <= replicas)
    return st.lists(st.sampled_from(possible), min_size=1, max_size=5, unique=True).map(tuple)


@given(data=st.data(), seed=st.integers(), replicas=st.integers(1, 9))
def test_what_is_drawn_can_be_read_back(data: st.DataObject, seed: int, replicas: int) -> None:
    workload = data.draw(st.none() | st.sampled_from(sorted(WORKLOADS)))
    faults = data.draw(st.none() | no_more_than(replicas))
    size = Size(data.draw(st.integers(0, 20)), data.draw(st.integers(0, 9)))
    schedule = generate(seed, size, Only(replicas, workload, faults))
    assert decode_schedule(encode_schedule(schedule)) == schedule
    assert schedule.knobs.replicas == replicas
    assert len(schedule.operations) == size.operations
    assert len(schedule.faults) >= size.attacks


@settings(max_examples=25)
@given(seed=st.integers(0), replicas=st.integers(1, 9))
def test_what_was_read_back_runs_to_the_same_trace(seed: int, replicas: int) -> None:
    schedule = generate(seed, Size(10, 3), Only(replicas))
    first = run(schedule)
    again = run(decode_schedule(encode_schedule(first.schedule)))
    assert again.trace_bytes() == first.trace_bytes()
    assert again.history == first.history


@pytest.mark.parametrize("replicas", [1, 2, 3])
@pytest.mark.parametrize("name", ATTACKS)
def test_a_fault_that_is_asked_for_comes_or_is_refused(name: str, replicas: int) -> None:
    only = Only(replicas, "register", (name,))
    if FAULTS[name].least_replicas > replicas:
        with pytest.raises(NemesisError, match=f"{name}: nothing to hit in a cluster of"):
            generate(1, only=only)
        return
    runs = (run(generate(seed, Size(20, 5), only)) for seed in range(10))
    assert any(name in result.statistics.confirmed for result in runs)


def test_what_has_nothing_to_hit_is_refused_beside_what_has() -> None:
    with pytest.raises(NemesisError, match=r"^partition, bit-flip: nothing to hit in a cluster of"):
        generate(1, only=Only(1, None, ("crash", "partition", "bit-flip")))


def test_losses_and_operators_that_are_asked_for_both_come_but_not_together() -> None:
    together: Counter[tuple[bool, bool]] = Counter()
    for seed in range(40):
        schedule = generate(seed, only=Only(faults=("bit-flip", "add-server", "crash")))
        kinds = {fault.kind for fault in schedule.faults}
        together[not kinds.isdisjoint(LOSSES), not kinds.isdisjoint(OPERATORS)] += 1
    assert together[True, True] == 0
    assert together[True, False] > 5
    assert together[False, True] > 5
