"""Equal schedules give equal histories and traces: twice, in any process, under any hash seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import pytest

from nemesis.replay import history_bytes
from nemesis.run import run
from nemesis.schedule import decode_schedule, encode_schedule
from nemesis.search.block import NONDETERMINISM, execute, judged_twice, smallest
from nemesis.search.campaign import Campaign, campaign
from nemesis.search.generate import generate
from nemesis.search.tally import Tally
from nemesis.subjects.registry import subject_named
from tests.subjects.runs import printed_elsewhere

SEEDS = range(1_000)
SOME = range(40)


def digest(seeds: Iterable[int]) -> str:
    """Of schedules, histories and traces."""
    whole = hashlib.sha256()
    for seed in seeds:
        result = run(generate(seed))
        whole.update(encode_schedule(result.schedule))
        whole.update(history_bytes(result))
        whole.update(result.trace_bytes())
    return whole.hexdigest()


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_a_thousand_schedules_twice(part: int) -> None:
    for seed in SEEDS[part::4]:
        schedule = generate(seed)
        first, second = run(schedule), run(schedule)
        assert first.trace_bytes() == second.trace_bytes(), seed
        assert first.history == second.history, seed
        assert first.verdict == second.verdict, seed


def test_a_schedule_read_from_its_file_does_the_same() -> None:
    for seed in SOME:
        schedule = generate(seed)
        again = decode_schedule(encode_schedule(schedule))
        assert again == schedule
        assert run(again).trace_bytes() == run(schedule).trace_bytes()


def test_other_processes_and_hash_seeds_do_the_same() -> None:
    code = f"from tests.nemesis.test_determinism import *; print(digest({SOME!r}))"
    digests = {printed_elsewhere(code, hash_seed) for hash_seed in ("0", "1", "4711")}
    assert digests == {digest(SOME)}


def test_the_seed_matters() -> None:
    assert len({digest([seed]) for seed in SOME}) == len(SOME)


def add_up(jobs: int) -> Tally:
    tally = Tally()
    for report in campaign(Campaign(seed=5, runs=60, jobs=jobs)):
        tally.merge(report.tally)
    return tally


def test_parallel_workers_do_the_same_as_one() -> None:
    assert add_up(jobs=2) == add_up(jobs=1)


def test_a_run_that_fails_and_goes_another_way_is_convicted_of_that_first() -> None:
    name = "commit-of-old-term"
    subject, tally = subject_named(name), Tally()
    failed = execute(Campaign(subject=name), 1, subject)
    known = failed.verdict.failures
    assert known
    assert judged_twice(failed, 0, subject, tally).verdict.failures == known
    other = replace(failed, trace=failed.trace[:-1])
    result = judged_twice(other, 0, subject, tally)
    assert [each.kind for each in result.verdict.failures] == [
        NONDETERMINISM,
        *(each.kind for each in known),
    ]
    assert tally.executed_twice == 2
    # Nothing that could be shrunk: it stays as it is.
    assert smallest(1, 1, result, subject).shrunk is result
