"""The cause of a failure, as far as it can be told: who convicts, and by which steps.

Two failures of one cause are one finding, however often it comes. The shrinker's results are in a
normal form, so what is left of them after names, times, values and kinds of operations are taken
off tells apart what differs in what happens.
"""

from __future__ import annotations

from itertools import groupby

from nemesis.macro.steps import MacroStep
from nemesis.macro.text import format_step
from nemesis.run import Run
from nemesis.schedule import Operate, Step
from nemesis.search.block import Finding


def cause_of(found: Finding) -> str:
    """In words: ``one-vote-a-term: elect, crash, elect``."""
    kind = kind_of(found.shrunk)
    if not found.shrink_executions:
        return f"{kind}: not shrunk"
    steps = [_verb(step) for step in found.shrunk.schedule.steps]
    return f"{kind}: {', '.join(verb for verb, _ in groupby(steps)) or 'no step'}"


def kind_of(run: Run) -> str:
    """Who convicts it first."""
    return run.verdict.failures[0].kind


def _verb(step: Step) -> str:
    if isinstance(step, MacroStep):
        return format_step(step).split()[0]
    if isinstance(step, Operate):
        return "operations"
    return str(step.__struct_config__.tag)
