"""Walks that go on from a schedule of a corpus, changed: cut, with steps left out, or spliced with
another. What they write down is a schedule like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nemesis.chooser import Chooser, RandomChooser
from nemesis.macro import steps as macro
from nemesis.macro.execution import MacroExecution
from nemesis.macro.steps import MacroStep
from nemesis.outcome import Run
from nemesis.schedule import Schedule
from nemesis.search.ensemble import WALKS
from nemesis.search.walk.themes import THEMES
from nemesis.search.walk.walk import walk_on
from raft.replica import HEALTHY, Variant

# So many per cent of the steps are left out where some are.
_LEFT_OUT = 15


def is_mutated(seed: int, percent: int) -> bool:
    """Whether the run of this seed goes on from an entry, where ``percent`` of all do."""
    return RandomChooser(f"mutated {seed}").chance(percent)


def mutated(seed: int, entries: Sequence[Schedule], variant: Variant = HEALTHY) -> Run:
    """The run of a seed that goes on from one of these entries, of which there is at least one;
    stops at the first failure."""
    chooser = RandomChooser(f"mutation {seed}")
    first = chooser.pick(entries)
    style = chooser.pick(WALKS)
    theme = chooser.pick(THEMES) if style.swarm else THEMES[0]
    execution = MacroExecution(first.knobs, variant)
    for _ in walk_on(execution, chooser, style, theme, _beginning(chooser, first, entries)):
        pass
    return execution.finish()


def _beginning(
    chooser: Chooser, first: Schedule, entries: Sequence[Schedule]
) -> Iterator[MacroStep]:
    steps = _without_end(first)
    how = chooser.pick(("whole", "cut", "left-out", "spliced"))
    if how == "whole":
        yield from steps
    elif how == "left-out":
        yield from (step for step in steps if not chooser.chance(_LEFT_OUT))
    else:
        yield from steps[: chooser.integer(0, len(steps))]
        if how == "spliced":
            other = _without_end(chooser.pick([each for each in entries if _fits(each, first)]))
            yield from other[chooser.integer(0, len(other)) :]


def _without_end(schedule: Schedule) -> list[MacroStep]:
    """The steps but for those in which all becomes well."""
    return [
        step
        for step in schedule.steps
        if isinstance(step, MacroStep) and not isinstance(step, macro.Settle)
    ]


def _fits(one: Schedule, other: Schedule) -> bool:
    """Whether the steps of one make sense in the other: it has the same servers and operations."""
    return all(
        getattr(one.knobs, name) == getattr(other.knobs, name)
        for name in ("replicas", "spares", "workload", "asynchronous_storage")
    )
