"""The scenarios can fail, and the networks are what they say."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from checker.trace import encode_trace
from nemesis.cluster.sim.events import EventQueue
from raft.bugs.bug import get_bug
from raft.client_messages import ClientReply
from raft.consensus.messages import PreVote, PreVoteReply
from tests.acceptance import test_implementing_raft_commits as commits
from tests.acceptance import test_implementing_raft_elections as elections
from tests.acceptance import test_implementing_raft_key_value as key_value
from tests.acceptance import test_mit_raft_3b as mit_3b
from tests.acceptance import test_mit_raft_3c as mit_3c
from tests.acceptance.clients import Clients
from tests.acceptance.harness import Cluster
from tests.acceptance.network import (
    MILLISECOND,
    MIT_UNRELIABLE,
    SEED_RELIABLE,
    SEED_UNRELIABLE,
    Network,
    Rules,
)
from tests.acceptance.worlds import MIT, SEED, World

SEED_OURS, SEED_OURS_UNRELIABLE = SEED[2:]
MIT_OURS = MIT[1]

# By bug of the zoo, a scenario that convicts it, and where.
CONVICTED: dict[str, tuple[Callable[[Any], None], World]] = {
    "append-truncates": (commits.test_commits_with_leader_disconnects, SEED_OURS),
    "commit-of-old-term": (mit_3c.test_figure8_3c, MIT_OURS),
    "length-only": (mit_3b.test_rejoin_3b, MIT_OURS),
    "log-not-synced": (commits.test_commit_one_command, SEED_OURS),
    "no-up-to-date-check": (mit_3c.test_persist3_3c, MIT_OURS),
    "retry-applied-twice": (key_value.test_append_linearizable_after_delay, SEED_OURS),
    "stale-read": (key_value.test_disconnect_leader_and_follower, SEED_OURS),
    "term-not-persisted": (commits.test_crash_then_restart_leader, SEED_OURS),
    "vote-not-persisted": (commits.test_crash_then_restart_leader, SEED_OURS),
    "vote-twice": (elections.test_election_disconnect_loop, SEED_OURS_UNRELIABLE),
}


def passes(scenario: Callable[[Any], None], world: World, seed: int) -> bool:
    """Whether the scenario passes."""
    clusters: list[Cluster] = []

    def start(servers: int) -> Cluster:
        clusters.append(Cluster(world, servers, seed))
        return clusters[-1]

    is_served = scenario.__module__ == key_value.__name__
    try:
        scenario((lambda servers: Clients(start(servers))) if is_served else start)
        for cluster in clusters:
            cluster.check_invariants()
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("bug", CONVICTED)
def test_scenarios_convict_the_bugs_of_the_zoo(bug: str) -> None:
    """With the bug the scenario fails, and without it, under the same seeds, it passes."""
    scenario, world = CONVICTED[bug]
    assert all(passes(scenario, world, seed) for seed in range(1, 6))
    buggy = world._replace(variant=get_bug(bug).variant)
    assert not all(passes(scenario, buggy, seed) for seed in range(1, 21))


def test_equal_seeds_give_equal_traces() -> None:
    traces = []
    for _ in range(2):
        cluster = Cluster(SEED_OURS_UNRELIABLE, 3, 7)
        cluster.check_single_leader()
        cluster.submit(cluster.leaders()[0], 1)
        cluster.sleep(1000)
        traces.append(encode_trace(cluster.names, cluster.trace.events))
    assert traces[0] == traces[1]


class Carried:
    """What becomes of many messages of one kind, sent at the same time."""

    def __init__(self, rules: Rules, message: Any, *, long_reordering: bool = False) -> None:
        self.delays: list[int] = []
        queue = EventQueue()
        receivers = {"n2": lambda _: self.delays.append(queue.now)}
        self.network = Network(queue, Random(1), rules, receivers)
        self.network.long_reordering = long_reordering
        for _ in range(10_000):
            self.network.send("n1", "n2", message)
        queue.run_until(10_000 * MILLISECOND)

    def share(self, low: int, high: int) -> float:
        """Of all that were sent, those that took between so many ms."""
        low, high = low * MILLISECOND, high * MILLISECOND
        return sum(low <= delay < high for delay in self.delays) / 10_000


REQUEST = PreVote("n1", "n2", 1, 0, 0)
REPLY = PreVoteReply("n1", "n2", 1, True)
ANSWER = ClientReply("n2", "s", 1, 1, "ok", None, None)


def test_mit_drops_and_delays() -> None:
    requests = Carried(MIT_UNRELIABLE, REQUEST)
    assert requests.share(0, 26) == pytest.approx(0.9, abs=0.02)
    assert requests.share(0, 13) == pytest.approx(0.45, abs=0.02)
    assert len(requests.delays) == requests.network.requests["n2"]
    replies = Carried(MIT_UNRELIABLE, REPLY)
    assert replies.share(0, 1) == pytest.approx(0.9, abs=0.02)
    assert replies.network.requests["n2"] == 0
    late = Carried(MIT_UNRELIABLE, REPLY, long_reordering=True)
    assert late.share(200, 2201) == pytest.approx(0.6, abs=0.02)
    assert late.share(0, 1) == pytest.approx(0.3, abs=0.02)


def test_the_seed_series_drops_and_delays() -> None:
    assert Carried(SEED_RELIABLE, REQUEST).share(1, 5) == 1
    requests = Carried(SEED_UNRELIABLE, REQUEST)
    assert requests.share(1, 5) == pytest.approx(0.81, abs=0.02)
    assert requests.share(76, 80) == pytest.approx(0.09, abs=0.02)
    # Its clients are not on that network.
    assert Carried(SEED_UNRELIABLE, ANSWER).share(0, 1) == 1


def test_a_cut_drops_what_is_sent_from_then_on() -> None:
    received: list[object] = []
    queue = EventQueue()
    network = Network(queue, Random(1), SEED_RELIABLE, {"n2": received.append})
    network.send("n1", "n2", REQUEST)
    network.cut([("n1", "n2")])
    network.send("n1", "n2", REPLY)
    queue.run_until(MILLISECOND * 100)
    network.mend([("n1", "n2")])
    network.send("n1", "n2", REPLY)
    queue.run_until(MILLISECOND * 200)
    assert received == [REQUEST, REPLY]
    assert network.effects["cut"] == 1
