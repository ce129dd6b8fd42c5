"""Scenarios of others, run on our Raft.

Each test is named after its original and asserts what that asserts. It runs in every world that its
module lists (``WORLDS``, see worlds.py), and under so many seeds, one after the other:

    ACCEPTANCE_SEEDS        how many (1)
    ACCEPTANCE_FIRST_SEED   from which on (1)

    ACCEPTANCE_SEEDS=100 python -m pytest tests/acceptance

``python bench/acceptance.py`` does that suite by suite and prints what each takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.clients import Clients
from tests.acceptance.harness import Cluster
from tests.acceptance.network import MIT_UNRELIABLE
from tests.acceptance.worlds import World

Start = Callable[[int], Cluster]
Serve = Callable[..., Clients]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Worlds and seeds."""
    if "world" in metafunc.fixturenames:
        worlds: tuple[World, ...] = metafunc.module.WORLDS
        metafunc.parametrize("world", worlds, ids=[world.name for world in worlds])
    if "seed" in metafunc.fixturenames:
        first = int(os.environ.get("ACCEPTANCE_FIRST_SEED", "1"))
        count = int(os.environ.get("ACCEPTANCE_SEEDS", "1"))
        metafunc.parametrize("seed", range(first, first + count))


@pytest.fixture
def start(world: World, seed: int) -> Iterator[Start]:
    """Starts a cluster of so many servers; in the end its invariants hold."""
    clusters = []

    def start_cluster(servers: int) -> Cluster:
        clusters.append(Cluster(world, servers, seed))
        return clusters[-1]

    yield start_cluster
    for cluster in clusters:
        cluster.check_invariants()
        cluster.close()


@pytest.fixture
def serve(start: Start) -> Iterator[Serve]:
    """Starts a cluster of so many servers, as MIT's service; in the end what its clients saw is
    linearizable."""
    served = []

    def serve_clients(servers: int, *, unreliable: bool = False) -> Clients:
        cluster = start(servers)
        if unreliable:
            cluster.network.rules = MIT_UNRELIABLE
        served.append(Clients(cluster, attempt_timeout=100))
        return served[-1]

    yield serve_clients
    for clients in served:
        clients.check_linearizable()
