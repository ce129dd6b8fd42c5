"""Rafts of others, seed by seed: what each run is convicted of, and how many runs a second.

    python -m bench.foreign pysyncobj-0.3.14 --runs 200
    python -m bench.foreign pysyncobj-0.3.14 --nemesis crash,crash-all --attacks 30 --to-the-end
    python -m bench.foreign pysyncobj-0.3.17 --runs 200 --knobs '{"snapshot_threshold_bytes": 0}'

A run ends where a monitor convicts first. With --to-the-end it goes on, and counts for each kind
that shows: what is lost in the end, and not only the first rule that is broken.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter

import msgspec

from nemesis.run import Execution, run
from nemesis.schedule import Schedule
from nemesis.search.generate import Only, Size, generate
from nemesis.subjects.registry import subject_named
from nemesis.subjects.subject import Subject


def kinds_of(schedule: Schedule, subject: Subject, *, to_the_end: bool) -> list[str]:
    """What the run is convicted of, each kind once, in the order in which it shows; or its verdict
    if it is of nothing."""
    if not to_the_end:
        verdict = run(schedule, subject).verdict
        return [verdict.failures[0].kind] if verdict.failures else [verdict.validity]
    execution = Execution(schedule.knobs, schedule.seed, subject)
    for step in schedule.steps:
        execution.perform(step)
    found = list(dict.fromkeys(failure.kind for failure in execution.failures))
    verdict = execution.finish().verdict
    if found:
        return found
    return list(dict.fromkeys(each.kind for each in verdict.failures)) or [verdict.validity]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subject")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--knobs", type=json.loads, default={})
    parser.add_argument("--nemesis", type=lambda names: tuple(names.split(",")))
    parser.add_argument("--attacks", type=int, default=Size().attacks)
    parser.add_argument("--to-the-end", action="store_true")
    arguments = parser.parse_args()
    subject = subject_named(arguments.subject)
    size = Size(attacks=arguments.attacks)
    only = Only(faults=arguments.nemesis)
    seeds: dict[str, list[int]] = {}
    first: Counter[str] = Counter()
    began = time.process_time()
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        schedule = generate(seed, size, only, subject)
        knobs = msgspec.structs.replace(schedule.knobs, **arguments.knobs)
        schedule = msgspec.structs.replace(schedule, knobs=knobs)
        kinds = kinds_of(schedule, subject, to_the_end=arguments.to_the_end)
        first[kinds[0]] += 1
        for kind in kinds:
            seeds.setdefault(kind, []).append(seed)
    took = time.process_time() - began
    print(f"{subject.name}: {arguments.runs} runs, {arguments.runs / took:.1f} a second")
    print("| kind | runs | of them first | seeds |")
    print("|---|---|---|---|")
    for kind, found in sorted(seeds.items(), key=lambda each: -len(each[1])):
        shown = ", ".join(map(str, found[:10])) + (", ..." if len(found) > 10 else "")
        print(f"| {kind} | {len(found)} | {first[kind]} | {shown} |")


if __name__ == "__main__":
    main()
