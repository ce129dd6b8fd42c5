"""States of a world, packed into integers, and what a move makes of one.

A server's next state depends on its present one and on what it is given, on nothing else. So the
consensus module runs once for each pair of these that comes up, and what it did is looked up ever
after; a world of millions of states has some thousands of such pairs. A state is the numbers of its
servers, of its past, of the messages that are held, and what is used up of the bounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nemesis.cluster.sim.cluster import settings_of
from nemesis.explore.moves import Bounds, Move, moves_of
from nemesis.explore.properties import Past, forget, horizon, judge, rename_past
from nemesis.explore.scratch import Event, Outcome, Scratch
from nemesis.explore.servers import Server, Violation
from nemesis.explore.symmetry import (
    Permutation,
    all_permutations,
    rename_message,
    rename_server,
    renaming,
)
from nemesis.explore.tables import Table
from raft.consensus import Message, RequestVote, RequestVoteReply
from raft.replica import HEALTHY, Variant

# How many bits a number takes in a packed state.
_BITS = 26
_MASK = (1 << _BITS) - 1
# What is used up of the bounds, eight bits each.
_COMMAND, _CRASH, _DELIVERY = 1, 1 << 8, 1 << 16
# Inputs beside messages, as numbers.
_EVENTS: tuple[Event, ...] = ("time-out", "heartbeat", "propose", "crash", "restart")
_TIME_OUT, _HEARTBEAT, _PROPOSE, _CRASHES, _RESTARTS = -5, -4, -3, -2, -1
# A macro-step delivers no more; far more than a round needs.
_MOST_DELIVERIES = 400


class _Reaction(NamedTuple):
    """What a server does with an input: by number. ``outcome`` if there is anything to judge."""

    server: int
    messages: tuple[int, ...]
    outcome: Outcome | None


class _Letter(NamedTuple):
    """What is looked up of a message."""

    source: int
    target: int
    is_vote: bool


class World:
    """A world within bounds: its first state, and the states that may follow one."""

    def __init__(self, bounds: Bounds, variant: Variant = HEALTHY) -> None:
        """Raises NotModelled if the variant's bug lies in what is not run here."""
        self.bounds = bounds
        self.variant = variant
        self.names = bounds.names
        self.moves = moves_of(bounds)
        self._is_healthy = variant.consensus is HEALTHY.consensus
        self._position = {name: at for at, name in enumerate(self.names)}
        self._scratch = Scratch(self.names, settings_of(bounds.knobs), variant)
        self.permutations = all_permutations(bounds.nodes)
        self._renamings = [renaming(self.names, each) for each in self.permutations]
        # By a server's number: what it does with each input, the numbers of the same server under
        # each permutation, which are one orbit, what moves it can take, and its horizon.
        self._reactions: list[dict[int, _Reaction]] = []
        self._renamed_servers: list[tuple[int, ...]] = []
        self._orbits: list[int] = []
        self._can: list[str] = []
        self._horizons: list[int] = []
        self.servers: Table[Server] = Table(self._on_new_server)
        self._letters: list[_Letter] = []
        self.messages: Table[Message] = Table(self._on_new_message)
        self.pasts: Table[Past] = Table()
        self.held: Table[tuple[int, ...]] = Table()
        self.pasts.number(Past())
        self.held.number(())
        self._renamed_messages: dict[tuple[int, int], int] = {}
        self._renamed_pasts: dict[tuple[int, int], int] = {}
        self._renamed_held: dict[tuple[int, int], int] = {}
        self._forgotten: dict[tuple[int, int], int] = {}
        self._held_with: dict[tuple[int, tuple[int, ...]], int] = {}
        self._sorted: dict[tuple[int, ...], tuple[Permutation, ...]] = {}
        self._numbers = {each: at for at, each in enumerate(self.permutations)}

    @property
    def first(self) -> int:
        """The state in which everybody has just been started for the first time."""
        servers = [self._number_server(self._scratch.first(name)) for name in self.names]
        return self.canonical(_pack(servers, 0, 0, 0))[0]

    def decode(self, state: int) -> tuple[list[Server], Past, tuple[Message, ...], int]:
        """Servers, past, held messages and what is used up of the bounds, of a state."""
        servers, past, held, used = _unpack(state, self.bounds.nodes)
        return (
            [self.servers.values[each] for each in servers],
            self.pasts.values[past],
            tuple(self.messages.values[each] for each in self.held.values[held]),
            used,
        )

    def refill(
        self,
        servers: Iterable[Server],
        messages: Iterable[Message],
        pasts: Iterable[Past],
        held: Iterable[tuple[int, ...]],
    ) -> None:
        """Number everything as another world of the same bounds has done."""
        self.servers.refill(servers)
        self.messages.refill(messages)
        self.pasts.refill(pasts)
        self.held.refill(held)
        for number, server in enumerate(self.servers.values):
            if not self._renamed_servers[number]:
                self._number_orbit(server)

    # -- Moves -------------------------------------------------------------------------------------

    def successors(self, state: int) -> Iterator[tuple[int, int | Violation]]:
        """Each move that can be made, by number, and the state that it leads to, or what is wrong
        then. Numbers from ``len(moves)`` on are deliveries: see ``delivery``."""
        servers, past, held, used = _unpack(state, self.bounds.nodes)
        can = [self._can[server] for server in servers]
        bounds = self.bounds
        may_propose = used & 255 < bounds.commands
        may_crash = bounds.crashes is None or used >> 8 & 255 < bounds.crashes
        for code, move in enumerate(self.moves):
            kind, node, peers, _ = move
            abilities = can[node]
            if kind == "elect" or kind == "replicate":
                if kind not in abilities or any(not can[peer] for peer in peers):
                    continue
                yield code, self._round(servers.copy(), past, held, used, move)
            elif kind == "propose":
                if may_propose and "replicate" in abilities:
                    yield code, self._single(servers.copy(), past, held, used + _COMMAND, node, -3)
            elif kind == "crash":
                if abilities and may_crash:
                    yield code, self._single(servers.copy(), past, held, used + _CRASH, node, -2)
            elif not abilities:
                yield code, self._single(servers.copy(), past, held, used, node, _RESTARTS)
        if held and (bounds.fine or used >> 16 < bounds.deliveries):
            yield from self._deliveries(servers, past, held, used, can)

    def _deliveries(
        self, servers: list[int], past: int, held: int, used: int, can: Sequence[str]
    ) -> Iterator[tuple[int, int | Violation]]:
        base = len(self.moves)
        waiting = self.held.values[held]
        if not self.bounds.fine:
            used += _DELIVERY
        for message in waiting:
            target = self._letters[message].target
            if can[target]:
                left = self.held.number(tuple(each for each in waiting if each != message))
                code = base + 2 * message
                yield code, self._single(servers.copy(), past, left, used, target, message)
                if self.bounds.copies:
                    yield (
                        code + 1,
                        self._single(servers.copy(), past, held, used, target, message),
                    )

    def delivery(self, code: int) -> tuple[Message, bool]:
        """The message of such a move, and whether it may arrive again."""
        number, is_copy = divmod(code - len(self.moves), 2)
        return self.messages.values[number], bool(is_copy)

    def _single(
        self, servers: list[int], past: int, held: int, used: int, node: int, given: int
    ) -> int | Violation:
        """One server takes one input; what it leads to is held."""
        messages, found = self._hand_in(servers, past, node, given)
        if isinstance(found, Violation):
            return found
        return self._finish(servers, found, self._hold(held, messages), used)

    def _round(
        self, servers: list[int], past: int, held: int, used: int, move: Move
    ) -> int | Violation:
        """An election or a replication: messages go to and fro until nothing is left."""
        kind, node, peers, unanswered = move
        letters = self._letters
        waiting: deque[int] = deque()
        kept: list[int] = []
        votes_only = kind == "elect"
        target = node
        given = _TIME_OUT if votes_only else _HEARTBEAT
        for _ in range(_MOST_DELIVERIES):
            messages, found = self._hand_in(servers, past, target, given)
            if isinstance(found, Violation):
                return found
            past = found
            if target == node:
                allowed: list[int] = []
                for message in messages:
                    letter = letters[message]
                    if letter.target in peers and (letter.is_vote or not votes_only):
                        allowed.append(message)
                    else:
                        kept.append(message)
                if len(allowed) > 1:
                    allowed.sort(key=lambda message: peers.index(letters[message].target))
                waiting.extend(allowed)
            else:
                for message in messages:
                    letter = letters[message]
                    if (
                        letter.target == node
                        and target not in unanswered
                        and (letter.is_vote or not votes_only)
                    ):
                        waiting.append(message)
                    else:
                        kept.append(message)
            if not waiting:
                break
            given = waiting.popleft()
            target = letters[given].target
        return self._finish(servers, past, self._hold(held, (*kept, *waiting)), used)

    def _hand_in(
        self, servers: list[int], past: int, node: int, given: int
    ) -> tuple[tuple[int, ...], int | Violation]:
        """One server takes one input, and is judged."""
        before = servers[node]
        reaction = self._reactions[before].get(given) or self._react(before, given)
        servers[node] = reaction.server
        if reaction.outcome is None:
            return reaction.messages, past
        return reaction.messages, self._judge(servers, node, before, reaction.outcome, past)

    def _react(self, number: int, given: int) -> _Reaction:
        """Run the consensus module."""
        event = _EVENTS[given] if given < 0 else self.messages.values[given]
        outcome = self._scratch.step(self.servers.values[number], event)
        server = self._number_server(outcome.server)
        messages = tuple([self.messages.number(each) for each in outcome.messages])
        must_judge = any(outcome[2:])
        reaction = _Reaction(server, messages, outcome if must_judge else None)
        self._reactions[number][given] = reaction
        return reaction

    def _judge(
        self, servers: list[int], node: int, before: int, outcome: Outcome, past: int
    ) -> int | Violation:
        if outcome.violation is not None:
            return outcome.violation
        values = self.servers.values
        found = judge(
            [values[each] for each in servers],
            node,
            values[before],
            outcome,
            self.pasts.values[past],
        )
        return found if isinstance(found, Violation) else self.pasts.number(found)

    def _hold(self, held: int, messages: tuple[int, ...]) -> int:
        if not messages or not self.bounds.holds_messages:
            return held
        key = (held, messages)
        found = self._held_with.get(key)
        if found is None:
            together = tuple(sorted({*self.held.values[held], *messages}))
            found = self._held_with[key] = self.held.number(together)
        return found

    def _finish(self, servers: list[int], past: int, held: int, used: int) -> int:
        """The state after a move, without what no longer matters."""
        if past:
            horizons = self._horizons
            before = min([horizons[server] for server in servers])
            key = (past, before)
            found = self._forgotten.get(key)
            if found is None:
                rest = forget(self.pasts.values[past], before)
                found = self._forgotten[key] = self.pasts.number(rest)
            past = found
        return _pack(servers, past, held, used)

    # -- Symmetry ----------------------------------------------------------------------------------

    def canonical(self, state: int) -> tuple[int, int]:
        """The state that stands for all that differ from this one by names, and the number of the
        permutation that leads to it."""
        if not self.bounds.symmetry:
            return state, 0
        servers, past, held, used = _unpack(state, self.bounds.nodes)
        orbits = self._orbits
        key = tuple([orbits[server] for server in servers])
        candidates = self._sorted.get(key)
        if candidates is None:
            candidates = self._sorted[key] = self._sorting(key)
        best = -1
        chosen = 0
        renamed = self._renamed_servers
        for permutation in candidates:
            number = self._numbers[permutation]
            placed = servers.copy()
            for server, to in zip(servers, permutation, strict=True):
                placed[to] = renamed[server][number]
            packed = _pack(
                placed, self._rename_past(past, number), self._rename_held(held, number), used
            )
            if best < 0 or packed < best:
                best, chosen = packed, number
        return best, chosen

    def _sorting(self, orbits: tuple[int, ...]) -> tuple[Permutation, ...]:
        """The permutations that bring servers into the order of their orbits."""
        wanted = sorted(orbits)
        found = []
        for permutation in self.permutations:
            placed = [0] * len(orbits)
            for orbit, to in zip(orbits, permutation, strict=True):
                placed[to] = orbit
            if placed == wanted:
                found.append(permutation)
        return tuple(found)

    def _rename_past(self, past: int, permutation: int) -> int:
        if not past or not permutation:
            return past
        key = (past, permutation)
        found = self._renamed_pasts.get(key)
        if found is None:
            renamed = rename_past(self.pasts.values[past], self._renamings[permutation])
            found = self._renamed_pasts[key] = self.pasts.number(renamed)
        return found

    def _rename_held(self, held: int, permutation: int) -> int:
        if not held or not permutation:
            return held
        key = (held, permutation)
        found = self._renamed_held.get(key)
        if found is None:
            messages = [self._rename_message(each, permutation) for each in self.held.values[held]]
            found = self._renamed_held[key] = self.held.number(tuple(sorted(messages)))
        return found

    def _rename_message(self, message: int, permutation: int) -> int:
        key = (message, permutation)
        found = self._renamed_messages.get(key)
        if found is None:
            renamed = rename_message(self.messages.values[message], self._renamings[permutation])
            found = self._renamed_messages[key] = self.messages.number(renamed)
        return found

    # -- Numbers -----------------------------------------------------------------------------------

    def _number_server(self, server: Server) -> int:
        number = self.servers.number(server)
        if len(self._renamed_servers) <= number or not self._renamed_servers[number]:
            self._number_orbit(server)
        return number

    def _number_orbit(self, server: Server) -> None:
        """Number a server under all permutations at once, so that each knows the others."""
        orbit = self.servers.number(server)
        if not self.bounds.symmetry:
            self._renamed_servers[orbit] = (orbit,)
            return
        for names in self._renamings:
            under = rename_server(server, names)
            number = self.servers.number(under)
            self._orbits[number] = orbit
            self._renamed_servers[number] = tuple(
                [self.servers.number(rename_server(under, each)) for each in self._renamings]
            )

    def _on_new_server(self, server: Server) -> None:
        process = server.process
        self._reactions.append({})
        self._renamed_servers.append(())
        self._orbits.append(0)
        self._horizons.append(horizon(server, is_healthy=self._is_healthy))
        if process is None:
            self._can.append("")
        else:
            self._can.append("replicate" if process.role == "leader" else "elect")

    def _on_new_message(self, message: Message) -> None:
        self._letters.append(
            _Letter(
                self._position[message.source],
                self._position[message.target],
                isinstance(message, RequestVote | RequestVoteReply),
            )
        )


def _pack(servers: Sequence[int], past: int, held: int, used: int) -> int:
    packed = used << _BITS | held
    packed = packed << _BITS | past
    for server in servers:
        packed = packed << _BITS | server
    return packed


def _unpack(state: int, count: int) -> tuple[list[int], int, int, int]:
    servers = [0] * count
    for at in range(count - 1, -1, -1):
        servers[at] = state & _MASK
        state >>= _BITS
    past = state & _MASK
    state >>= _BITS
    return servers, past, state & _MASK, state >> _BITS
