"""Random walks over macro-steps: each step is chosen after a look at what those before led to.

A walk writes down what it does with the names of the servers, so what it hands back is a schedule
like any other: running it again gives the same run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from nemesis.chooser import Chooser, RandomChooser
from nemesis.macro import steps as macro
from nemesis.macro.execution import ATTACKS, MacroExecution
from nemesis.macro.steps import MacroStep
from nemesis.outcome import Run
from nemesis.search.walk.choreographies import (
    ASYNCHRONOUS,
    CHOREOGRAPHIES,
    FINALES,
    OPERATED,
)
from nemesis.search.walk.choreographies.parts import begin, overthrow, regroup
from nemesis.search.walk.knobs import draw_walk_knobs
from nemesis.search.walk.moves import ESSENTIAL, MOVES, possible_moves
from nemesis.search.walk.stage import Figure, Habits, Stage, Steps
from nemesis.search.walk.themes import THEMES, Theme
from raft.replica import HEALTHY, Variant


class Style(NamedTuple):
    """What kind of walks these are."""

    # A walk has a theme and uses a random part of the moves (swarm), or all of them alike.
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
CHOREOGRAPHED = Style(choreographies=70, shortest=10, longest=60)

# A choreography is one of the theme's in so many per cent of the cases.
_THEMED = 70
# After so many per cent of the figures of a walk with choreographies, all is well again.
_REGROUP = 40
# So many per cent of them end with a finale, if the theme has some, or else; and half of these are
# not much more than that.
_THEMED_FINALE = 35
_FINALE = 20
# A walk is cut off here.
_MOST_STEPS = 120


class Walk:
    """One walk: what it may do, and how often it does it."""

    def __init__(self, stage: Stage, style: Style, theme: Theme) -> None:
        self._stage = stage
        self._style = style
        self._theme = theme
        chooser = stage.chooser
        if not (stage.has_operators or stage.damaged):
            stage.has_operators = "change-members" in theme.moves or chooser.chance(30)
        self._moves = self._draw_moves()
        possible = self._possible(CHOREOGRAPHIES)
        # The theme's own ones first.
        themed = [name for name in theme.choreographies if name in possible]
        self._themed = [CHOREOGRAPHIES[name] for name in themed or possible]
        self._choreographies = [CHOREOGRAPHIES[name] for name in possible]
        self._finale: Figure | None = None
        if style.choreographies and chooser.chance(_THEMED_FINALE if theme.finales else _FINALE):
            finales = self._possible(FINALES)
            own = [name for name in theme.finales if name in finales]
            self._finale = FINALES[chooser.pick(own or finales)]

    def _possible(self, names: Iterable[str]) -> list[str]:
        """Those that may do something in this walk."""
        stage = self._stage
        return [
            name
            for name in names
            if (name not in OPERATED or stage.has_operators)
            and (name not in ASYNCHRONOUS or stage.knobs.asynchronous_storage)
        ]

    def _draw_moves(self) -> list[Figure]:
        """One bag of moves, each as often in it as it is to be drawn."""
        chooser, style, theme = self._stage.chooser, self._style, self._theme
        share = chooser.pick((25, 50, 75))
        bag: list[Figure] = []
        for name in possible_moves(self._stage.knobs):
            move, weight = MOVES[name]
            is_themed = name in theme.moves
            if name == "change-members" and not self._stage.has_operators:
                continue
            if style.swarm:
                if not (name in ESSENTIAL or is_themed or chooser.chance(share)):
                    continue
                weight *= chooser.pick((2, 4)) if is_themed else chooser.pick((1, 1, 2))
            bag.extend([move] * weight)
        return bag

    def steps(self) -> Steps:
        """The steps, each to be performed before the next is asked for."""
        number = 0
        for step in self._all():
            if self._stage.does_nothing(step) or self._stage.needs_the_lost(step):
                continue
            if number == _MOST_STEPS:
                break
            number += 1
            yield step
        # What nothing was attacked or succeeded in would prove nothing.
        if not any(self._stage.cluster.effects[name] for name in ATTACKS):
            yield macro.Crash(node=self._stage.cluster.servers[0])
        yield macro.Settle()

    def _all(self) -> Steps:
        style, chooser = self._style, self._stage.chooser
        length = chooser.integer(style.shortest, style.longest)
        if self._finale is not None:
            length = chooser.pick((0, length // 2))
        done = 0
        if chooser.chance(50):
            yield from begin(self._stage)
        for _ in range(2 * length):
            if done >= length:
                break
            for step in self._next():
                yield step
                done += 1
            if style.choreographies and chooser.chance(_REGROUP):
                yield from regroup(self._stage)
        if self._finale is not None:
            if length:
                yield from regroup(self._stage)
            yield from self._disturbed(self._finale)
        elif chooser.chance(30):
            yield from overthrow(self._stage)

    def _next(self) -> Steps:
        chooser = self._stage.chooser
        if chooser.chance(self._style.choreographies):
            figures = self._themed if chooser.chance(_THEMED) else self._choreographies
            return self._disturbed(chooser.pick(figures))
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
    theme = chooser.pick(THEMES) if style.swarm else THEMES[0]
    knobs = draw_walk_knobs(chooser, theme, fixed)
    execution = MacroExecution(knobs, variant)
    for _ in walk_on(execution, chooser, style, theme):
        pass
    return execution.finish()


def walk_on(
    execution: MacroExecution,
    chooser: Chooser,
    style: Style,
    theme: Theme,
    beginning: Iterable[MacroStep] = (),
) -> Steps:
    """Perform the steps of a beginning, but for those that make no sense any more, and then those
    of a walk; each of the walk's is told when it was performed. Ends at the first failure."""
    stage = Stage(chooser, execution.knobs, execution.cluster, Habits(by_role=style.by_role))
    for step in beginning:
        if stage.does_nothing(step) or not _bears(stage, step):
            continue
        if isinstance(step, macro.Propose):
            # What is written later must differ from what was written in these steps.
            stage.values.new()
        if not execution.perform(step):
            return
    for step in Walk(stage, style, theme).steps():
        if not execution.perform(step):
            return
        yield step


def _bears(stage: Stage, step: MacroStep) -> bool:
    """Whether enough disks are left after a step, and who may need them has not changed, so that
    the cluster must be available in the end."""
    if isinstance(step, macro.ChangeMembers):
        return stage.may_change_members()
    return not isinstance(step, (macro.LoseFile, macro.FlipBit)) or stage.may_damage()
