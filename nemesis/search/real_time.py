"""Schedules for real clusters: operations at a rate, and a fault at a time, for so long.

The same seed gives the same schedule. What it leads to depends on the machine, and is never twice
the same; so it is long and drawn plainly, not in swarms: every kind of fault that is asked for is
injected, the first of each against the leader, and ended before the next one.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from nemesis.chooser import RandomChooser
from nemesis.errors import NemesisError
from nemesis.faults import FAULTS, ClockDrift, Fault, Grudge, Partition, Targeted
from nemesis.schedule import MILLISECOND, Advance, Knobs, Schedule, Step
from nemesis.search.generate import ENDS
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
    """The schedule of a seed. Raises NemesisError if the faults do not fit into the time."""
    timed = [*_draw_operations(seed, plan), *_draw_faults(seed, plan)]
    timed.sort(key=lambda each: each[:2])
    steps: list[Step] = []
    now = 0
    for time, _, step in timed:
        _wait(steps, time - now)
        now = time
        steps.append(step)
    _wait(steps, plan.duration - now)
    return Schedule(seed=seed, knobs=_draw_knobs(seed, plan), steps=tuple(steps))


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
    return Knobs(
        pre_vote=not chooser.chance(25),
        check_quorum=not chooser.chance(40),
        replicas=plan.replicas,
        clients=plan.clients,
        workload=plan.workload,
        election_timeout_min=500 * MILLISECOND,
        election_timeout_max=1_000 * MILLISECOND,
        heartbeat_interval=100 * MILLISECOND,
        delay_min=0,
        delay_max=0,
        attempt_timeout=1_000 * MILLISECOND,
        operation_timeout=1_000 * MILLISECOND,
        segment_bytes=1 << 20,
        max_entries_per_append=256,
    )


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
    """One after the other, each ended before the next; all kinds by turns, in a random order."""
    if not plan.faults:
        return []
    chooser = RandomChooser(f"faults {seed}")
    room = plan.duration - _CALM
    least = _SHORTEST_FAULT + _CALM
    if room < least * len(plan.faults):
        seconds = (least * len(plan.faults) + _CALM) / SECOND
        raise NemesisError(
            f"{plan.duration / SECOND:g} s are too short for {', '.join(plan.faults)}: with "
            f"{least / SECOND:g} s for a fault, and some peace, they need {seconds:g} s"
        )
    share = room // len(plan.faults)
    longest = min(_LONGEST_FAULT, share - _CALM)
    drawn: list[_Timed] = []
    now = _CALM
    turn: list[str] = []
    hit: set[str] = set()
    while now + longest + _CALM <= plan.duration:
        if not turn:
            turn = _shuffled(chooser, plan.faults)
        names = turn.pop().split("+")
        for at, name in enumerate(names):
            fault = _draw_fault(chooser, name, plan.replicas)
            if name not in hit:
                fault = _against_the_leader(fault, plan.replicas)
            hit.add(name)
            # The second comes when the first has begun to tell.
            drawn.append(_Timed(now + at * _HEAD_START, -1, fault))
        lasts = chooser.integer(_SHORTEST_FAULT, longest)
        now += lasts
        for end in dict.fromkeys(ENDS[name] for name in names if name in ENDS):
            # All of them: a cluster with somebody down for good would bear nothing more.
            drawn.append(_Timed(now, -1, FAULTS[end]()))
        # No longer than its share, so that there is time for every kind.
        now += _CALM + chooser.integer(0, min(_CALM // 2, share - _CALM - lasts))
    return drawn


def _draw_fault(chooser: RandomChooser, name: str, replicas: int) -> Fault:
    kind = FAULTS[name]
    for _ in range(_ATTEMPTS):
        fault = kind.draw(chooser, 0)
        if kind.least_replicas <= replicas and fault.can_hit(replicas) and _can_be_seen(fault):
            return fault
    raise NemesisError(f"{name}: nothing to hit in a cluster of {replicas}")


def _can_be_seen(fault: Fault) -> bool:
    """Clocks are read over the network: what they gain must be more than that takes."""
    return not isinstance(fault, ClockDrift) or abs(fault.parts_per_million) >= _LEAST_DRIFT


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


def _shuffled(chooser: RandomChooser, names: tuple[str, ...]) -> list[str]:
    left = sorted(names)
    return [left.pop(chooser.integer(0, len(left) - 1)) for _ in range(len(left))]
