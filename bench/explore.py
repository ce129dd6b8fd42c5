"""Which bugs of the zoo the exhaustive search finds, in which world, by how many moves, how soon.

    python bench/explore.py [NAME...] [--seconds 20]      the zoo
    python bench/explore.py --healthy [--depth 7]         states a second on the healthy Raft

Each bug is looked for in small worlds, one after the other, each for so many seconds of processor
time at most, until one convicts it. A bug whose witness needs what no such world has, snapshots for
instance, is not looked for.
"""

from __future__ import annotations

import argparse
from collections import Counter
from time import process_time
from typing import NamedTuple

from nemesis.explore.conviction import convict
from nemesis.explore.frozen import NotModelled
from nemesis.explore.moves import Bounds
from nemesis.explore.search import Search
from nemesis.explore.world import World
from nemesis.macro.scenario import parse_schedule
from nemesis.macro.steps import MacroStep
from raft.bugs import BUGS
from raft.replica import HEALTHY

# The steps that a world has.
_STEPS = {"elect", "replicate", "propose", "deliver", "crash", "restart"}


class Place(NamedTuple):
    """A world to look in."""

    name: str
    depth: int
    bounds: Bounds


PLACES = (
    Place("rounds", 5, Bounds(commands=1, crashes=1)),
    Place("held", 5, Bounds(commands=1, crashes=0, deliveries=1, copies=True, unanswered=True)),
    Place("crashes", 6, Bounds(commands=0, crashes=2)),
    Place("five", 3, Bounds(nodes=5, commands=0, crashes=0)),
    Place("four", 3, Bounds(nodes=4, commands=0, crashes=0)),
    Place(
        "doubled",
        3,
        Bounds(nodes=4, commands=0, crashes=0, deliveries=2, copies=True, unanswered=True),
    ),
    Place("reads", 7, Bounds(commands=1, reads=1, crashes=0)),
    Place("single", 7, Bounds(fine=True, commands=1, crashes=0)),
)


def needs(name: str) -> str:
    """What the bug's witness needs and no world has; empty if nothing."""
    schedule = parse_schedule(BUGS[name].witness, name)
    knobs = schedule.knobs
    steps = {step.kind for step in schedule.steps if isinstance(step, MacroStep)}
    found = sorted(steps - _STEPS)
    found += [
        knob
        for knob in ("pre_vote", "check_quorum", "spares", "asynchronous_storage")
        if getattr(knobs, knob)
    ]
    if knobs.reads != "index":
        found.append(f"reads={knobs.reads}")
    return ", ".join(found)


def find(name: str, seconds: float) -> tuple[str, bool]:
    """A line on the bug, and whether it was found."""
    bug = BUGS[name]
    lacking = needs(name)
    if lacking:
        return f"outside: its witness needs {lacking}", False
    spent = 0.0
    for place in PLACES:
        started = process_time()
        try:
            search = Search(World(place.bounds, bug.variant))
            search.run(place.depth, lambda started=started: process_time() - started < seconds)
        except NotModelled as error:
            return f"not modelled: {error}", False
        took = process_time() - started
        spent += took
        if search.found is not None:
            kind = convict(search.world, search.found).verdict.failures[0].kind
            right = "" if kind in bug.convicted_by else " (not what is expected)"
            return (
                f"{place.name:8} depth {len(search.found.moves)} {len(search.states):>9,} states "
                f"{took:6.2f} s  {kind}{right}",
                True,
            )
    return f"not found ({spent:.0f} s)", False


def zoo(names: list[str], seconds: float) -> None:
    """Print a line for each bug."""
    tally: Counter[str] = Counter()
    for name in names:
        line, is_found = find(name, seconds)
        tally["found" if is_found else line.split()[0]] += 1
        print(f"{name:36} {line}", flush=True)
    print(f"found {tally['found']} of {len(names)}; outside {tally['outside:']}")


def healthy(depth: int) -> None:
    """Print what the healthy Raft costs, a layer at a time."""
    for place in PLACES:
        search = Search(World(place.bounds, HEALTHY))
        for most in range(1, max(depth, place.depth) + 1):
            started = process_time()
            before = len(search.states)
            if not search.run(most, lambda started=started: process_time() - started < 60):
                break
            took = process_time() - started
            print(
                f"{place.name:8} depth {most}: {len(search.states):>10,} states, "
                f"{search.transitions:>10,} moves, {took:6.2f} s, "
                f"{(len(search.states) - before) / max(took, 0.01):>8,.0f} states/s",
                flush=True,
            )
        assert search.found is None, search.found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(BUGS))
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--healthy", action="store_true")
    parser.add_argument("--depth", type=int, default=7)
    arguments = parser.parse_args()
    if arguments.healthy:
        healthy(arguments.depth)
    else:
        zoo(arguments.names, arguments.seconds)


if __name__ == "__main__":
    main()
