"""What a walk has at hand: the cluster as it is now, and steps whose names are drawn for it.

A figure is a sequence of steps that is chosen as it goes, each step after a look at what the one
before has led to. A move is a figure of one idea (moves.py), a choreography one of several
moves (choreographies/).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import NamedTuple

import msgspec

from nemesis.chooser import Chooser
from nemesis.cluster.stepped import SteppedCluster
from nemesis.cluster.stepped.post import Place
from nemesis.macro import steps as macro
from nemesis.macro.steps import MacroStep, MessageKind
from nemesis.schedule import Knobs
from nemesis.search.walk.roles import ROLES, View
from nemesis.workloads import WORKLOADS, Values
from raft.consensus.changes import Target, target_of

Steps = Iterator[MacroStep]

REPLIES: tuple[MessageKind, ...] = (
    "append-reply",
    "vote-reply",
    "pre-vote-reply",
    "snapshot-reply",
    "read-index-reply",
)


class Habits(NamedTuple):
    """What a walk tends to do, in per cent of the cases."""

    # A server is drawn by a role, not at random.
    by_role: int = 70
    # The others of a round are just enough for a majority.
    minimal: int = 60
    # The answers of some of them are held.
    unanswered: int = 15
    hasty: int = 10
    # A client's request stays without an answer.
    lost_answer: int = 10
    # A held message arrives twice.
    copy: int = 25


class Stage:
    """The cluster, the choices, and steps made of both."""

    def __init__(
        self, chooser: Chooser, knobs: Knobs, cluster: SteppedCluster, habits: Habits
    ) -> None:
        self.chooser = chooser
        self.knobs = knobs
        self.cluster = cluster
        self.habits = habits
        self.view = View(cluster)
        self.workload = WORKLOADS[knobs.workload]
        self.values = Values(repeats=chooser.chance(10))
        self.keys = ("x",) if chooser.chance(60) else ("x", "y")
        self.kinds = self._draw_kinds()
        # The key that was written last.
        self._last_key: str | None = None
        # How many disks were damaged; and whether the membership may change.
        self.damaged = 0
        self.has_operators = False

    def _draw_kinds(self) -> tuple[str, ...]:
        """What clients write: mostly what shows most, which adds to what is there."""
        chooser, workload = self.chooser, self.workload
        writes = tuple(f for f in workload.operations if f not in workload.reads)
        if chooser.chance(50):
            return ("append",) if "append" in writes else ("write", "cas")
        return tuple(f for f in writes if chooser.chance(50)) or writes

    # -- Servers -----------------------------------------------------------------------------------

    def pick(self, options: Sequence[str]) -> str | None:
        """One of them, if there is any."""
        return self.chooser.pick(options) if options else None

    def anyone(self, *roles: str, but: Sequence[str | None] = ()) -> str | None:
        """A server that is up, drawn by one of the roles, or by any, or at random; none of ``but``;
        None if there is none."""
        up = [name for name, _ in self.view.up() if name not in but]
        if self.chooser.chance(self.habits.by_role) or roles:
            role = self.chooser.pick(roles or tuple(ROLES))
            playing = [name for name in ROLES[role](self.view) if name in up]
            if playing:
                return self.chooser.pick(playing)
        return self.pick(up)

    def leader(self) -> str | None:
        """Who leads; sometimes one who does so in an old term."""
        leading = self.view.leaders()
        if not leading:
            return None
        return leading[0] if self.chooser.chance(75) else self.chooser.pick(leading)

    def others(self, node: str, but: Sequence[str | None] = ()) -> list[str]:
        """The members of the configuration that ``node`` has, without itself and ``but``, in an
        order that is drawn."""
        members = self.view.configuration(node).members
        return self.shuffled([name for name in members if name != node and name not in but])

    def shuffled(self, names: list[str]) -> list[str]:
        """The same in an order that is drawn."""
        for last in range(len(names) - 1, 0, -1):
            other = self.chooser.integer(0, last)
            names[last], names[other] = names[other], names[last]
        return names

    def quorum(self, node: str, but: Sequence[str | None] = ()) -> list[str]:
        """As few others as are needed beside ``node``, those that are up first; ``but`` only if it
        does not go without."""
        others = self.others(node)
        others.sort(key=lambda name: (name in but, self.cluster.nodes[name].replica is None))
        return self._enough(node, others)

    def supporters(self, node: str, but: Sequence[str | None] = ()) -> list[str]:
        """As few others as are needed to elect ``node``, those first who can vote for it by their
        logs; ``but`` only if it does not go without."""
        others = self.others(node)
        others.sort(key=lambda name: (name in but, not self.view.may_vote_for(name, node)))
        return self._enough(node, others)

    def _enough(self, node: str, others: list[str]) -> list[str]:
        """The first of ``others``, as few as are a quorum with ``node``; all if none are."""
        chosen: list[str] = []
        for name in others:
            if self.view.is_quorum(node, chosen):
                break
            chosen.append(name)
        return chosen

    def may_change_members(self) -> bool:
        """Whether operators may be at work from here on: not if a disk was damaged before."""
        if not self.damaged:
            self.has_operators = True
        return self.has_operators

    def may_damage(self) -> bool:
        """Whether one more disk may be damaged, which is counted then: those of a minority, and
        never where operators are at work, for whose loss a configuration bears changes with every
        step; a change that waits for a learner is made even later."""
        if self.has_operators or self.damaged >= (self.knobs.replicas - 1) // 2:
            return False
        self.damaged += 1
        return True

    def some(self, node: str) -> list[str]:
        """Some of the others: mostly just enough for a majority."""
        if self.chooser.chance(self.habits.minimal):
            return self.quorum(node)
        others = self.others(node)
        if self.chooser.chance(40):
            return others
        return others[: self.chooser.integer(0, len(others))]

    def _unanswered(self, peers: list[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
        """Those of ``peers`` whose answers are held: these, or some in a share of the cases."""
        if wanted is None:
            if not peers or not self.chooser.chance(self.habits.unanswered):
                return ()
            wanted = peers[: self.chooser.integer(1, len(peers))]
        return tuple(name for name in peers if name in wanted)

    # -- Steps -------------------------------------------------------------------------------------

    def elect(
        self,
        node: str,
        voters: list[str] | None = None,
        *,
        unanswered: Sequence[str] | None = None,
        hasty: int | None = None,
    ) -> macro.Elect:
        """An election; with voters who suffice, if none are given; ``hasty`` in per cent."""
        chosen = self.quorum(node) if voters is None else voters
        held = self._unanswered(chosen, unanswered)
        hasty = self.chooser.chance(self.habits.hasty if hasty is None else hasty)
        return macro.Elect(node=node, voters=tuple(chosen), unanswered=held, hasty=hasty)

    def replicate(
        self,
        node: str,
        peers: list[str] | None = None,
        *,
        unanswered: Sequence[str] | None = None,
    ) -> macro.Replicate:
        """A round of replication; to some, if none are given."""
        chosen = self.some(node) if peers is None else peers
        held = self._unanswered(chosen, unanswered)
        return macro.Replicate(node=node, peers=tuple(chosen), unanswered=held)

    def write(self, node: str, *, unanswered: bool | None = None) -> macro.Propose:
        """A client writes."""
        return self._write(node, self.kinds, unanswered)

    def overwrite(self, node: str) -> macro.Propose:
        """A client writes so that whoever reads next sees it, and hears the answer."""
        telling = ("append",) if "append" in self.workload.operations else ("write",)
        return self._write(node, telling, unanswered=False)

    def _write(self, node: str, kinds: tuple[str, ...], unanswered: bool | None) -> macro.Propose:
        step = self._operate(node, kinds, unanswered)
        self._last_key = step.key
        return step

    def read(self, node: str, *, unanswered: bool | None = None) -> macro.Propose:
        """A client reads."""
        return self._operate(node, tuple(self.workload.reads), unanswered)

    def read_back(self, node: str) -> macro.Propose:
        """A client reads what was written last, mostly, and hears the answer."""
        step = self._operate(node, tuple(self.workload.reads), unanswered=False)
        if step.key is None or self._last_key is None or self.chooser.chance(10):
            return step
        return msgspec.structs.replace(step, key=self._last_key)

    def _operate(self, node: str, kinds: tuple[str, ...], unanswered: bool | None) -> macro.Propose:
        chooser = self.chooser
        client = chooser.integer(0, self.knobs.clients - 1)
        drawn = self.workload.draw(chooser, kinds, self.keys, client, self.values, 0)
        if unanswered is None:
            unanswered = chooser.chance(self.habits.lost_answer)
        return macro.Propose(
            node=node,
            f=drawn.f,
            key=drawn.key,
            value=drawn.value,
            client=client,
            unanswered=unanswered,
        )

    def retry(self, node: str) -> macro.Retry | None:
        """A client that waits asks this server; None if none waits."""
        waiting = [at for at, client in enumerate(self.cluster.clients) if not client.is_idle]
        if not waiting:
            return None
        lost = self.chooser.chance(self.habits.lost_answer)
        return macro.Retry(node=node, client=self.chooser.pick(waiting), unanswered=lost)

    def held(
        self,
        *kinds: MessageKind,
        source: str | None = None,
        target: str | None = None,
    ) -> list[Place]:
        """Where messages are held: of these kinds, or of all, on these links."""
        nodes = self.cluster.nodes
        return [
            place
            for place in self.cluster.post.places()
            if (not kinds or place[2] in kinds)
            and (source is None or place[0] == source)
            and (target is None or place[1] == target)
            and nodes[place[1]].replica is not None
        ]

    def held_of_older_term(self) -> list[Place]:
        """Where the oldest message is of an older term than the one that its receiver is in."""
        post, view = self.cluster.post, self.view
        return [place for place in self.held() if post.held(place)[0].term < view.term(place[1])]

    def deliver(
        self, places: Sequence[Place], *, nth: int | None = None, copy: bool | None = None
    ) -> macro.Deliver | None:
        """One of the messages that are held at one of these places; None if there is none."""
        if not places:
            return None
        source, target, message = self.chooser.pick(places)
        if nth is None:
            count = len(self.cluster.post.held((source, target, message)))
            nth = self.chooser.pick((0, 0, -1, self.chooser.integer(0, count - 1)))
        if copy is None:
            copy = self.chooser.chance(self.habits.copy)
        return macro.Deliver(source=source, target=target, message=message, nth=nth, copy=copy)

    def arrival(
        self, places: Sequence[Place], *, nth: int | None = None, copy: bool | None = None
    ) -> Generator[MacroStep, None, macro.Deliver | None]:
        """One of these messages arrives, if there is any: the step, once it is taken."""
        step = self.deliver(places, nth=nth, copy=copy)
        if step is not None:
            yield step
        return step

    def does_nothing(self, step: MacroStep) -> bool:
        """Whether it finds nothing to do: a figure goes on as if what it had in mind had worked."""
        match step:
            case macro.Replicate(node=node):
                return not self.view.leads(node)
            case macro.Elect(node=node):
                return self.cluster.nodes[node].replica is None or self.view.leads(node)
            case macro.Restart(node=node):
                return self.cluster.nodes[node].replica is not None
            case macro.Crash(node=node) | macro.Propose(node=node) | macro.Snapshot(node=node):
                return self.cluster.nodes[node].replica is None
            case macro.Perform(node=node):
                return not self.cluster.nodes[node].is_stalled
            case _:
                return False

    def needs_the_lost(self, step: MacroStep) -> bool:
        """Whether it changes the membership to voters half of whom have lost their disks, from
        which no cluster recovers: one figure loses a learner, and others ask for changes then."""
        if not isinstance(step, macro.ChangeMembers) or not step.changes:
            return False
        lost = {name for name, node in self.cluster.nodes.items() if node.is_lost}
        target = target_of(self.view.configuration(step.node), step.changes)
        if not isinstance(target, Target):
            return False
        return 2 * len(lost.intersection(target.voters)) >= len(target.voters)


Figure = Callable[[Stage], Steps]
