"""Histories of databases whose level is known: nothing that their level forbids may be found."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from checker.history import History
from checker.isolation import check, forbids
from checker.lincheck import check as lincheck
from checker.models import get_model
from checker.verdict import Validity
from tests.checker.isolation.simulate import simulate
from tests.checker.isolation.stories import checked

SEEDS = range(4)
WORKLOADS = ("list-append", "rw-register")


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize(
    "level",
    [
        "strict-serializable",
        "serializable",
        "strong-session-serializable",
        "snapshot-isolation",
        "read-committed",
    ],
)
def test_a_database_keeps_its_level(level: str, workload: str) -> None:
    dependencies = 0
    for seed in SEEDS:
        history = simulate(Random(seed), level, workload, info=0.05, fail=0.05)
        # A snapshot is taken, and a commit made, between the two events of a transaction.
        strong = {
            "snapshot-isolation": "strong-snapshot-isolation",
            "read-committed": "strong-read-committed",
        }
        result = checked(history, workload, level=strong.get(level, level))
        assert result.verdict.validity is Validity.VALID, (seed, result.verdict)
        dependencies += result.dependencies
    assert dependencies > 120 * len(SEEDS)


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize(
    ("level", "shows", "never"),
    [
        ("serializable", "-realtime", ""),
        ("strong-session-serializable", "-realtime", "-process"),
        ("snapshot-isolation", "G2-item", "G-single"),
        ("read-committed", "internal", "G1c"),
        ("read-committed", "lost-update", "G0"),
        ("read-uncommitted", "G1c", "garbage-read"),
    ],
)
def test_a_database_shows_what_its_level_allows(
    level: str, workload: str, shows: str, never: str
) -> None:
    found: Counter[str] = Counter()
    for seed in SEEDS:
        found.update(checked(simulate(Random(seed), level, workload), workload).counts)
    assert any(shows in kind for kind in found), found
    if never:
        assert not any(never in kind for kind in found), found
    if level == "serializable":
        assert not any(kind.endswith(("G0", "G1c", "G-single", "G2-item")) for kind in found)


def test_dirty_databases_are_found_out() -> None:
    found: Counter[str] = Counter()
    for seed in SEEDS:
        found.update(checked(simulate(Random(seed), "read-uncommitted", fail=0.1)).counts)
    assert {"G0", "G1a", "G1b", "G1c", "dirty-update"} <= set(found)


def test_long_histories_with_a_read_changed_against_lincheck() -> None:
    """What is found invalid, lincheck finds impossible; what is impossible is found."""
    tally: Counter[tuple[bool, bool]] = Counter()
    for seed in range(30):
        random = Random(seed)
        history = simulate(random, "strict-serializable", transactions=60)
        if seed % 3:
            history = _outdated(random, history)
        result = checked(history)
        possible = lincheck(history, get_model("list-append")).validity
        assert possible is not Validity.UNKNOWN
        tally[result.verdict.validity is Validity.INVALID, possible is Validity.VALID] += 1
        assert check(history).anomalies == result.anomalies
    assert not tally[True, True]
    assert not tally[False, False]
    assert min(tally[True, False], tally[False, True]) >= 8


def _outdated(random: Random, history: History) -> History:
    """The history with the reads of one transaction cut short."""
    events = list(history.events)
    at = random.choice([at for at, each in enumerate(events) if each.type == "ok"])
    smalls = [list(small) for small in events[at].value]
    for small in smalls:
        if small[0] == "r" and small[2]:
            small[2] = small[2][: random.randrange(len(small[2]))]
    events[at] = events[at]._replace(value=smalls)
    return History(events)


def test_levels_of_long_histories_are_those_of_their_anomalies() -> None:
    for seed in SEEDS:
        result = checked(simulate(Random(seed), "read-committed"))
        assert result.weakest_violated
        for level in result.weakest_violated:
            assert any(forbids(level, kind) for kind in result.counts)
        for level in result.strongest_possible:
            assert not any(forbids(level, kind) for kind in result.counts)
