"""A schedule: what a run does, as plain data.

Knobs (how large the cluster is, how it is configured), steps (client operations, faults, time that
passes) and a seed for what stays random below them: message delays, election time-outs. Running a
schedule is a pure function of it, so it is what is drawn, shrunk, saved and replayed. On disk it is
JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Union, cast

import msgspec

from nemesis.errors import ScheduleError
from nemesis.faults import FAULTS, Fault
from nemesis.macro.steps import MacroStep, nodes_of
from nemesis.macro.text import format_step, parse_step

MILLISECOND = 1_000_000  # ns


class Knobs(msgspec.Struct, frozen=True, kw_only=True):
    """What is fixed for a whole run. Times in ns."""

    # Servers of the first configuration, and servers beside them that wait to be added.
    replicas: int = 3
    spares: int = 0
    clients: int = 3
    workload: str = "kv"
    # ReadIndex at the leader, reads as entries of the log, ReadIndex at any replica, or reads by
    # the leader's lease, which is shorter by the drift that clocks are allowed, in parts per
    # million; needs check_quorum.
    reads: Literal["index", "log", "follower", "lease"] = "index"
    max_clock_drift: int = 10_000
    pre_vote: bool = True
    check_quorum: bool = True
    election_timeout_min: int = 150 * MILLISECOND
    election_timeout_max: int = 300 * MILLISECOND
    heartbeat_interval: int = 75 * MILLISECOND
    # What one AppendEntries carries at most, and what may be on its way to one follower; of bytes
    # in flight, and of those that wait for a majority, 0 is no limit.
    max_entries_per_append: int = 16
    max_bytes_per_append: int = 1 << 20
    max_appends_in_flight: int = 8
    max_bytes_in_flight: int = 0
    max_uncommitted_bytes: int = 0
    # A snapshot is due when so many bytes of the log were applied since the last; 0: never.
    snapshot_threshold_bytes: int = 0
    snapshot_chunk_bytes: int = 1 << 16
    entries_kept_after_snapshot: int = 64
    # Small, so that the log goes on in a new segment within an ordinary run.
    segment_bytes: int = 1024
    # At the very first start of every server power fails after so many syncs, and it is started
    # again; None: it does not.
    power_fails_at_first_start: int | None = None
    # Who should rather lead, by name; absent: 0.
    priorities: dict[str, int] = {}
    # Sessions that were not used for so long, by log time, expire; None: never, and clients need
    # not register.
    session_timeout: int | None = None
    # Whether replicas go on while their disks write and their state machines apply.
    asynchronous_storage: bool = False
    # How long a message takes on a healthy link.
    delay_min: int = 1 * MILLISECOND
    delay_max: int = 5 * MILLISECOND
    # How long a client waits for one answer, and for the outcome of an operation.
    attempt_timeout: int = 100 * MILLISECOND
    operation_timeout: int = 600 * MILLISECOND

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the servers of the first configuration."""
        return self.servers[: self.replicas]

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of all servers, the spares last."""
        return tuple(f"n{number}" for number in range(1, self.replicas + self.spares + 1))


class Operate(msgspec.Struct, frozen=True, kw_only=True, tag_field="step", tag="operate"):
    """A client begins an operation: this one, or the next that has nothing else to do."""

    client: int = 0
    f: str
    key: str | None = None
    value: Any = None
    wait: int = 0


class Advance(msgspec.Struct, frozen=True, kw_only=True, tag_field="step", tag="advance"):
    """Time passes."""

    wait: int


# Every step passes ``wait`` ns of time after what it does.
Step = Operate | Advance | Fault | MacroStep

_step_decoder: msgspec.json.Decoder[Step] = msgspec.json.Decoder(
    cast(Any, Union[(Operate, Advance, *FAULTS.values())])
)


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Knobs, steps, seed."""

    version: Literal[1] = 1
    seed: int = 0
    knobs: Knobs = Knobs()
    steps: tuple[Step, ...] = ()

    @property
    def is_macro(self) -> bool:
        """Whether it consists of macro-steps."""
        return bool(self.steps) and isinstance(self.steps[0], MacroStep)

    @property
    def operations(self) -> list[Operate]:
        """The client operations among the steps."""
        return [step for step in self.steps if isinstance(step, Operate)]

    @property
    def faults(self) -> list[Fault]:
        """The faults among the steps, those that end others included."""
        return [step for step in self.steps if isinstance(step, Fault)]


class _Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schedule as it is parsed, before its steps are."""

    version: Literal[1]
    seed: int
    knobs: Knobs
    steps: tuple[msgspec.Raw, ...]


_decoder = msgspec.json.Decoder(_Wire)


def encode_schedule(schedule: Schedule) -> bytes:
    """The schedule as JSON, a step a line; macro-steps are strings, as people write them."""
    knobs = msgspec.json.encode(schedule.knobs)
    steps = b",\n  ".join(
        msgspec.json.encode(format_step(step) if isinstance(step, MacroStep) else step)
        for step in schedule.steps
    )
    return b'{"version": %d, "seed": %d,\n "knobs": %b,\n "steps": [\n  %b\n ]}\n' % (
        schedule.version,
        schedule.seed,
        knobs,
        steps,
    )


def decode_schedule(data: bytes, source: str = "schedule") -> Schedule:
    """Parse and validate; raises ScheduleError naming ``source`` and the place in it."""
    place = "schedule"
    steps: list[Step] = []
    try:
        wire = _decoder.decode(data)
        for at, step in enumerate(wire.steps):
            place = f"steps[{at}]"
            if bytes(step).startswith(b'"'):
                steps.append(parse_step(msgspec.json.decode(step), f"{source}: {place}"))
            else:
                steps.append(_step_decoder.decode(step))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ScheduleError(f"{source}: malformed {place}: {error}") from error
    schedule = Schedule(seed=wire.seed, knobs=wire.knobs, steps=tuple(steps))
    validate(schedule, source)
    return schedule


_LEAST = {
    "max_entries_per_append": 1,
    "max_bytes_per_append": 1,
    "max_appends_in_flight": 1,
    "max_bytes_in_flight": 0,
    "max_uncommitted_bytes": 0,
    "snapshot_threshold_bytes": 0,
    "snapshot_chunk_bytes": 1,
    "entries_kept_after_snapshot": 0,
    "segment_bytes": 1,
}


def validate(schedule: Schedule, source: str = "schedule") -> None:
    """Raise ScheduleError for what types cannot tell."""
    knobs = schedule.knobs
    problems = [
        (not 1 <= knobs.replicas <= 9, f"knobs.replicas is {knobs.replicas}, must be 1 to 9"),
        (not 0 <= knobs.spares <= 9, f"knobs.spares is {knobs.spares}, must be 0 to 9"),
        (knobs.clients < 1, f"knobs.clients is {knobs.clients}, must be at least 1"),
        (
            not 0 < knobs.heartbeat_interval < knobs.election_timeout_min,
            "knobs.heartbeat_interval must be positive and below election_timeout_min",
        ),
        (
            knobs.election_timeout_max < knobs.election_timeout_min,
            "knobs.election_timeout_max is below election_timeout_min",
        ),
        (not 0 <= knobs.delay_min <= knobs.delay_max, "knobs.delay_min is not within delay_max"),
        (
            knobs.session_timeout is not None and knobs.session_timeout <= 0,
            "knobs.session_timeout must be positive, or null",
        ),
        (
            knobs.reads == "lease" and not knobs.check_quorum,
            "knobs.reads lease needs knobs.check_quorum",
        ),
        (
            not 0 <= knobs.max_clock_drift < 1_000_000,
            "knobs.max_clock_drift must be at least 0 and below 1000000",
        ),
        (knobs.attempt_timeout <= 0, "knobs.attempt_timeout must be positive"),
        *(
            (getattr(knobs, name) < least, f"knobs.{name} must be at least {least}")
            for name, least in _LEAST.items()
        ),
        (
            knobs.power_fails_at_first_start is not None and knobs.power_fails_at_first_start < 0,
            "knobs.power_fails_at_first_start must be at least 0, or null",
        ),
        *(
            (name not in knobs.servers, f"knobs.priorities names {name!r}, which is no server")
            for name in knobs.priorities
        ),
        *(
            (step.wait < 0, f"steps[{at}].wait is negative")
            for at, step in enumerate(schedule.steps)
        ),
    ]
    for broken, message in problems:
        if broken:
            raise ScheduleError(f"{source}: {message}")
    _validate_macro_steps(schedule, source)


def _validate_macro_steps(schedule: Schedule, source: str) -> None:
    servers = schedule.knobs.servers
    for at, step in enumerate(schedule.steps):
        if isinstance(step, MacroStep) != schedule.is_macro:
            raise ScheduleError(
                f"{source}: steps[{at}] is {step.__struct_config__.tag!r}: a schedule consists of "
                "macro-steps, or of none"
            )
        if isinstance(step, MacroStep):
            if getattr(step, "milliseconds", 0) < 0 or getattr(step, "syncs", 0) < 0:
                raise ScheduleError(
                    f"{source}: steps[{at}], {format_step(step)!r}, has a negative number"
                )
            for node in nodes_of(step):
                if node not in servers:
                    raise ScheduleError(
                        f"{source}: steps[{at}] names {node!r}, which is none of the servers "
                        f"{', '.join(servers)}"
                    )


def read_schedule(path: Path) -> Schedule:
    """Read a schedule file; raises ScheduleError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScheduleError(f"{path}: cannot be read: {error.strerror}") from error
    return decode_schedule(data, str(path))
