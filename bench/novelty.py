"""Whether guidance by novelty pays: the walks of the ensemble, against walks that go on from where
earlier ones came to a state that nobody had seen.

    python bench/novelty.py [BUG...] [--seeds 3] [--most 4000] [--jobs 2]

A state is what is left of the cluster without names and absolute numbers: each server's role, the
ranks of its term and of its log, what it has committed, and which messages are held. Half of the
guided executions begin with the steps that first led to such a state, the newest ones preferred;
the rest, and all of those it is compared with, begin anew. Both use the same styles of walks in
the same shares. Prints a row a bug, and what both found in all, within so many executions.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from concurrent.futures import as_completed
from time import process_time
from typing import NamedTuple

from nemesis.chooser import RandomChooser
from nemesis.macro import steps as macro
from nemesis.macro.execution import MacroExecution
from nemesis.macro.steps import MacroStep
from nemesis.outcome import Run
from nemesis.schedule import Knobs
from nemesis.search.walk import CHOREOGRAPHED, ROLES, SWARM, UNIFORM
from nemesis.search.walk.knobs import draw_walk_knobs
from nemesis.search.walk.themes import THEMES
from nemesis.search.walk.walk import walk_on
from nemesis.search.workers import workers
from nemesis.zoo.hunt import FAR_APART
from raft.bugs import BUGS, get_bug
from raft.replica import Variant

# The shares of the ensemble, without the timed runs, which have no macro-steps to go on from.
_STYLES = (UNIFORM,) * 4 + (SWARM,) * 8 + (ROLES,) * 20 + (CHOREOGRAPHED,) * 65
# Of the beginnings, so many of the newest are preferred in half of the cases.
_NEWEST = 50
_WITHIN = (10, 100, 1_000, 10_000)

State = tuple[object, ...]


class Beginning(NamedTuple):
    """What led to a state that was new."""

    knobs: Knobs
    steps: tuple[MacroStep, ...]


class Trial(NamedTuple):
    """A hunt of one bug from one start, guided or not."""

    bug: str
    start: int
    most: int
    guided: bool


class Result(NamedTuple):
    """Executions until the bug was convicted, None if it was not; how many states were seen."""

    trial: Trial
    executions: int | None
    executed: int
    states: int
    seconds: float


class Explorer:
    """Walks against one variant, and the states that they have come to."""

    def __init__(self, variant: Variant, *, guided: bool) -> None:
        self._variant = variant
        self._guided = guided
        self._beginnings: list[Beginning] = []
        self.seen: set[State] = set()

    def walk(self, seed: int) -> Run:
        """One execution."""
        chooser = RandomChooser(seed)
        style = chooser.pick(_STYLES)
        theme = chooser.pick(THEMES) if style.swarm else THEMES[0]
        beginning = self._beginning(chooser)
        knobs = draw_walk_knobs(chooser, theme, {}) if beginning is None else beginning.knobs
        execution = MacroExecution(knobs, self._variant)
        steps = () if beginning is None else beginning.steps
        for step in walk_on(execution, chooser, style, theme, steps):
            if not isinstance(step, macro.Settle):
                self._look(execution)
        return execution.finish()

    def _beginning(self, chooser: RandomChooser) -> Beginning | None:
        if not self._guided or not self._beginnings or chooser.chance(50):
            return None
        newest = self._beginnings[-_NEWEST:] if chooser.chance(50) else self._beginnings
        return chooser.pick(newest)

    def _look(self, execution: MacroExecution) -> None:
        state = _state(execution)
        if state not in self.seen:
            self.seen.add(state)
            if self._guided:
                self._beginnings.append(Beginning(execution.knobs, tuple(execution.steps)))


def _state(execution: MacroExecution) -> State:
    cluster = execution.cluster
    found = {name: cluster.consensus(name) for name in cluster.servers}
    up = [each for each in found.values() if each is not None]
    terms = sorted({each.current_term for each in up})
    logs = sorted({(each.log.last_term, each.log.last_index) for each in up})
    servers = sorted(
        (
            each.role,
            terms.index(each.current_term),
            logs.index((each.log.last_term, each.log.last_index)),
            min(3, each.log.last_index - each.commit_index),
            each.log.base_index > 0,
        )
        for each in up
    )
    held = sorted({kind for _, _, kind in cluster.post.places()})
    return (len(found) - len(up), tuple(servers), tuple(held))


def hunt(trial: Trial) -> Result:
    """Walk until the bug is convicted by its own kind of failure."""
    bug = get_bug(trial.bug)
    explorer = Explorer(bug.variant, guided=trial.guided)
    began = process_time()
    for at in range(trial.most):
        failures = explorer.walk(trial.start * FAR_APART + at).verdict.failures
        if failures and failures[0].kind in bug.convicted_by:
            return Result(trial, at + 1, at + 1, len(explorer.seen), process_time() - began)
    return Result(trial, None, trial.most, len(explorer.seen), process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bugs", nargs="*", default=sorted(BUGS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=4_000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    trials = [
        Trial(bug, start, arguments.most, guided)
        for bug in arguments.bugs
        for start in range(1, arguments.seeds + 1)
        for guided in (False, True)
    ]
    with workers(arguments.jobs) as pool:
        results = []
        for future in as_completed([pool.submit(hunt, trial) for trial in trials]):
            results.append(future.result())
            print(len(results), "of", len(trials), end="\r", file=sys.stderr, flush=True)
    print_bugs(results, arguments.bugs)
    print_totals(results, arguments.most)


def print_bugs(results: list[Result], bugs: list[str]) -> None:
    """The median and the worst hunt of each bug; a dash if it was not found."""
    print("| bug | unguided | guided |\n|---|---:|---:|")
    for bug in bugs:
        cells = []
        for guided in (False, True):
            found = [
                float("inf") if each.executions is None else float(each.executions)
                for each in results
                if each.trial.bug == bug and each.trial.guided == guided
            ]
            cells.append(f"{_number(statistics.median(found))} / {_number(max(found))}")
        print(f"| {bug} | {' | '.join(cells)} |")
    print()


def print_totals(results: list[Result], most: int) -> None:
    """How many hunts were successful within so many executions, how fast, and what they saw."""
    within = [*(count for count in _WITHIN if count < most), most]
    heads = " | ".join(f"within {count:,}" for count in within)
    print(f"| walks | {heads} | hunts | executions/s | states an execution |")
    print(f"|---|{'---:|' * (len(within) + 3)}")
    for guided in (False, True):
        mine = [each for each in results if each.trial.guided == guided]
        found = [each.executions for each in mine if each.executions is not None]
        counts = " | ".join(str(sum(each <= count for each in found)) for count in within)
        executed = sum(each.executed for each in mine)
        speed = executed / sum(each.seconds for each in mine)
        states = sum(each.states for each in mine) / executed
        name = "guided by novelty" if guided else "unguided"
        print(f"| {name} | {counts} | {len(mine)} | {speed:.0f} | {states:.1f} |")


def _number(found: float) -> str:
    return "-" if found == float("inf") else f"{found:g}"


if __name__ == "__main__":
    main()
