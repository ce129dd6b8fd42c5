"""What is found in the Raft of "Implementing Raft", and that it is not found once it is mended.

    python bench/seed.py [--seeds N] [BUG ...]

Each of its bugs is left alone while the others are mended, so that it is the one to blame, and
attacked with new seeds until it is caught, N times (8) at most; then the library with all fixes,
with the same schedules, which must be valid. Builds, and fetches what that takes. The exit code is
1 if anything was not as it must be.
"""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import msgspec

from checker.verdict import Validity, Verdict
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.runner import RealExecution
from nemesis.cluster.real.seed.build import fetch
from nemesis.cluster.real.seed.cluster import SeedCluster
from nemesis.cluster.real.seed.patches import FIXES
from nemesis.faults import Heal, Partition, SlowLink
from nemesis.schedule import MILLISECOND, Schedule, Step
from nemesis.search.real_time import SECOND, Plan, generate_real_time

ORDINARY = Plan(workload="register", clients=9, duration=20 * SECOND)
# Of ``two_leaders``: a round, and its part without operations, in ns.
_ROUND, _QUIET = 12 * SECOND, 5 * SECOND
ELECTIONS = frozenset({"elected-by-quorum", "election-safety", "monotonic-term", "one-vote-a-term"})


def ordinary(*faults: str, rate: float = 50.0, seconds: int = 20) -> Callable[[int], Schedule]:
    """As ``splitbrain test`` draws them."""
    plan = ORDINARY._replace(faults=faults, rate=rate, duration=seconds * SECOND)
    return lambda seed: generate_real_time(seed, plan)


def two_leaders(seed: int) -> Schedule:
    """Two servers that do not reach each other, and a third one that both reach, whose answers come
    to one of them later than an election takes. That one deposes the other, campaigns again, and is
    elected by the vote of the term before, while the third one votes for the other: both lead the
    same term, and neither hears of it. Only then there are operations: a server with a longer log
    would get no rival."""
    plan = ORDINARY._replace(faults=(), rate=20.0, duration=37 * SECOND)
    schedule = generate_real_time(seed, plan)
    timed: list[tuple[int, Step]] = []
    now = 0
    for step in schedule.steps:
        if now % _ROUND > _QUIET:
            timed.append((now, step))
        now += step.wait
    for number, begins in enumerate(range(0, plan.duration - _ROUND + 1, _ROUND)):
        between, slow = f"n{number + 1}", f"n{(number + 1) % 3 + 1}"
        timed += [
            (begins, SlowLink(target=slow, direction="to", delay=500 * MILLISECOND)),
            (begins, Partition(target=between, shape="bridge")),
            (begins + _ROUND - 3 * SECOND, Heal()),
        ]
    timed.sort(key=lambda each: each[0])
    times = [*(time for time, _ in timed[1:]), now]
    steps = [
        msgspec.structs.replace(step, wait=after - time)
        for (time, step), after in zip(timed, times, strict=True)
    ]
    return msgspec.structs.replace(schedule, steps=tuple(steps))


class Attack(NamedTuple):
    """A bug, by the name of its fix, and what shows it; one of the kinds of failures must be among
    those that are found."""

    bug: str
    name: str
    schedule: Callable[[int], Schedule]
    kinds: frozenset[str]


ATTACKS = (
    Attack("stale-votes", "delay+pause", ordinary("delay+pause"), ELECTIONS),
    Attack("stale-votes", "two leaders", two_leaders, frozenset({"linearizability"})),
    Attack(
        "candidacy-not-persisted",
        "partition+crash-all",
        ordinary("partition+crash-all"),
        ELECTIONS,
    ),
    Attack(
        "commit-notice-blocks",
        "partition",
        ordinary("partition", rate=150.0, seconds=12),
        frozenset({"liveness"}),
    ),
)


def test(schedule: Schedule, fixes: list[str]) -> Verdict:
    """One run."""
    with tempfile.TemporaryDirectory() as directory:
        run_file = RunFile(Path(directory))
        nodes = Path(directory) / "nodes"
        cluster = SeedCluster(schedule.knobs, schedule.seed, nodes, run_file, fixes=fixes)
        try:
            cluster.start()
            return RealExecution(schedule, cluster).perform().run.verdict
        finally:
            cluster.close()
            run_file.remove()


def row(attack: Attack, fixes: list[str], seeds: list[int], *, until: bool) -> int:
    """Run the seeds, ``until`` it is caught if so, and print what came of it: how many ran, 0 if it
    was not as it must be."""
    began = monotonic()
    found: set[str] = set()
    validities = []
    for seed in seeds:
        verdict = test(attack.schedule(seed), fixes)
        validities.append(verdict.validity)
        found |= verdict.kinds
        if until and found & attack.kinds:
            break
    name = f"all but {attack.bug}" if until else "all"
    told = ", ".join(sorted(found)) or ", ".join(sorted({each.value for each in validities}))
    took = monotonic() - began
    print(f"{name:32} {attack.name:20} {len(validities):4} {took:6.0f} s   {told}", flush=True)
    fits = bool(found & attack.kinds) if until else set(validities) == {Validity.VALID}
    return len(validities) if fits else 0


def main() -> int:
    """All of them; the exit code."""
    parser = ArgumentParser()
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("bugs", nargs="*", metavar="BUG")
    arguments = parser.parse_args()
    seeds = list(range(1, arguments.seeds + 1))
    fetch()
    print(f"{'fixed':32} {'attack':20} runs   took     found")
    fits = True
    for attack in ATTACKS:
        if arguments.bugs and attack.bug not in arguments.bugs:
            continue
        others = [name for name in FIXES if name != attack.bug]
        count = row(attack, others, seeds, until=True)
        mended = row(attack, list(FIXES), seeds[: count or len(seeds)], until=False)
        fits = fits and bool(count) and bool(mended)
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
