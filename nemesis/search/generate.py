"""The seeded generator of schedules: the work horse of campaigns.

Swarm choice (Groce and others, "Swarm Testing", ISSTA 2012): every schedule enables a random subset
of operations and faults, with rates of its own, because a run that does everything a little seldom
does anything enough. The same generator serves Hypothesis, through another chooser.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from nemesis.chooser import Chooser, RandomChooser
from nemesis.errors import NemesisError
from nemesis.faults import (
    ENDS,
    FAULTS,
    BitFlip,
    Fault,
    LostFile,
    Partition,
    Restart,
    Resume,
    Targeted,
)
from nemesis.schedule import MILLISECOND, Knobs, Operate, Schedule, Step
from nemesis.subjects.bearing import bearable, refuse_unbearable
from nemesis.subjects.own import Tested, subject_of
from nemesis.workloads import WORKLOADS, Values, Workload
from raft.replica import HEALTHY

# Steps of operators; never together with disks that are lost: whose loss a configuration bears
# changes with every step, and a quorum that is lost for good would make most of the run idle.
OPERATORS = (
    "add-server",
    "change-servers",
    "demote-server",
    "reconfigure",
    "remove-server",
    "replace-all",
    "replace-server",
    "rolling-restart",
    "transfer-leadership",
)
# These lose a disk for good.
LOSSES = ("bit-flip", "lost-file")
# What no Raft has to bear.
UNBEARABLE = ("lying-disk",)
REAL_ATTACKS = tuple(sorted(name for name, cls in FAULTS.items() if cls.effect is not None))
"""All that a real cluster may be asked for."""
ATTACKS = tuple(name for name in REAL_ATTACKS if FAULTS[name].is_simulated)
"""Those that the simulator has."""
# At least one of these is in every schedule: they are what makes leaders change.
_UNSEATING = ("crash", "partition", "pause", "unsynced-loss", "crash-all", "torn-write")
# These leave a node without a running process, for a while.
_STOPPING = frozenset((*_UNSEATING, "full-disk", *LOSSES)) - {"partition"}
# These set clocks, or let them run at another rate: nothing rests on clocks but leases.
_CLOCKS = frozenset(("clock-jump", "clock-offset", "clock-drift"))
# How often a fault is drawn anew that has nothing to hit in a cluster of this size.
_ATTEMPTS = 5


class Size(NamedTuple):
    """How much a schedule does: at least so many operations and attacks."""

    operations: int = 50
    attacks: int = 7


class Only(NamedTuple):
    """What the generator must keep to; None leaves the choice to it."""

    replicas: int | None = None
    workload: str | None = None
    # Names of faults to draw from.
    faults: tuple[str, ...] | None = None


class _Swarm(NamedTuple):
    workload: Workload
    kinds: tuple[str, ...]
    keys: tuple[str, ...]
    attacks: tuple[str, ...]
    # Those of them that make a leader lose its office.
    unseating: tuple[str, ...]
    # Steps of operators, beside the attacks, and how many there are.
    operators: tuple[str, ...]
    operations_of_operators: int
    # A fault that has a target is aimed at the leader in so many per cent of the cases.
    leader_percent: int
    long_wait_percent: int
    # After each step one of the faults that last ends in so many per cent of the cases.
    end_percent: int
    # So many clients, the first ones, only read.
    readers: int
    values: Values


ORDINARY = Size()
ANYTHING = Only()


def generate(
    seed: int, size: Size = ORDINARY, only: Only = ANYTHING, tested: Tested = HEALTHY
) -> Schedule:
    """The schedule of a seed: equal arguments give equal schedules. Raises UnsupportedFault if only
    faults are asked for that the subject does not claim to bear."""
    return draw_schedule(RandomChooser(seed), seed, size, only, tested)


def draw_schedule(
    chooser: Chooser, seed: int, size: Size, only: Only, tested: Tested = HEALTHY
) -> Schedule:
    """Draw a schedule from any source of choices; only what the subject has, and bears."""
    subject = subject_of(tested)
    knobs = subject.knobs(draw_knobs(chooser, only))
    bears = bearable(subject)
    if only.faults is None:
        faults = tuple(name for name in ATTACKS if name in bears)
    else:
        faults = only.faults
        refuse_unbearable(subject, faults)
        _refuse_without_target(faults, knobs)
    swarm = _draw_swarm(chooser, knobs, only, faults)
    plan = ["attack"] * size.attacks + ["operation"] * size.operations
    if size.attacks:
        plan += ["operator"] * swarm.operations_of_operators
    _shuffle(chooser, plan)
    coup = chooser.integer(1, size.attacks) if size.attacks and swarm.unseating else 0
    steps: list[Step] = []
    active: list[str] = []
    attacks = 0
    for kind in plan:
        if kind == "attack":
            attacks += 1
            steps.extend(_draw_relief(chooser, swarm, steps, active))
            if attacks == coup:
                steps.append(_draw_coup(chooser, swarm, active))
            else:
                lost = sum(isinstance(step, BitFlip | LostFile) for step in steps)
                steps.append(_draw_attack(chooser, swarm, knobs, active, lost))
        elif kind == "operation":
            steps.append(_draw_operation(chooser, swarm, knobs))
        else:
            steps.append(_draw_step_of_operator(chooser, swarm, active))
        if active and chooser.chance(swarm.end_percent):
            steps.append(_draw_end(chooser, swarm, active))
    return Schedule(seed=seed, knobs=knobs, steps=tuple(steps))


def _draw_relief(
    chooser: Chooser, swarm: _Swarm, steps: list[Step], active: list[str]
) -> list[Step]:
    """What must be mended before the next attack, so that it finds somebody to hit: where everybody
    may be down or paused already, it would not."""
    stopped = 0
    for step in reversed(steps):
        if isinstance(step, Restart | Resume):
            break
        stopped += isinstance(step, Fault) and step.kind in _STOPPING
    if stopped < 2 and not (stopped and "crash-all" in swarm.attacks):
        return []
    relief: list[Step] = []
    for name, end in (("restart", Restart), ("resume", Resume)):
        if name in active:
            active.remove(name)
            relief.append(end(wait=_draw_wait(chooser, 50)))
    return relief


def draw_knobs(chooser: Chooser, only: Only = ANYTHING) -> Knobs:
    """Draw what is fixed for a run; the first options are the ordinary ones."""
    reads = chooser.pick(_ways_to_read(only))
    # The shortest election time-out, in ms; with a short one much more happens in the same time.
    timeout = chooser.pick((150, 150, 150, 60)) * MILLISECOND
    # A message takes far less than that (section 5.6).
    delays = (5, 2, 10, 20) if timeout >= 150 * MILLISECOND else (5, 2)
    if only.faults is None:
        spares = chooser.pick((0, 0, 1, 2, 3))
    else:
        spares = chooser.pick((1, 2, 3)) if _needs_spares(only.faults) else 0
    replicas = only.replicas or chooser.pick((3, 3, 3, 5, 5, 7))
    priorities = {"n1": 2, "n2": 1} if replicas + spares > 1 else {"n1": 2}
    return Knobs(
        replicas=replicas,
        spares=spares,
        clients=chooser.pick((3, 2, 4, 5)),
        workload=only.workload or chooser.pick(("kv", "register")),
        reads=reads,
        pre_vote=not chooser.chance(25),
        check_quorum=not chooser.chance(40) or reads == "lease",
        election_timeout_min=timeout,
        election_timeout_max=2 * timeout,
        heartbeat_interval=timeout // 2,
        delay_max=chooser.pick(delays) * MILLISECOND,
        max_entries_per_append=chooser.pick((16, 1, 4)),
        max_appends_in_flight=chooser.pick((8, 1, 2)),
        session_timeout=chooser.pick((None, None, None, 500 * MILLISECOND)),
        asynchronous_storage=chooser.pick((False, False, False, True)),
        max_bytes_in_flight=chooser.pick((0, 0, 0, 100)),
        max_bytes_per_append=chooser.pick((1 << 20, 1 << 20, 200)),
        max_uncommitted_bytes=chooser.pick((0, 0, 0, 300)),
        snapshot_threshold_bytes=chooser.pick((0, 0, 200, 600)),
        snapshot_chunk_bytes=chooser.pick((1 << 16, 100)),
        entries_kept_after_snapshot=chooser.pick((64, 0, 4)),
        segment_bytes=chooser.pick((1024, 300)),
        power_fails_at_first_start=chooser.pick((None, None, None, None, 0, 1, 2, 3, 4)),
        priorities=chooser.pick(({}, {}, {}, priorities)),
    )


def _needs_spares(names: tuple[str, ...]) -> bool:
    return any(FAULTS[name].least_spares for name in names)


def _ways_to_read(only: Only) -> tuple[Literal["index", "log", "follower", "lease"], ...]:
    """Reads by lease are drawn only where the clocks may be left within their bound."""
    if only.faults is not None and not set(only.faults) - _CLOCKS:
        return ("index", "index", "log", "follower")
    return ("index", "index", "index", "log", "follower", "lease")


def keeps_clocks_within_bound(name: str, knobs: Knobs) -> bool:
    """Whether a fault of this kind may be drawn: with leases, none that makes clocks differ by more
    than they are allowed to. What comes of that is no bug."""
    return knobs.reads != "lease" or name not in _CLOCKS


def may_be_drawn(name: str, knobs: Knobs) -> bool:
    """Whether a fault of this kind has anything to hit in such a cluster, and does no more than
    what the cluster has to bear."""
    kind = FAULTS[name]
    return (
        kind.least_replicas <= knobs.replicas
        and kind.least_spares <= knobs.spares
        and keeps_clocks_within_bound(name, knobs)
    )


def _refuse_without_target(named: tuple[str, ...], knobs: Knobs) -> None:
    """Raise NemesisError for faults that could never come, however often one drew."""
    wrong = [name for name in named if FAULTS[name].least_replicas > knobs.replicas]
    if wrong:
        raise NemesisError(f"{', '.join(wrong)}: nothing to hit in a cluster of {knobs.replicas}")


def _draw_operators(
    chooser: Chooser, possible: tuple[str, ...], others: tuple[str, ...], only: Only
) -> tuple[str, ...]:
    """In a share of the schedules there are operators: in all where they are asked for by name, and
    with them nothing that must come without."""
    is_alternative = only.faults is None or not set(LOSSES).isdisjoint(others)
    if not possible or (is_alternative and not chooser.chance(40)):
        return ()
    share = chooser.pick((30, 60))
    chosen = [name for name in possible if chooser.chance(share)]
    return tuple(chosen) or (chooser.pick(possible),)


def _draw_swarm(chooser: Chooser, knobs: Knobs, only: Only, named: tuple[str, ...]) -> _Swarm:
    workload = WORKLOADS[knobs.workload]
    possible = tuple(name for name in named if may_be_drawn(name, knobs))
    allowed = tuple(name for name in possible if name not in OPERATORS)
    operators = _draw_operators(
        chooser, tuple(name for name in possible if name in OPERATORS), allowed, only
    )
    if operators:
        # Without any attacks, those of the operators take their place.
        allowed = tuple(name for name in allowed if name not in LOSSES) or operators
    if not allowed:
        raise NemesisError(
            f"{', '.join(named) or 'no fault'}: nothing to hit in a cluster of {knobs.replicas}"
        )
    unseating = [name for name in _UNSEATING if name in allowed]
    enabled = {chooser.pick(unseating)} if unseating else set()
    share = chooser.pick((15, 30, 60))
    enabled.update(name for name in allowed if chooser.chance(share))
    if not enabled:
        enabled.add(chooser.pick(allowed))
    kinds = [kind for kind in workload.operations if chooser.chance(60)]
    reads = [kind for kind in workload.operations if kind in workload.reads]
    writes = [kind for kind in workload.operations if kind not in workload.reads]
    if reads and not any(kind in workload.reads for kind in kinds):
        kinds.append(chooser.pick(reads))
    if all(kind in workload.reads for kind in kinds):
        kinds.append(chooser.pick(writes))
    if not workload.inseparable.isdisjoint(kinds):
        kinds.extend(workload.inseparable)
    return _Swarm(
        workload,
        tuple(kind for kind in workload.operations if kind in kinds),
        ("x", "y", "z")[: chooser.pick((2, 1, 3))],
        tuple(name for name in allowed if name in enabled),
        tuple(name for name in unseating if name in enabled),
        operators,
        chooser.pick((2, 4, 7)) if operators else 0,
        chooser.pick((0, 30, 60)),
        chooser.pick((10, 5, 20)),
        chooser.pick((20, 10, 40)),
        chooser.pick((0, 0, 1)) if reads else 0,
        Values(repeats=chooser.chance(15) and workload.may_repeat),
    )


def _draw_operation(chooser: Chooser, swarm: _Swarm, knobs: Knobs) -> Operate:
    wait = _draw_wait(chooser, 0)
    client = chooser.integer(0, knobs.clients - 1)
    kinds = swarm.kinds
    if client < swarm.readers:
        kinds = tuple(kind for kind in kinds if kind in swarm.workload.reads)
    return swarm.workload.draw(chooser, kinds, swarm.keys, client, swarm.values, wait)


def _draw_attack(
    chooser: Chooser, swarm: _Swarm, knobs: Knobs, active: list[str], lost: int
) -> Fault:
    for _ in range(_ATTEMPTS):
        name = chooser.pick(swarm.attacks)
        fault = FAULTS[name].draw(chooser, _draw_wait(chooser, 30 + swarm.long_wait_percent))
        within_budget = name not in LOSSES or lost < (knobs.replicas - 1) // 2
        if within_budget and fault.can_hit(knobs.replicas):
            break
    if isinstance(fault, Targeted) and chooser.chance(swarm.leader_percent):
        fault = msgspec.structs.replace(fault, target="leader")
    _activate(name, active)
    return fault


def _draw_step_of_operator(chooser: Chooser, swarm: _Swarm, active: list[str]) -> Fault:
    name = chooser.pick(swarm.operators)
    _activate(name, active)
    return FAULTS[name].draw(chooser, _draw_wait(chooser, 20 + swarm.long_wait_percent))


def _draw_coup(chooser: Chooser, swarm: _Swarm, active: list[str]) -> Fault:
    """An attack on the leader, with time for another one to be elected."""
    name = chooser.pick(swarm.unseating)
    fault = FAULTS[name].draw(chooser, chooser.integer(400, 800) * MILLISECOND)
    if isinstance(fault, Partition):
        fault = msgspec.structs.replace(fault, shape="isolate")
    if isinstance(fault, Targeted):
        fault = msgspec.structs.replace(fault, target="leader")
    _activate(name, active)
    return fault


def _activate(name: str, active: list[str]) -> None:
    if name in ENDS and ENDS[name] not in active:
        active.append(ENDS[name])


def _draw_end(chooser: Chooser, swarm: _Swarm, active: list[str]) -> Fault:
    name = chooser.pick(active)
    active.remove(name)
    return FAULTS[name].draw(chooser, _draw_wait(chooser, swarm.long_wait_percent))


def _draw_wait(chooser: Chooser, long_percent: int) -> int:
    """Time between steps: mostly less than a message takes, sometimes enough for an election."""
    if chooser.chance(long_percent):
        return chooser.integer(100, 500) * MILLISECOND
    return chooser.pick((0, 1, 2, 4, 8, 16)) * MILLISECOND


def _shuffle(chooser: Chooser, items: list[str]) -> None:
    for last in range(len(items) - 1, 0, -1):
        other = chooser.integer(0, last)
        items[last], items[other] = items[other], items[last]
