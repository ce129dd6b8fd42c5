"""Random walks over macro-steps: each step is chosen after a look at what those before led to.

A walk writes down what it does with the names of the servers, so what it hands back is a schedule
like any other: running it again gives the same run.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nemesis.chooser import RandomChooser
from nemesis.macro import steps as macro
from nemesis.macro.execution import MacroExecution
from nemesis.outcome import Run
from nemesis.search.walk.choreographies import CHOREOGRAPHIES
from nemesis.search.walk.choreographies.parts import begin, overthrow
from nemesis.search.walk.knobs import draw_walk_knobs
from nemesis.search.walk.moves import ESSENTIAL, MOVES, possible_moves
from nemesis.search.walk.stage import Figure, Habits, Stage, Steps
from raft.replica import HEALTHY, Variant


class Style(NamedTuple):
    """What kind of walks these are."""

    # A walk uses a random part of the moves (swarm), or all of them.
    swarm: bool = True
    # Servers are drawn by their roles in so many per cent of the cases.
    by_role: int = 70
    # After a move, a choreography in so many per cent of the cases; and how often a step of one is
    # left out, done twice, or followed by a move.
    choreographies: int = 0
    interference: int = 10
    # Steps, at least and at most, but for the end.
    shortest: int = 6
    longest: int = 30


UNIFORM = Style(swarm=False, by_role=0)
SWARM = Style(by_role=0)
ROLES = Style(by_role=80)
CHOREOGRAPHED = Style(choreographies=70)

# Disks that are lost, and operators, are never in one walk: whose loss a configuration bears
# changes with every step.
_APART = ("lose-file", "change-members")
# A walk is cut off here.
_MOST_STEPS = 80


class _Walk:
    """One walk: what it may do, and how often it does it."""

    def __init__(self, stage: Stage, style: Style) -> None:
        self._stage = stage
        self._style = style
        chooser = stage.chooser
        names = possible_moves(stage.knobs)
        if style.swarm:
            share = chooser.pick((25, 50, 75))
            names = [name for name in names if name in ESSENTIAL or chooser.chance(share)]
        apart = chooser.pick(_APART)
        names = [name for name in names if name != apart]
        # One bag of names, each as often as it is to be drawn.
        self._moves: list[Figure] = []
        for name in names:
            move, weight = MOVES[name]
            if style.swarm:
                weight *= chooser.pick((1, 1, 2, 4))
            self._moves.extend([move] * weight)
        self._may_change_members = apart != "change-members"
        self._choreographies = [
            figure
            for name, figure in CHOREOGRAPHIES.items()
            if (name != "two-memberships" or self._may_change_members)
            and (name != "slow-disk" or stage.knobs.asynchronous_storage)
        ]

    def steps(self) -> Steps:
        """The steps, each to be performed before the next is asked for."""
        chooser = self._stage.chooser
        for number, step in enumerate(self._all()):
            if number == _MOST_STEPS:
                return
            yield step
        if chooser.chance(60):
            yield macro.Settle()

    def _all(self) -> Steps:
        style, chooser = self._style, self._stage.chooser
        length = chooser.integer(style.shortest, style.longest)
        done = 0
        if chooser.chance(50):
            yield from begin(self._stage)
        for _ in range(2 * length):
            if done >= length:
                break
            for step in self._next():
                yield step
                done += 1
        if chooser.chance(50):
            yield from overthrow(self._stage)

    def _next(self) -> Steps:
        chooser = self._stage.chooser
        if self._choreographies and chooser.chance(self._style.choreographies):
            return self._disturbed(chooser.pick(self._choreographies))
        return chooser.pick(self._moves)(self._stage)

    def _disturbed(self, figure: Figure) -> Steps:
        """A figure with steps left out, done twice, or followed by others."""
        stage, chooser, percent = self._stage, self._stage.chooser, self._style.interference
        for step in figure(stage):
            if not chooser.chance(percent):
                yield step
                continue
            what = chooser.pick(("leave-out", "twice", "move", "move"))
            if what != "leave-out":
                yield step
            if what == "twice":
                yield step
            elif what == "move":
                yield from chooser.pick(self._moves)(stage)


def walk(seed: int, variant: Variant = HEALTHY, style: Style = ROLES, **fixed: Any) -> Run:
    """The walk of a seed against a variant: stops at the first failure. ``fixed`` are knobs that
    are not to be drawn."""
    chooser = RandomChooser(seed)
    knobs = draw_walk_knobs(chooser, **fixed)
    execution = MacroExecution(knobs, variant)
    stage = Stage(chooser, knobs, execution.cluster, Habits(by_role=style.by_role))
    for step in _Walk(stage, style).steps():
        if not execution.perform(step):
            break
    return execution.finish()
