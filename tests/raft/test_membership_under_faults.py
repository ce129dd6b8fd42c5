"""Changes, transfers, crashes and partitions at random, over a network that loses and reorders.

tests/raft/network.py asserts at each step what must never happen; here is only what is tried, and
that the cluster makes progress once it is left alone.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raft.consensus import Consensus, Settings
from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Change,
    Demote,
    Promote,
    Remove,
    Target,
    next_configuration,
)
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import agreed_index, has_quorum
from tests.raft.network import Network

NAMES = ("a", "b", "c", "d", "e")
SECOND = 1_000_000_000
KINDS = (
    *("deliver",) * 12,
    *("time",) * 4,
    *("change",) * 3,
    *("propose",) * 2,
    "lose",
    "again",
    "transfer",
    "cut",
    "heal",
    "restart",
)


def some_changes(random: Random) -> tuple[Change, ...]:
    if random.random() < 0.2:
        chosen = random.sample(NAMES, random.randint(1, 5))
        voters = random.randint(1, len(chosen))
        return (Target(tuple(chosen[:voters]), tuple(chosen[voters:])),)
    if random.random() < 0.15:
        return ()
    kinds = (AddVoter, AddLearner, Promote, Demote, Remove)
    return tuple(
        random.choice(kinds)(random.choice(NAMES)) for _ in range(random.choice((1, 1, 1, 2, 3)))
    )


class Chaos:
    """One run, of a number of steps drawn from a seed."""

    def __init__(self, seed: int, kind: type[Consensus] = Consensus) -> None:
        self.random = random = Random(seed)
        members = random.choice(("abc", "abcd", "abcde", "a", "ab"))
        own = Settings(pre_vote=random.random() < 0.7, check_quorum=random.random() < 0.7)
        self.network = Network(NAMES, tuple(members), own, kind, seed)
        self.asked = 0

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.step(self.random.choice(KINDS))
        self.network.check_logs()

    def step(self, kind: str) -> None:
        network, random = self.network, self.random
        name = random.choice(NAMES)
        leader = network.leader()
        if kind in ("change", "transfer", "propose") and leader and random.random() < 0.8:
            name = leader.node
        server = network[name]
        server.now = network.now
        if kind == "time":
            self.let_time_pass()
        elif kind in ("deliver", "lose", "again"):
            self.treat_messages(kind)
        elif kind == "change":
            self.asked += 1
            transition = random.choice(("automatic", "automatic", "implicit", "explicit"))
            server.change_membership(self.asked, some_changes(random), transition)
            network.settle(name)
        elif kind == "transfer":
            server.transfer_leadership(random.choice(NAMES))
            network.settle(name)
        elif kind == "propose":
            if server.role == "leader" and server.accepts_proposals():
                network.propose(name, str(random.random()).encode())
        elif kind == "cut":
            network.sides = {each: random.randint(0, 1) for each in NAMES}
        elif kind == "heal":
            network.sides = {}
        else:
            network.restart(name)

    def let_time_pass(self) -> None:
        network = self.network
        first = min(server.deadline for server in network.servers.values())
        network.now = max(network.now, first) + self.random.randint(0, 40_000_000)
        for name in NAMES:
            if network[name].deadline <= network.now:
                network.settle(name)

    def treat_messages(self, kind: str) -> None:
        network, random = self.network, self.random
        for _ in range(random.randint(1, 8)):
            if not network.in_flight:
                return
            # Most arrive in order, some do not.
            late = random.random() < 0.2
            message = random.choice(network.in_flight) if late else network.in_flight[0]
            if kind == "lose":
                network.in_flight.remove(message)
            elif kind == "again":
                network.step(message.target, message)
            else:
                network.deliver(message)

    def heal_and_check(self) -> None:
        """Within a few elections there is a leader that commits, and every member follows."""
        network = self.network
        network.sides = {}
        network.in_flight.clear()
        for _ in range(10):
            network.elapse(SECOND)
            leader = network.leader()
            if leader is not None:
                break
        assert leader is not None, "nobody leads"
        index = network.propose(leader.node, b"last")
        term = leader.current_term
        network.elapse(SECOND)
        assert leader.commit_index >= index
        assert leader.log.term_at(index) == term
        network.check_logs()
        for member in leader.configuration.members:
            assert network[member].log.last_index == leader.log.last_index, member
            assert network[member].configuration == leader.configuration
        assert not (leader.configuration.is_joint and leader.configuration.leave_automatically)


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_whatever_happens_raft_stays_raft_and_goes_on(seed: int) -> None:
    chaos = Chaos(seed)
    chaos.run(400)
    chaos.heal_and_check()


def test_the_runs_do_what_they_are_for() -> None:
    """Changes are committed, joint ones among them; leaders hand over and are removed."""
    committed: list[Configuration] = []
    transfers: list[str] = []
    leaders = 0
    for seed in range(20):
        chaos = Chaos(seed)
        chaos.run(400)
        committed += [e.configuration for e in chaos.network.committed if e.configuration]
        leaders += len(chaos.network.leaders)
        for watcher in chaos.network.watchers.values():
            transfers += watcher.transfers
    assert sum(each.is_joint for each in committed) >= 10
    assert sum(not each.is_joint for each in committed) >= 20
    assert any(each.learners_next for each in committed)
    assert {"done", "abandoned"} <= set(transfers)
    assert leaders >= 40


# The same runs convict who decides one thing wrongly.


class NewMajorityAlone(Consensus):
    def has_quorum(self, servers: set[str]) -> bool:
        return has_quorum(Configuration(self.configuration.voters), servers)


class CommitsByTheNewMajorityAlone(Consensus):
    def majority_match_index(self) -> int:
        matched = {peer: progress.match_index for peer, progress in self.progress.items()}
        matched[self.node] = self.saved_index
        return agreed_index(Configuration(self.configuration.voters), matched)


class Overlapping(Consensus):
    def is_change_uncommitted(self) -> bool:
        return False


class NeverJoint(Consensus):
    def configuration_after(self, changes, transition):  # type: ignore[no-untyped-def]
        following = next_configuration(self.configuration, changes, "automatic")
        if self.refusal_now() is None and isinstance(following, Configuration):
            return Configuration(following.voters, learners=following.learners)
        return super().configuration_after(changes, transition)


class NotRolledBack(Consensus):
    def roll_back_configuration(self, index: int) -> None:
        kept = self._configurations[-1][1]
        while self._configurations[-1][0] >= index:
            self._configurations.pop()
        self._configurations[-1] = (self._configurations[-1][0], kept)


# With the first seed that is tried. The first and the third show in 7 of 3,000 runs; of those tried
# here, in 7 and in 3.
@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (NewMajorityAlone, 1_350),
        (CommitsByTheNewMajorityAlone, 0),
        (Overlapping, 800),
        (NeverJoint, 0),
        (NotRolledBack, 0),
    ],
)
def test_a_wrong_decision_is_convicted(kind: type[Consensus], first: int) -> None:
    with pytest.raises(AssertionError):
        many_runs(kind, first)


def many_runs(kind: type[Consensus], first: int) -> None:
    for seed in range(first, first + 1_500):
        chaos = Chaos(seed, kind)
        chaos.run(400)
        if kind is NotRolledBack:
            chaos.heal_and_check()
