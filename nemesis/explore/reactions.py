"""What servers do, each thing worked out once and looked up ever after.

A server's next state depends on its present one and on what it is given, on nothing else. So the
consensus module runs once for each pair of these that comes up: a world of millions of states has
some ten thousands of them. In the same way a round between two servers depends on these two alone.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from nemesis.cluster.stepped.cluster import MOST_DELIVERIES
from nemesis.explore.moves import Move
from nemesis.explore.population import Population
from nemesis.explore.scratch import Event, Outcome, Reading, Scratch
from raft.consensus import Message

# Inputs beside messages, as numbers.
_EVENTS: tuple[Event, ...] = ("time-out", "heartbeat", "propose", "crash", "restart")
TIME_OUT, HEARTBEAT, PROPOSE, CRASH, RESTART = -5, -4, -3, -2, -1
# From here on down a read, when so many entries are known of.
READ = -6


class Reaction(NamedTuple):
    """The server then, by number, and what it sends; ``outcome`` if there is anything to judge."""

    server: int
    messages: tuple[int, ...]
    outcome: Outcome | None


class Act(NamedTuple):
    """Something to judge: which server, as it was before, and all servers that take part, after."""

    node: int
    before: int
    after: tuple[int, ...]
    outcome: Outcome


class Course(NamedTuple):
    """What comes of a move: those who take part then, what there is to judge, what is held."""

    servers: tuple[int, ...]
    acts: tuple[Act, ...]
    held: tuple[int, ...]


class Reactions:
    """The consensus module, looked up."""

    def __init__(self, population: Population, scratch: Scratch) -> None:
        self._population = population
        self._scratch = scratch
        self._known: dict[tuple[int, int], Reaction] = {}
        self._courses: dict[tuple[Move, tuple[int, ...]], Course] = {}

    def react(self, server: int, given: int) -> Reaction:
        """What the server does when it is given a message, or an event."""
        key = (server, given)
        return self._known.get(key) or self._run(key)

    def _run(self, key: tuple[int, int]) -> Reaction:
        server, given = key
        population = self._population
        what: Event | Message
        if given >= 0:
            what = population.messages.values[given]
        else:
            what = Reading(READ - given) if given <= READ else _EVENTS[given]
        outcome = self._scratch.step(population.servers.values[server], what)
        messages = tuple([population.messages.number(each) for each in outcome.messages])
        must_judge = any(outcome[2:])
        reaction = self._known[key] = Reaction(
            population.number(outcome.server), messages, outcome if must_judge else None
        )
        return reaction

    def course(self, move: Move, servers: tuple[int, ...]) -> Course:
        """An election or a replication: messages go to and fro until nothing is left. ``servers``
        are the node that moves and its peers, in their order."""
        if len(servers) > 2:
            return self._go(move, servers)
        key = (move, servers)
        found = self._courses.get(key)
        if found is None:
            found = self._courses[key] = self._go(move, servers)
        return found

    def _go(self, move: Move, servers: tuple[int, ...]) -> Course:
        _, node, peers, unanswered = move
        places = {peer: place for place, peer in enumerate(peers, 1)}
        places[node] = 0
        letters = self._population.letters
        now = list(servers)
        acts: list[Act] = []
        held: list[int] = []
        waiting: deque[int] = deque()
        votes_only = move.kind == "elect"
        target, given = node, TIME_OUT if votes_only else HEARTBEAT
        for _ in range(MOST_DELIVERIES + 1):
            place = places[target]
            before = now[place]
            reaction = self.react(before, given)
            now[place] = reaction.server
            if reaction.outcome is not None:
                acts.append(Act(target, before, tuple(now), reaction.outcome))
            allowed: list[int] = []
            for message in reaction.messages:
                _, to, is_vote = letters[message]
                is_allowed = is_vote or not votes_only
                if target == node:
                    is_allowed = is_allowed and to in peers
                else:
                    is_allowed = is_allowed and to == node and target not in unanswered
                (allowed if is_allowed else held).append(message)
            if len(allowed) > 1:
                allowed.sort(key=lambda message: places[letters[message].target])
            waiting.extend(allowed)
            if not waiting:
                break
            given = waiting.popleft()
            target = letters[given].target
        return Course(tuple(now), tuple(acts), (*held, *waiting))
