"""Schedules for real clusters: operations at a rate, and a fault at a time, for so long.

The same seed gives the same schedule. What it leads to depends on the machine, and is never twice
the same; so it is long and drawn plainly, not in swarms: every kind of fault that is asked for is
injected, the first of each against the leader, and ended before the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from nemesis.chooser import RandomChooser
from nemesis.errors import NemesisError
from nemesis.faults import (
    ENDS,
    FAULTS,
    ClockDrift,
    Fault,
    Grudge,
    LostFile,
    LyingDisk,
    Partition,
    Restart,
    SlowDisk,
    Targeted,
)
from nemesis.schedule import MILLISECOND, Advance, Knobs, Schedule, Step
from nemesis.search.generate import LOSSES, OPERATORS
from nemesis.workloads import WORKLOADS, Performance, Values
from raft.kv.commands import Command, Get, Operation, Result
from raft.kv.encoding import encode_command
from raft.kv.state_machine import KeyValueStore

SECOND = 1_000 * MILLISECOND

# Keys in use together, and after how many operations others take their place: a section of the
# history that is judged by itself stays short.
_KEYS = 3
_OPERATIONS_OF_KEYS = 150
# How long a fault lasts, and how long the cluster is left alone after it and at the beginning.
# Longer than an election time-out, so that the leader changes.
_SHORTEST_FAULT, _LONGEST_FAULT = 2 * SECOND, 5 * SECOND
_CALM = 1 * SECOND
# Of two faults that last together the second comes so much later, in ns.
_HEAD_START = SECOND // 2
# Per cent of what compares that does so with what its key should hold by then: there are many keys,
# and with any recent value hardly one would succeed.
_LIKELY = 50
# The slowest drift that is drawn, in parts per million.
_LEAST_DRIFT = 100_000
# Servers beside the members, where any are wanted.
_SPARES = 2
# The longest delay of a sync that is drawn.
_LONGEST_DELAY = 100 * MILLISECOND
_LIE = "lying-disk"
# The shortest segment of a log that our servers take, and how many bytes an operation writes into
# it on average, at least.
_SHORT_SEGMENT = 1 << 12
_WRITTEN = 40
# More of them than in a day of the usual rate: they are drawn before the run, and held in memory.
_MOST_OPERATIONS = 5_000_000
# How often a fault is drawn anew that has nothing to hit in a cluster of this size.
_ATTEMPTS = 100


class Plan(NamedTuple):
    """What is asked for; times in ns, the rate in operations a second."""

    replicas: int = 3
    workload: str = "kv"
    # What of the workload is performed; None: all.
    kinds: tuple[str, ...] | None = None
    # Names of faults; every one is injected. Two that are to last together are written "a+b".
    faults: tuple[str, ...] = ("partition",)
    duration: int = 60 * SECOND
    rate: float = 50.0
    clients: int = 5


class _Expected:
    """What the keys hold if all that was drawn is performed, one after the other."""

    def __init__(self) -> None:
        self._store = KeyValueStore(None, 1)
        self._count = 0

    def value_of(self, key: str) -> str | None:
        return self._store.query(Get(key)).value

    def perform(self, performance: Performance) -> None:
        while performance.answer(self._ask(performance.request)) is None:
            pass

    def _ask(self, operation: Operation) -> Result:
        self._count += 1
        command = encode_command(Command("c", self._count, operation))
        result = self._store.apply(self._count, command).result
        assert isinstance(result, Result)
        return result


class _Timed(NamedTuple):
    time: int
    # Of two steps at the same time the one with the smaller number comes first.
    order: int
    step: Step


def generate_real_time(seed: int, plan: Plan) -> Schedule:
    """The schedule of a seed. Raises NemesisError if the faults do not fit into the time, or the
    operations into one run."""
    _require_countable(plan)
    timed = [*_draw_operations(seed, plan), *_draw_faults(seed, plan), *_draw_steps(seed, plan)]
    timed.sort(key=lambda each: each[:2])
    steps: list[Step] = []
    now = 0
    for time, _, step in timed:
        _wait(steps, time - now)
        now = time
        steps.append(step)
    _wait(steps, plan.duration - now)
    return Schedule(seed=seed, knobs=_draw_knobs(seed, plan), steps=tuple(steps))


def without(schedule: Schedule, kind: str) -> Schedule:
    """The same, at the same times, but no fault of this kind: what would have been without it."""
    steps = tuple(
        Advance(wait=step.wait) if isinstance(step, Fault) and step.kind == kind else step
        for step in schedule.steps
    )
    return msgspec.structs.replace(schedule, steps=steps)


def _wait(steps: list[Step], duration: int) -> None:
    """Let the last step last so much longer."""
    if steps:
        steps[-1] = msgspec.structs.replace(steps[-1], wait=duration)
    elif duration:
        steps.append(Advance(wait=duration))


def _draw_knobs(seed: int, plan: Plan) -> Knobs:
    """Time-outs that real processes on a busy machine can keep; with and without what keeps leaders
    in office."""
    chooser = RandomChooser(f"knobs {seed}")
    kinds = _kinds(plan)
    has_operators = not set(OPERATORS).isdisjoint(kinds)
    return Knobs(
        pre_vote=not chooser.chance(25),
        # A server that was removed would go on disturbing (thesis, section 4.2.3).
        check_quorum=not chooser.chance(40) or has_operators,
        replicas=plan.replicas,
        spares=_SPARES if any(FAULTS[name].least_spares for name in kinds) else 0,
        clients=plan.clients,
        workload=plan.workload,
        election_timeout_min=500 * MILLISECOND,
        election_timeout_max=1_000 * MILLISECOND,
        heartbeat_interval=100 * MILLISECOND,
        delay_min=0,
        delay_max=0,
        attempt_timeout=1_000 * MILLISECOND,
        operation_timeout=1_000 * MILLISECOND,
        # Where the disk may be full, new segments are wanted often; and where an older one may be
        # lost, there must be some.
        segment_bytes=1 << 20 if {"full-disk", "lost-file"}.isdisjoint(kinds) else _SHORT_SEGMENT,
        max_entries_per_append=256,
    )


def _kinds(plan: Plan) -> list[str]:
    return [name for each in plan.faults for name in each.split("+")]


def _draw_operations(seed: int, plan: Plan) -> list[_Timed]:
    """Staggered: between two of them passes anything up to twice the mean."""
    chooser = RandomChooser(f"operations {seed}")
    workload = WORKLOADS[plan.workload]
    values = Values()
    expected = _Expected()
    mean = round(SECOND / plan.rate)
    drawn: list[_Timed] = []
    now = chooser.integer(0, 2 * mean)
    while now < plan.duration:
        block = len(drawn) // _OPERATIONS_OF_KEYS
        keys = [f"k{block * _KEYS + number}" for number in range(_KEYS)]
        client = chooser.integer(0, plan.clients - 1)
        operate = workload.draw(chooser, plan.kinds or workload.operations, keys, client, values, 0)
        if chooser.chance(_LIKELY):
            operate = workload.expecting(operate, expected.value_of)
        expected.perform(workload.begin(operate))
        drawn.append(_Timed(now, len(drawn), operate))
        now += chooser.integer(0, 2 * mean)
    return drawn


def _draw_faults(seed: int, plan: Plan) -> list[_Timed]:
    attacks = tuple(name for name in plan.faults if name not in OPERATORS)
    if not attacks:
        return []
    _require_bearable(plan)
    return _Attacks(RandomChooser(f"faults {seed}"), plan, attacks).draw()


class _Attacks:
    """One after the other, each ended before the next; all kinds by turns, in a random order. Only
    disks that lie do so to the end: their lies come out if power is lost afterwards."""

    def __init__(self, chooser: RandomChooser, plan: Plan, attacks: tuple[str, ...]) -> None:
        self._chooser = chooser
        self._plan = plan
        # What comes by turns: that a disk lies is said to it once.
        self._kinds = tuple(name for name in attacks if set(name.split("+")) != {_LIE})
        self._lies_at_once = len(self._kinds) < len(attacks)
        takes_more = _SHORTEST_FAULT * self._count_longer_turns(attacks)
        _require_room(plan, attacks, len(self._kinds), takes_more)
        # Of the time; no longer than that, so that there is time for every kind.
        self._share = (plan.duration - _CALM - takes_more) // max(1, len(self._kinds))
        self._longest = min(_LONGEST_FAULT, self._share - _CALM)
        self._budget = (plan.replicas - 1) // 2
        self._hit: set[str] = set()
        self._liars: list[str] = []
        self._now = _CALM
        self._drawn: list[_Timed] = []

    def _count_longer_turns(self, attacks: tuple[str, ...]) -> int:
        """What `_begin_lies` and `_end` take besides, where all kinds have their first turn."""
        if not any(_LIE in name.split("+") for name in attacks):
            return 0
        return 1 + sum(map(_ends_by_restart, self._kinds))

    def draw(self) -> list[_Timed]:
        if self._lies_at_once:
            self._begin_lies()
        turn: list[str] = []
        while True:
            turn = self._affordable(turn) or _shuffled(self._chooser, self._affordable(self._kinds))
            if not turn or not self._has_time_for(turn[-1]):
                return self._drawn
            self._attack(turn.pop())

    def _affordable(self, kinds: Iterable[str]) -> list[str]:
        """Those that cost no more servers than may still be lost: what is lost is so for good."""
        return [kind for kind in kinds if _losses(kind) <= self._budget]

    def _has_time_for(self, kind: str) -> bool:
        begins = _LIE in kind.split("+") and not self._liars
        lie = bool(self._liars) or begins
        more = _SHORTEST_FAULT * (begins + (lie and _ends_by_restart(kind)))
        return self._now + self._longest + _CALM + more <= self._plan.duration

    def _begin_lies(self) -> None:
        self._liars = _majority(self._chooser, self._plan.replicas)
        self._do(*(LyingDisk(target=liar) for liar in self._liars))
        self._now += _SHORTEST_FAULT

    def _attack(self, kind: str) -> None:
        names = kind.split("+")
        if _LIE in names:
            if not self._liars:
                self._begin_lies()
            names = [name for name in names if name != _LIE]
        self._budget -= _losses(kind)
        for at, name in enumerate(names):
            written = round(self._plan.rate * self._now / SECOND) * _WRITTEN
            fault = _draw_fault(self._chooser, name, self._plan.replicas, written)
            if name not in self._hit:
                fault = _against_the_leader(fault, self._plan.replicas)
            self._hit.add(name)
            # The second comes when the first has begun to tell, the last before they end.
            head_start = min(_HEAD_START, _SHORTEST_FAULT // len(names))
            self._drawn.append(_Timed(self._now + at * head_start, -1, fault))
        lasts = self._chooser.integer(_SHORTEST_FAULT, self._longest)
        self._now += lasts
        self._end(names)
        most = min(_CALM // 2, self._share - _CALM - lasts)
        self._now += _CALM + self._chooser.integer(0, most)

    def _end(self, names: list[str]) -> None:
        for end in dict.fromkeys(ENDS[name] for name in names if name in ENDS):
            if self._liars and end == "restart":
                # Before anybody comes who remembers what they have promised.
                self._do(*(Restart(target=liar) for liar in self._liars))
                self._now += _SHORTEST_FAULT
            # All of them: a cluster with somebody down for good would bear nothing more.
            self._do(FAULTS[end]())

    def _do(self, *faults: Fault) -> None:
        self._drawn += [_Timed(self._now, -1, fault) for fault in faults]


def _ends_by_restart(kind: str) -> bool:
    return any(ENDS.get(name) == "restart" for name in kind.split("+"))


def _losses(kind: str) -> int:
    """How many servers it costs for good."""
    return sum(name in LOSSES for name in kind.split("+"))


def _require_bearable(plan: Plan) -> None:
    """Raises NemesisError if one of each cost more servers than the cluster can do without."""
    kinds = _kinds(plan)
    losses = [name for name in kinds if name in LOSSES]
    if losses and not set(OPERATORS).isdisjoint(kinds):
        raise NemesisError(
            f"{', '.join(losses)}: not together with changes of the membership, since which disks "
            "a cluster can do without changes with every step"
        )
    if len(losses) > (plan.replicas - 1) // 2:
        raise NemesisError(
            f"{', '.join(losses)}: each costs a server for good, and {plan.replicas} can lose but "
            f"{(plan.replicas - 1) // 2}"
        )


def _require_countable(plan: Plan) -> None:
    operations = round(plan.rate * (plan.duration / SECOND))
    if operations > _MOST_OPERATIONS:
        raise NemesisError(
            f"{plan.duration / SECOND:g} s with {plan.rate:g} operations a second are "
            f"{operations:,} operations: one run holds {_MOST_OPERATIONS:,} at most"
        )


def _require_room(plan: Plan, names: tuple[str, ...], turns: int, more: int = 0) -> None:
    """Raises NemesisError if one of each, in so many turns that take so much more time (in ns) in
    all, does not fit into the time."""
    least = _SHORTEST_FAULT + _CALM
    needed = _CALM + least * turns + more
    if plan.duration < needed:
        raise NemesisError(
            f"{plan.duration / SECOND:g} s are too short for {', '.join(names)}: with "
            f"{least / SECOND:g} s for a fault, and some peace, they need {needed / SECOND:g} s"
        )


def _draw_steps(seed: int, plan: Plan) -> list[_Timed]:
    """What operators do, one after the other, by turns, whatever else goes on."""
    names = tuple(name for name in plan.faults if name in OPERATORS)
    if not names:
        return []
    _require_room(plan, names, len(names))
    chooser = RandomChooser(f"operators {seed}")
    longest = min(_LONGEST_FAULT, (plan.duration - _CALM) // len(names))
    drawn: list[_Timed] = []
    now = _CALM
    turn: list[str] = []
    hit: set[str] = set()
    while now + longest <= plan.duration:
        if not turn:
            turn = _shuffled(chooser, names)
        name = turn.pop()
        step = _draw_fault(chooser, name, plan.replicas)
        if name not in hit:
            step = _against_the_leader(step, plan.replicas)
        hit.add(name)
        drawn.append(_Timed(now, -1, step))
        now += chooser.integer(_SHORTEST_FAULT, longest)
        if name in ENDS:
            drawn.append(_Timed(now, -1, FAULTS[ENDS[name]]()))
    return drawn


def _draw_fault(chooser: RandomChooser, name: str, replicas: int, written: int = 0) -> Fault:
    """``written``: so many bytes are in the log by then."""
    kind = FAULTS[name]
    for _ in range(_ATTEMPTS):
        fault = kind.draw(chooser, 0)
        if not (kind.least_replicas <= replicas and fault.can_hit(replicas)):
            continue
        if _can_be_seen(fault, written):
            return fault
    raise NemesisError(f"{name}: nothing to hit in a cluster of {replicas}")


def _can_be_seen(fault: Fault, written: int) -> bool:
    """Clocks are read over the network: what they gain must be more than that takes. A disk that
    is slow until the end must leave something to see of other faults. A file that is lost must be
    there: servers take no snapshot before they have written megabytes, and of the log there must be
    a third segment before the second one is missed."""
    if isinstance(fault, SlowDisk):
        return fault.delay <= _LONGEST_DELAY
    if isinstance(fault, LostFile):
        has_older = written >= 3 * _SHORT_SEGMENT
        return fault.file in ("vote", "log") or (fault.file == "older-log" and has_older)
    return not isinstance(fault, ClockDrift) or abs(fault.parts_per_million) >= _LEAST_DRIFT


def _majority(chooser: RandomChooser, replicas: int) -> list[str]:
    names = tuple(f"n{number}" for number in range(1, replicas + 1))
    return sorted(_shuffled(chooser, names)[: replicas // 2 + 1])


def _against_the_leader(fault: Fault, replicas: int) -> Fault:
    """Such that it meets the leader, whoever that is, and another one may be elected: a leader that
    is partitioned is cut off from all others, and a grudge is one of each against the next."""
    if isinstance(fault, Grudge):
        links = tuple((each, (each + 1) % replicas) for each in range(replicas))
        fault = msgspec.structs.replace(fault, links=links)
    if isinstance(fault, Partition):
        fault = msgspec.structs.replace(fault, shape="isolate")
    if isinstance(fault, Targeted):
        fault = msgspec.structs.replace(fault, target="leader")
    return fault


def _shuffled(chooser: RandomChooser, names: Sequence[str]) -> list[str]:
    left = sorted(names)
    return [left.pop(chooser.integer(0, len(left) - 1)) for _ in range(len(left))]
