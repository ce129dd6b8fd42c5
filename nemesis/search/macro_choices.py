"""What the macro-steps of a Hypothesis state machine are about.

A step that finds nothing to do is wasted, so the strategies look at the cluster: servers are drawn
from those that play the role that the step needs just then. The first option is the simplest one
everywhere. The arguments of a rule are drawn in the order of their names, so a later one knows who
was drawn as ``node``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from nemesis.cluster.stepped import SteppedCluster
from nemesis.cluster.stepped.post import Place
from nemesis.macro.execution import MacroExecution
from nemesis.search.strategies import Draw, HypothesisChooser
from nemesis.workloads import Values
from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Change,
    Demote,
    Promote,
    Remove,
    Transition,
)
from raft.consensus.state import LEADER

T = TypeVar("T")
Peers = tuple[str, ...]
# The kind of an operation, its key, its value.
Operation = tuple[str, str | None, Any]

_KEYS = ("x", "x", "x", "y")
# Of so many steps one gets no answers.
_ONE_UNANSWERED = 6


class Machine(Protocol):
    """What strategies need of the machine that draws from them."""

    execution: MacroExecution
    values: Values
    # Who was drawn first for the step that is being drawn.
    chosen: str


# -- Roles -------------------------------------------------------------------------------------


def running(cluster: SteppedCluster) -> list[str]:
    """Servers that are up."""
    return [name for name, node in cluster.nodes.items() if node.replica is not None]


def stopped(cluster: SteppedCluster) -> list[str]:
    """Servers that are down, but not for good."""
    return [
        name for name, node in cluster.nodes.items() if node.replica is None and not node.is_lost
    ]


def stalled(cluster: SteppedCluster) -> list[str]:
    """Whose work is not done at once."""
    return [name for name, node in cluster.nodes.items() if node.is_stalled]


def losable(cluster: SteppedCluster) -> list[str]:
    """Whose disk may be lost: those that are up, while a minority of the voters has lost theirs."""
    lost = sum(node.is_lost for node in cluster.nodes.values())
    return running(cluster) if lost < (len(cluster.members) - 1) // 2 else []


def leaders(cluster: SteppedCluster) -> list[str]:
    """Those that think so, the newest first, which is likelier than the others."""
    names = _leading(cluster)
    return [*names[:1] * (len(names) - 1), *names]


def _leading(cluster: SteppedCluster) -> list[str]:
    """Those that think so, the newest first."""
    leading = [
        (consensus.current_term, name)
        for name in cluster.servers
        if (consensus := cluster.consensus(name)) is not None and consensus.role == LEADER
    ]
    return [name for _, name in sorted(leading, reverse=True)]


def candidates(cluster: SteppedCluster) -> list[str]:
    """Who may campaign."""
    return [
        name
        for name in cluster.servers
        if (consensus := cluster.consensus(name)) is not None
        and consensus.role != LEADER
        and consensus.configuration.voters
    ]


def progressed(cluster: SteppedCluster) -> list[str]:
    """Who has applied something, which a snapshot may take the place of."""
    return [
        name
        for name, node in cluster.nodes.items()
        if (replica := node.replica) is not None
        and replica.last_applied > replica.consensus.log.base_index
    ]


def readable(cluster: SteppedCluster, reads: str) -> list[str]:
    """Who may be asked to read: rather a leader that others have deposed."""
    if reads == "follower":
        return running(cluster)
    names = _leading(cluster)[::-1]
    return [*names[:1] * (len(names) - 1), *names]


def arrivals(cluster: SteppedCluster) -> list[Place]:
    """Where a message is held that somebody would receive."""
    return [place for place in cluster.post.places() if cluster.nodes[place[1]].replica is not None]


def busy_clients(cluster: SteppedCluster) -> list[int]:
    """Those that wait for an answer."""
    return [number for number, client in enumerate(cluster.clients) if not client.is_idle]


# -- Strategies --------------------------------------------------------------------------------


@st.composite
def _from(draw: Draw, options: Callable[[Machine], Sequence[T]]) -> T:
    return HypothesisChooser(draw).pick(options(draw(st.runner())))


@st.composite
def _first(draw: Draw, options: Callable[[Machine], Sequence[str]]) -> str:
    machine: Machine = draw(st.runner())
    machine.chosen = HypothesisChooser(draw).pick(options(machine))
    return machine.chosen


def server(role: Callable[[SteppedCluster], Sequence[str]]) -> st.SearchStrategy[str]:
    """One that plays the role; there must be one."""
    return _first(lambda machine: role(machine.execution.cluster))


def reader() -> st.SearchStrategy[str]:
    """One that may be asked to read; there must be one."""
    return _first(
        lambda machine: readable(machine.execution.cluster, machine.execution.knobs.reads)
    )


def groups(others: Sequence[str]) -> list[Peers]:
    """Whom a round may reach: as many as make a majority with the one that begins it, rather the
    first of them; or single ones, or all, or nobody."""
    enough = (len(others) + 1) // 2
    majorities: list[Peers] = list(combinations(others, enough)) if others else []
    fewer: list[Peers] = [(each,) for each in others] if enough > 1 else []
    return [*majorities[:1], *majorities, *fewer, tuple(others), ()]


def _others(machine: Machine) -> list[str]:
    """The members beside the server that was drawn. Leaders stand last: of one that is deposed and
    not told so, more can come."""
    cluster = machine.execution.cluster
    consensus = cluster.consensus(machine.chosen)
    members = cluster.servers if consensus is None else consensus.configuration.members
    leading = _leading(cluster)
    others = [name for name in members if name != machine.chosen]
    return sorted(others, key=lambda name: name in leading)


def peers() -> st.SearchStrategy[Peers]:
    """Whom a round of the server that was drawn reaches."""
    return _from(lambda machine: groups(_others(machine)))


def other() -> st.SearchStrategy[str]:
    """A member beside the server that was drawn, or that one if there is no other."""
    return _from(lambda machine: _others(machine) or [machine.chosen])


def arrival() -> st.SearchStrategy[Place]:
    """Where a message is held; there must be one."""
    return _from(lambda machine: arrivals(machine.execution.cluster))


def busy_client() -> st.SearchStrategy[int]:
    """One that waits for an answer; there must be one."""
    return _from(lambda machine: busy_clients(machine.execution.cluster))


def unanswered() -> st.SearchStrategy[bool]:
    """Whether answers are lost; seldom."""
    return st.integers(0, _ONE_UNANSWERED - 1).map(lambda drawn: drawn == _ONE_UNANSWERED - 1)


@st.composite
def write(draw: Draw) -> Operation:
    """An operation that changes something."""
    machine: Machine = draw(st.runner())
    workload = machine.execution.workload
    kinds = [f for f in workload.operations if f not in workload.reads]
    chooser = HypothesisChooser(draw)
    # The first always succeeds, so it is what most is seen by.
    f = chooser.pick((*kinds[:1] * 5, *kinds))
    operate = workload.draw(chooser, (f,), _KEYS, 0, machine.values, 0)
    return operate.f, operate.key, operate.value


@st.composite
def read(draw: Draw) -> Operation:
    """An operation that changes nothing."""
    machine: Machine = draw(st.runner())
    workload = machine.execution.workload
    kinds = [f for f in workload.operations if f in workload.reads]
    chooser = HypothesisChooser(draw)
    operate = workload.draw(chooser, kinds, _KEYS, 0, machine.values, 0)
    return operate.f, operate.key, operate.value


def _changes(machine: Machine) -> list[tuple[tuple[Change, ...], Transition]]:
    """What an operator may ask of the leader that was drawn."""
    cluster = machine.execution.cluster
    consensus = cluster.consensus(machine.chosen)
    assert consensus is not None
    configuration = consensus.configuration
    if configuration.is_joint:
        return [((), "automatic")]
    newcomers = [name for name in cluster.servers if name not in configuration.members]
    leaving = [name for name in configuration.voters if len(configuration.voters) > 1]
    single: list[tuple[Change, ...]] = [
        *((Remove(name),) for name in leaving),
        *((AddVoter(name),) for name in newcomers),
        *((AddLearner(name),) for name in newcomers),
        *((Promote(name),) for name in configuration.learners),
        *((Demote(name),) for name in leaving),
    ]
    exchanges: list[tuple[Change, ...]] = [
        (AddVoter(new), Remove(old)) for new in newcomers for old in leaving
    ]
    found: list[tuple[tuple[Change, ...], Transition]] = []
    found += [(changes, "automatic") for changes in (*single, *exchanges)]
    found += [(changes, "explicit") for changes in (*single, *exchanges)]
    return found or [((), "automatic")]


def change() -> st.SearchStrategy[tuple[tuple[Change, ...], Transition]]:
    """What an operator asks of the leader that was drawn."""
    return _from(_changes)
