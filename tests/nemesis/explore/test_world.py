"""The states of small worlds: as many as there are, and the ones that replicas come to."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from nemesis.explore.moves import Bounds, BoundsError
from nemesis.explore.scratch import Scratch
from nemesis.explore.world import World
from nemesis.macro.steps import MacroStep
from nemesis.subjects.own import settings_of
from raft.bugs import get_bug
from raft.replica import HEALTHY, Variant
from tests.nemesis.explore.oracle import Observed, Oracle, least
from tests.nemesis.explore.worlds import states_of


def variant(name: str) -> Variant:
    return HEALTHY if name == HEALTHY.name else get_bug(name).variant


@pytest.mark.parametrize(
    ("symmetry", "states"), [(True, [1, 5, 31, 192, 1_083]), (False, [1, 16, 146, 1_050, 6_243])]
)
def test_a_world_has_so_many_states(symmetry: bool, states: list[int]) -> None:
    world = World(Bounds(commands=1, crashes=1, symmetry=symmetry))
    assert [len(states_of(world, depth)[0]) for depth in range(5)] == states


@pytest.mark.parametrize(
    ("bug", "bounds", "depth"),
    [
        ("healthy", {"commands": 1, "crashes": 1}, 3),
        ("healthy", {"commands": 0, "crashes": 0, "unanswered": True}, 2),
        ("healthy", {"commands": 1, "crashes": 1, "fine": True}, 4),
        ("healthy", {"commands": 1, "crashes": 0, "entries_per_append": 2}, 3),
        ("commit-of-old-term", {"commands": 0, "crashes": 0}, 3),
        ("vote-twice", {"commands": 0, "crashes": 1}, 2),
        ("log-not-synced", {"commands": 1, "crashes": 1}, 3),
        ("vote-not-persisted", {"commands": 0, "crashes": 1}, 3),
        ("term-not-persisted", {"commands": 0, "crashes": 1}, 3),
        ("no-up-to-date-check", {"commands": 0, "crashes": 0}, 3),
        ("append-truncates", {"commands": 1, "crashes": 0, "fine": True}, 4),
    ],
)
def test_the_states_are_those_that_replicas_come_to(
    bug: str, bounds: dict[str, Any], depth: int
) -> None:
    names = Bounds(**bounds).names
    reached, convicted = _reached(Oracle(Bounds(**bounds), variant(bug)), depth)
    for symmetry in (True, False):
        world = World(Bounds(**bounds, symmetry=symmetry), variant(bug))

        def of(state: int, world: World = world) -> str:
            servers, past, held, _ = world.decode(state)
            return least(Observed(tuple(servers), past, frozenset(held)), names)

        found, violating = states_of(world, depth)
        assert set(map(of, found)) == reached
        assert {of(state) for state, _ in violating} == convicted


def _reached(oracle: Oracle, depth: int) -> tuple[set[str], set[str]]:
    """What is reached by re-executing every prefix, and from where a move is convicted."""
    names = oracle.bounds.names
    seen = {(least(oracle.observe(oracle.run(())), names), 0, 0)}
    layer: list[tuple[MacroStep, ...]] = [()]
    convicted = set()
    for _ in range(depth):
        following = []
        for prefix in layer:
            before = oracle.run(prefix)
            for step in oracle.following(prefix, before):
                steps = (*prefix, step)
                execution = oracle.run(steps)
                if execution.failures:
                    convicted.add(least(oracle.observe(before), names))
                    continue
                used = [sum(each.kind == kind for each in steps) for kind in ("propose", "crash")]
                state = (least(oracle.observe(execution), names), used[0], used[1])
                if state not in seen:
                    seen.add(state)
                    following.append(steps)
        layer = following
    return {observed for observed, _, _ in seen}, convicted


@pytest.mark.parametrize("bug", ["healthy", "vote-twice"])
def test_a_server_that_is_saved_restored_and_saved_is_the_same(bug: str) -> None:
    bounds = Bounds(commands=1, crashes=1, unanswered=True)
    world = World(bounds, variant(bug))
    states_of(world, 3)
    scratch = Scratch(bounds.names, settings_of(bounds.knobs), variant(bug))
    for server in world.population.servers.values:
        if server.process is not None:
            # A leader has no election time-out, and nobody else a heartbeat to send.
            idle = "time-out" if server.process.role == "leader" else "heartbeat"
            outcome = scratch.step(server, idle)  # type: ignore[arg-type]
            assert outcome.server == server
            assert not outcome.messages


@pytest.mark.parametrize("bug", ["healthy", "append-truncates"])
def test_a_step_does_not_depend_on_what_was_loaded_before(bug: str) -> None:
    bounds = Bounds(commands=1, crashes=1, fine=True)
    world = World(bounds, variant(bug))
    states_of(world, 5)
    settings = settings_of(bounds.knobs)
    random = Random(5)
    scratch = Scratch(bounds.names, settings, variant(bug))
    known = scratch.step
    servers = [each for each in world.population.servers.values if each.process is not None]
    for _ in range(400):
        server = random.choice(servers)
        waiting = [each for each in world.population.messages.values if each.target == server.name]
        given = random.choice([*waiting, "time-out", "heartbeat", "propose", "crash"])
        alone = Scratch(bounds.names, settings, variant(bug)).step(server, given)
        assert known(server, given) == alone


def test_bounds_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(BoundsError, match="6 servers"):
        Bounds(nodes=6)
    with pytest.raises(BoundsError, match="no bounds on deliveries"):
        Bounds(fine=True, deliveries=1)
    with pytest.raises(BoundsError, match="300 commands"):
        Bounds(commands=300)


def test_crashes_without_a_bound_are_not_counted() -> None:
    depth = 3
    bounded, unbounded = (
        World(Bounds(commands=0, crashes=crashes, symmetry=False)) for crashes in (depth, None)
    )
    counted = [bounded.decode(state) for state in states_of(bounded, depth)[0]]
    uncounted = [unbounded.decode(state) for state in states_of(unbounded, depth)[0]]
    assert {repr(state[:3]) for state in counted} == {repr(state[:3]) for state in uncounted}
    assert len(uncounted) == len({repr(state[:3]) for state in uncounted}) < len(counted)
