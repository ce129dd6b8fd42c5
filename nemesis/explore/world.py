"""States of a world, packed into integers, and what a move makes of one.

A state is the numbers of its servers, of its past, of the messages that are held, and what is used
up of the bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nemesis.explore.moves import Bounds, moves_of
from nemesis.explore.population import Population
from nemesis.explore.properties import Past, forget, judge, rename_past
from nemesis.explore.reactions import CRASH, PROPOSE, READ, RESTART, Act, Reactions
from nemesis.explore.scratch import Scratch
from nemesis.explore.servers import Server, Violation
from nemesis.explore.symmetry import Permutation, sorting
from nemesis.explore.tables import Table
from nemesis.subjects.own import settings_of
from raft.consensus import Message
from raft.replica import HEALTHY, Variant

# How many bits a number takes in a packed state.
_BITS = 26
_MASK = (1 << _BITS) - 1
# What is used up of the bounds, eight bits each.
_COMMAND, _CRASH, _DELIVERY, _READ = 1, 1 << 8, 1 << 16, 1 << 24


class World:
    """A world within bounds: its first state, and the states that may follow one."""

    def __init__(self, bounds: Bounds, variant: Variant = HEALTHY) -> None:
        """Raises NotModelled if the variant's bug lies in what is not run here."""
        self.bounds = bounds
        self.variant = variant
        self.names = bounds.names
        self.moves = moves_of(bounds)
        scratch = Scratch(self.names, settings_of(bounds.knobs), variant)
        self.population = Population(
            self.names,
            is_healthy=variant.consensus is HEALTHY.consensus,
            symmetry=bounds.symmetry,
        )
        self.permutations = self.population.permutations
        self.pasts: Table[Past] = Table()
        self.held: Table[tuple[int, ...]] = Table()
        self.pasts.number(Past())
        self.held.number(())
        first = [self.population.number(scratch.first(name)) for name in self.names]
        self._reactions = Reactions(self.population, scratch)
        self._renamed_pasts: dict[tuple[int, int], int] = {}
        self._renamed_held: dict[tuple[int, int], int] = {}
        self._forgotten: dict[tuple[int, int], int] = {}
        self._held_with: dict[tuple[int, tuple[int, ...]], int] = {}
        self._sortings: dict[tuple[int, ...], tuple[tuple[Permutation, int], ...]] = {}
        # The state in which everybody has just been started for the first time.
        self.first = self.canonical(_pack(first, 0, 0, 0))[0]

    def refill(
        self,
        servers: Iterable[Server],
        messages: Iterable[Message],
        pasts: Iterable[Past],
        held: Iterable[tuple[int, ...]],
    ) -> None:
        """Number everything as another world of the same bounds has done."""
        self.population.refill(servers, messages)
        self.pasts.refill(pasts)
        self.held.refill(held)

    def decode(self, state: int) -> tuple[list[Server], Past, tuple[Message, ...], int]:
        """Servers, past, held messages and what is used up of the bounds, of a state."""
        servers, past, held, used = _unpack(state, self.bounds.nodes)
        population = self.population
        return (
            [population.servers.values[each] for each in servers],
            self.pasts.values[past],
            tuple(population.messages.values[each] for each in self.held.values[held]),
            used,
        )

    # -- Moves -------------------------------------------------------------------------------------

    def successors(self, state: int) -> Iterator[tuple[int, int | Violation]]:
        """Each move that can be made, by number, and the state that it leads to, or what is wrong
        then. Numbers from ``len(moves)`` on are deliveries: see ``delivery``."""
        servers, past, held, used = _unpack(state, self.bounds.nodes)
        is_up = [self.population.is_up[server] for server in servers]
        leads = [self.population.leads[server] for server in servers]
        bounds = self.bounds
        course = self._reactions.course
        may_propose = used & 255 < bounds.commands
        may_crash = bounds.crashes is None or used >> 8 & 255 < bounds.crashes
        may_read = used >> 24 < bounds.reads
        # What is not bounded is not counted: states that differ by nothing else are one.
        with_crash = used if bounds.crashes is None else used + _CRASH
        for code, move in enumerate(self.moves):
            kind, node, peers, _ = move
            if kind == "restart":
                if not is_up[node]:
                    yield code, self._single(servers, past, held, used, node, RESTART)
            elif not is_up[node]:
                continue
            elif kind == "elect" or kind == "replicate":
                if leads[node] is not (kind == "replicate"):
                    continue
                if False not in [is_up[peer] for peer in peers]:
                    involved = (node, *peers)
                    found = course(move, tuple([servers[each] for each in involved]))
                    following = self._judge(servers, involved, found.acts, past)
                    if not isinstance(following, Violation):
                        after = servers.copy()
                        for each, server in zip(involved, found.servers, strict=True):
                            after[each] = server
                        following = self._finish(
                            after, following, self._hold(held, found.held), used
                        )
                    yield code, following
            elif kind == "crash":
                if may_crash:
                    yield code, self._single(servers, past, held, with_crash, node, CRASH)
            elif not leads[node]:
                continue
            elif kind == "propose":
                if may_propose:
                    yield code, self._single(servers, past, held, used + _COMMAND, node, PROPOSE)
            elif may_read:
                given = READ - self.pasts.values[past].acknowledged
                yield code, self._single(servers, past, held, used + _READ, node, given)
        if held and (bounds.fine or used >> 16 & 255 < bounds.deliveries):
            yield from self._deliveries(servers, past, held, used, is_up)

    def _deliveries(
        self, servers: list[int], past: int, held: int, used: int, is_up: Sequence[bool]
    ) -> Iterator[tuple[int, int | Violation]]:
        base = len(self.moves)
        waiting = self.held.values[held]
        if not self.bounds.fine:
            used += _DELIVERY
        for message in waiting:
            target = self.population.letters[message].target
            if is_up[target]:
                left = self.held.number(tuple([each for each in waiting if each != message]))
                code = base + 2 * message
                yield code, self._single(servers, past, left, used, target, message)
                if self.bounds.copies:
                    yield code + 1, self._single(servers, past, held, used, target, message)

    def delivery(self, code: int) -> tuple[Message, bool]:
        """The message of such a move, and whether it may arrive again."""
        number, is_copy = divmod(code - len(self.moves), 2)
        return self.population.messages.values[number], bool(is_copy)

    def _single(
        self, servers: list[int], past: int, held: int, used: int, node: int, given: int
    ) -> int | Violation:
        """One server takes one input; what it leads to is held."""
        before = servers[node]
        server, messages, outcome = self._reactions.react(before, given)
        if outcome is not None:
            acts = (Act(node, before, (server,), outcome),)
            judged = self._judge(servers, (node,), acts, past)
            if isinstance(judged, Violation):
                return judged
            past = judged
        after = servers.copy()
        after[node] = server
        return self._finish(after, past, self._hold(held, messages), used)

    def _judge(
        self, servers: Sequence[int], involved: Sequence[int], acts: Iterable[Act], past: int
    ) -> int | Violation:
        """The past with what these servers do, one thing after the other; or what is wrong."""
        population = self.population
        for node, before, after, outcome in acts:
            if outcome.violation is not None:
                return outcome.violation
            now = list(servers)
            for each, server in zip(involved, after, strict=True):
                now[each] = server
            mine = now[node]
            all_match = not outcome.log_changed or (
                False not in [population.match(mine, other) for other in now]
            )
            if all_match and not (outcome.elected or outcome.committed or outcome.disk_shrank):
                continue
            values = population.servers.values
            found = judge(
                [values[each] for each in now],
                node,
                values[before],
                outcome,
                self.pasts.values[past],
                all_match=all_match,
            )
            if isinstance(found, Violation):
                return found
            past = self.pasts.number(found)
        return past

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
            horizons = self.population.horizons
            before = min([horizons[server] for server in servers])
            key = (past, before)
            found = self._forgotten.get(key)
            if found is None:
                rest = forget(self.pasts.values[past], before, reads=self.bounds.reads > 0)
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
        all_orbits = self.population.orbits
        orbits = [all_orbits[server] for server in servers]
        wanted = sorted(orbits)
        ranks = tuple([wanted.index(orbit) for orbit in orbits])
        candidates = self._sortings.get(ranks)
        if candidates is None:
            numbers = {each: at for at, each in enumerate(self.permutations)}
            candidates = tuple([(each, numbers[each]) for each in sorting(ranks)])
            self._sortings[ranks] = candidates
        best = -1
        chosen = 0
        renamed = self.population.renamed
        for permutation, number in candidates:
            placed = servers.copy()
            for server, to in zip(servers, permutation, strict=True):
                placed[to] = renamed[server][number]
            packed = _pack(
                placed, self._rename_past(past, number), self._rename_held(held, number), used
            )
            if best < 0 or packed < best:
                best, chosen = packed, number
        return best, chosen

    def _rename_past(self, past: int, permutation: int) -> int:
        if not past or not permutation:
            return past
        key = (past, permutation)
        found = self._renamed_pasts.get(key)
        if found is None:
            renamed = rename_past(self.pasts.values[past], self.population.renamings[permutation])
            found = self._renamed_pasts[key] = self.pasts.number(renamed)
        return found

    def _rename_held(self, held: int, permutation: int) -> int:
        if not held or not permutation:
            return held
        key = (held, permutation)
        found = self._renamed_held.get(key)
        if found is None:
            renamed = self.population.renamed_message
            messages = sorted([renamed(each, permutation) for each in self.held.values[held]])
            found = self._renamed_held[key] = self.held.number(tuple(messages))
        return found


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
