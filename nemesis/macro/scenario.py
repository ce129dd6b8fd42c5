"""A schedule of macro-steps, written as text: knobs first, then a step a line."""

from __future__ import annotations

import msgspec

from nemesis.errors import ScheduleError
from nemesis.macro.steps import MacroStep
from nemesis.macro.text import format_step, parse_scenario
from nemesis.schedule import Knobs, Schedule, validate

# The paper's Raft, without what the thesis and others have added: what a scenario begins with.
PLAIN = Knobs(pre_vote=False, check_quorum=False, entries_kept_after_snapshot=0)


def parse_schedule(text: str, source: str = "scenario") -> Schedule:
    """The schedule of a text (nemesis.macro.text). Raises ScheduleError."""
    changes, steps = parse_scenario(text, source)
    try:
        knobs = msgspec.convert({**msgspec.to_builtins(PLAIN), **changes}, Knobs)
    except msgspec.ValidationError as error:
        raise ScheduleError(f"{source}: {error}") from error
    unknown = sorted(set(changes) - set(Knobs.__struct_fields__))
    if unknown:
        raise ScheduleError(f"{source}: there is no knob {unknown[0]!r}")
    schedule = Schedule(knobs=knobs, steps=steps)
    validate(schedule, source)
    return schedule


def format_schedule(schedule: Schedule) -> str:
    """The text of a schedule of macro-steps; parsing it gives the schedule again."""
    knobs = msgspec.to_builtins(schedule.knobs)
    plain = msgspec.to_builtins(PLAIN)
    changed = [f"{name}={_word(value)}" for name, value in knobs.items() if value != plain[name]]
    lines = [f"with {' '.join(changed)}"] if changed else []
    for step in schedule.steps:
        assert isinstance(step, MacroStep)
        lines.append(format_step(step))
    return "\n".join(lines) + "\n"


def _word(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
