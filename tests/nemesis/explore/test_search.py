"""What is found, and that a search can stop and go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nemesis.explore.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from nemesis.explore.conviction import NotConvicted, convict
from nemesis.explore.frozen import NotModelled
from nemesis.explore.moves import Bounds
from nemesis.explore.search import Found, Search
from nemesis.explore.servers import Violation
from nemesis.explore.world import World
from nemesis.macro.text import parse_steps
from nemesis.run import run
from raft.bugs import get_bug
from raft.replica import HEALTHY, Variant
from raft.storage import Storage

PLAIN: dict[str, Any] = {"commands": 0, "crashes": 1}


@pytest.mark.parametrize(
    ("bug", "bounds", "kind", "steps"),
    [
        ("vote-twice", PLAIN, "one-vote-a-term", "elect n1 []\nelect n2 [n1]"),
        ("vote-not-persisted", PLAIN, "one-vote-a-term", "elect n1 []\ncrash n1\nrestart n1"),
        ("term-not-persisted", PLAIN, "monotonic-term", "elect n1 []\ncrash n1\nrestart n1"),
        (
            "log-not-synced",
            PLAIN,
            "committed-on-majority",
            "elect n1 [n2]\nreplicate n1 [n3]",
        ),
        (
            "commit-of-old-term",
            PLAIN,
            "own-term-commit",
            "elect n1 [n2]\nelect n2 [n1]\nelect n1 [n3]\nreplicate n1 [n2]",
        ),
        (
            "conflicts-kept",
            PLAIN,
            "committed-on-majority",
            "elect n1 [n2]\nelect n2 [n3]\nreplicate n2 [n1]",
        ),
        (
            "no-up-to-date-check",
            PLAIN,
            "leader-completeness",
            "elect n1 [n2]\nreplicate n1 [n3]\nelect n2 [n3]",
        ),
    ],
)
def test_a_bug_is_found_by_the_fewest_steps_and_the_monitors_convict_it(
    bug: str, bounds: dict[str, Any], kind: str, steps: str
) -> None:
    variant = get_bug(bug).variant
    search = Search(World(Bounds(**bounds), variant))
    assert search.run(6)
    assert search.found is not None
    convicted = convict(search.world, search.found)
    assert convicted.verdict.failures[0].kind == kind
    assert convicted.schedule.steps == parse_steps(steps)
    assert run(convicted.schedule, HEALTHY).verdict.failures == ()


def test_single_messages_find_it_too() -> None:
    variant = get_bug("vote-twice").variant
    search = Search(World(Bounds(fine=True, commands=0, crashes=0), variant))
    assert search.run(4)
    assert search.found is not None
    convicted = convict(search.world, search.found)
    assert convicted.verdict.failures[0].kind == "one-vote-a-term"
    assert convicted.schedule.steps == parse_steps("elect n1 []\nelect n2 []\ndeliver n1 n2 vote")


def test_symmetry_changes_no_verdict() -> None:
    for name in ("commit-of-old-term", "length-only"):
        found = []
        for symmetry in (True, False):
            bounds = Bounds(commands=0, crashes=0, symmetry=symmetry)
            search = Search(World(bounds, get_bug(name).variant))
            assert search.run(4)
            assert search.found is not None
            found.append((search.found.violation.kind, len(search.found.moves)))
        assert found[0] == found[1]


def test_what_the_replicas_do_not_do_is_an_error_of_the_explorer() -> None:
    world = World(Bounds(commands=0, crashes=0))
    with pytest.raises(NotConvicted, match="error of the explorer"):
        convict(world, Found(Violation("election-safety", "made up"), (0,)))


def test_a_search_that_stopped_ends_as_one_that_did_not(tmp_path: Path) -> None:
    bounds = Bounds(commands=1, crashes=1)
    whole = Search(World(bounds))
    assert whole.run(5)
    looks = iter([True, True, True, True, False])
    search = Search(World(bounds))
    assert not search.run(5, lambda: next(looks))
    assert search.depth == 4
    assert search.frontier == 891 - 512
    file = tmp_path / "search"
    save_checkpoint(search, file)
    again = load_checkpoint(file, bounds, HEALTHY)
    assert (again.states, again.at, again.depth) == (search.states, search.at, search.depth)
    assert again.run(5)
    assert again.states == whole.states
    assert again.layers == whole.layers
    assert again.parents == whole.parents
    assert again.codes == whole.codes
    assert again.transitions == whole.transitions
    assert again.world.population.servers.values == whole.world.population.servers.values


def test_a_search_of_a_bug_goes_on_to_the_same_end(tmp_path: Path) -> None:
    bounds = Bounds(commands=0, crashes=0)
    variant = get_bug("commit-of-old-term").variant
    whole = Search(World(bounds, variant))
    assert whole.run(4)
    search = Search(World(bounds, variant))
    assert search.run(3)
    save_checkpoint(search, tmp_path / "search")
    again = load_checkpoint(tmp_path / "search", bounds, variant)
    assert again.run(4)
    assert again.found == whole.found
    assert again.found is not None


def test_a_checkpoint_of_another_search_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "search"
    save_checkpoint(Search(World(Bounds(commands=1))), file)
    with pytest.raises(CheckpointError, match="its commands is 1, here it is 2"):
        load_checkpoint(file, Bounds(commands=2), HEALTHY)
    with pytest.raises(CheckpointError, match="its Raft is healthy, here it is vote-twice"):
        load_checkpoint(file, Bounds(commands=1), get_bug("vote-twice").variant)
    file.write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_checkpoint(file, Bounds(), HEALTHY)
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(tmp_path / "nothing", Bounds(), HEALTHY)


def test_a_world_of_one_server_is_exhausted() -> None:
    search = Search(World(Bounds(nodes=1, commands=1, crashes=0)))
    assert search.run(20)
    assert search.is_exhausted
    assert search.depth < 20


class _ForgetsToRecover(Storage):
    def recover(self) -> Any:
        return super().recover()


def test_a_variant_whose_bug_is_not_run_is_refused() -> None:
    with pytest.raises(NotModelled, match="state machine"):
        World(Bounds(), get_bug("retry-applied-twice").variant)
    with pytest.raises(NotModelled, match=r"_ForgetsToRecover\.recover"):
        World(Bounds(), Variant("forgets", storage=_ForgetsToRecover))
