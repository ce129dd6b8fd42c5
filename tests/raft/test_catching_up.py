"""Three consensus modules that take snapshots at any moment, over a network that loses, reorders
and doubles messages: no two ever differ, and once the network is well all come to be equal."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raft.consensus import Consensus, Entry, Message, Settings, Snapshot
from raft.consensus.snapshot import first_snapshot
from raft.observer import Observer
from tests.raft.harness import MEMBERS, PLAIN, save

SMALL = Settings(
    pre_vote=False,
    check_quorum=False,
    max_entries_per_append=3,
    max_bytes_per_append=60,
    max_appends_in_flight=3,
    max_bytes_in_flight=100,
    max_uncommitted_bytes=200,
    snapshot_chunk_bytes=16,
    entries_kept_after_snapshot=1,
)
HEARTBEAT = PLAIN.heartbeat_interval


class Node:
    """A consensus module, what it has saved, and a state machine that remembers all commands."""

    def __init__(self, name: str, cluster: Cluster) -> None:
        self.name = name
        self.cluster = cluster
        self.random = Random(MEMBERS.index(name))
        self.saved: tuple[int, str | None, Snapshot, tuple[Entry, ...]]
        self.saved = (0, None, first_snapshot(MEMBERS), ())
        self.start()

    def start(self) -> None:
        """Begin with what was saved."""
        term, vote, snapshot, entries = self.saved
        self.consensus = Consensus(
            self.name,
            SMALL,
            self.random,
            Observer(),
            term=term,
            voted_for=vote,
            snapshot=snapshot,
            entries=entries,
            now=self.cluster.now,
        )
        self.restore(snapshot)

    def restore(self, snapshot: Snapshot) -> None:
        """Take on the state of a snapshot."""
        self.state = snapshot.data
        self.applied = snapshot.last_index
        self.cluster.check(self)

    def step(self, *inputs: Message) -> None:
        """As raft.replica does."""
        consensus = self.consensus
        consensus.now = self.cluster.now
        for item in inputs:
            consensus.receive(item)
        if consensus.now >= consensus.deadline:
            consensus.tick()
        if consensus.must_broadcast:
            consensus.finish()
        if consensus.must_save:
            save(consensus)
        received = consensus.received_snapshot
        if received is not None and consensus.install_snapshot():
            self.cluster.seen["installed"] += 1
            self.restore(received)
        snapshot, log = consensus.snapshot, consensus.log
        after = log.entries_from(snapshot.last_index + 1)
        self.saved = (consensus.current_term, consensus.voted_for, snapshot, after)
        self.cluster.messages += consensus.outbox
        consensus.outbox = []
        while self.applied < consensus.commit_index:
            self.applied += 1
            self.state += log.entry_at(self.applied).command
            self.cluster.check(self)

    def propose(self) -> None:
        """A command, unless it is refused."""
        refusal = self.consensus.proposal_refusal()
        if refusal is None:
            self.cluster.proposed += 1
            self.consensus.append_as_leader(b"%d;" % self.cluster.proposed)
            self.step()
        self.cluster.seen[refusal or "proposed"] += 1

    def take_snapshot(self) -> None:
        """Of what has been applied."""
        consensus = self.consensus
        if self.applied > consensus.snapshot.last_index:
            term = consensus.log.term_at(self.applied)
            configuration = consensus.configuration_at(self.applied)
            snapshot = Snapshot(self.applied, term, configuration, self.state)
            consensus.snapshot_taken(snapshot)
            self.step()


class Cluster:
    """The nodes, the messages on their way, and the one state that there may be at each index."""

    def __init__(self) -> None:
        self.now = 0
        self.messages: list[Any] = []
        self.states: dict[int, bytes] = {}
        self.proposed = 0
        self.seen: Counter[str] = Counter()
        # Who receives nothing at present.
        self.cut_off: str | None = None
        self.nodes = [Node(name, self) for name in MEMBERS]

    def check(self, node: Node) -> None:
        """No two nodes have different states after the same entries."""
        assert self.states.setdefault(node.applied, node.state) == node.state

    def deliver(self, at: int, *, stays: bool = False) -> None:
        """Hand over one of the messages, or a copy of it."""
        message = self.messages[at] if stays else self.messages.pop(at)
        if message.target != self.cut_off:
            self.nodes[MEMBERS.index(message.target)].step(message)

    def perform(self, action: str, number: int) -> None:
        """One thing that happens."""
        node = self.nodes[number % 3]
        if action in ("deliver", "double", "lose"):
            if self.messages:
                # Mostly one of the oldest, else nothing would ever come of anything.
                at = min(number // 3, len(self.messages) - 1)
                if action == "lose":
                    del self.messages[at]
                else:
                    self.deliver(at, stays=action == "double")
        elif action == "time passes":
            self.now += HEARTBEAT * (number + 1) // 12
            node.step()
        elif action == "cut off":
            self.cut_off = (*MEMBERS, None)[number % 4]
        elif action == "restart":
            node.start()
        elif action == "snapshot":
            node.take_snapshot()
        else:
            # Whoever leads is found, or else hardly anything would be proposed.
            leaders = [each for each in self.nodes if each.consensus.role == "leader"]
            (leaders[-1] if leaders else node).propose()

    def recover(self) -> None:
        """The network is well from now on; all must come to be equal within 40 heartbeats."""
        self.cut_off = None
        for _ in range(40):
            for _ in range(2_000):
                if not self.messages:
                    break
                self.deliver(0)
            assert not self.messages, "messages breed messages"
            logs = [(n.consensus.log.last_index, n.consensus.commit_index) for n in self.nodes]
            is_led = any(node.consensus.role == "leader" for node in self.nodes)
            if is_led and len({*sum(logs, ())}) == 1:
                break
            self.now += HEARTBEAT
            for node in self.nodes:
                node.step()
        first = self.nodes[0]
        for node in self.nodes:
            assert (node.applied, node.state) == (first.applied, first.state)
            assert node.consensus.log.last_index == node.applied


ACTIONS = (
    *["deliver"] * 40,
    *["time passes"] * 4,
    *["propose"] * 6,
    *["lose"] * 2,
    *["double"] * 2,
    *["snapshot"] * 4,
    "restart",
    "cut off",
)
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 11)), min_size=20, max_size=300)


def run(steps: list[tuple[str, int]]) -> Cluster:
    """What comes of these steps and of a network that is well afterwards."""
    cluster = Cluster()
    for action, number in steps:
        cluster.perform(action, number)
    cluster.recover()
    return cluster


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_all_come_to_be_equal(steps: list[tuple[str, int]]) -> None:
    run(steps)


@pytest.mark.parametrize("seed", range(4))
def test_long_runs_in_which_everything_happens(seed: int) -> None:
    random = Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(20):
        steps = [(random.choice(ACTIONS), random.randrange(12)) for _ in range(800)]
        seen += run(steps).seen
    assert seen["installed"] >= 20
    assert seen["proposed"] >= 300
    assert seen["too-much-uncommitted"] >= 5
