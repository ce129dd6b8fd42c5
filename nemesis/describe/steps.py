"""A step of a schedule in a line."""

from __future__ import annotations

from nemesis.macro.steps import MacroStep
from nemesis.macro.text import format_step
from nemesis.schedule import MILLISECOND, Operate, Step


def describe_step(step: Step) -> str:
    """A step of a schedule in a line."""
    if isinstance(step, MacroStep):
        return format_step(step)
    wait = f", then {step.wait / MILLISECOND:g} ms" if step.wait else ""
    if isinstance(step, Operate):
        words = [f"client {step.client}: {step.f}"]
        words.extend(str(each) for each in (step.key, step.value) if each is not None)
        return " ".join(words) + wait
    fields = [f"{name} {getattr(step, name)}" for name in step.__struct_fields__ if name != "wait"]
    kind = str(step.__struct_config__.tag)
    return f"{kind} ({', '.join(fields)}){wait}" if fields else kind + wait
