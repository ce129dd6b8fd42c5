"""Determinism: the same schedule gives the same history and trace, twice, and in another process.

That one hashes strings differently, so nothing that depends on the order of a set stays unseen.
Rafts of others run in no process that anything else depends on.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import ExitStack
from time import monotonic

import msgspec

from checker.verdict import Validity
from nemesis.counted import counted
from nemesis.gate.stage import Case, Stage, validity_of
from nemesis.interrupts import deaf_to_ctrl_c
from nemesis.replay import history_bytes
from nemesis.run import run
from nemesis.search.block import Campaign, execute
from nemesis.search.time_limit import restart
from nemesis.search.workers import WorkerDied, alone
from nemesis.subjects.registry import is_own, subject_named

NAME = "determinism"
RUNS = 24
# Long enough for so many runs on a machine that is busy, in s.
_PATIENCE = 600.0
_PROGRAM = (
    "import sys; from nemesis.gate.determinism import print_fingerprints; "
    "print_fingerprints(*sys.argv[1:])"
)


def determinism(what: Campaign, runs: int = RUNS) -> Stage:
    """Run the campaign's first schedules in one process, twice, and in another."""
    began = monotonic()
    with ExitStack() as stack:
        # Ctrl-C reaches the whole process group: it is for this one, which ends the other.
        with deaf_to_ctrl_c():
            elsewhere = stack.enter_context(_start_elsewhere(what, runs))
            stack.callback(elsewhere.kill)
        try:
            here = _twice(what, runs)
            printed, _ = elsewhere.communicate(timeout=_PATIENCE)
        except WorkerDied as died:
            return _not_compared(f"it ended: {died.how}\n{died.last_words}", began)
        except subprocess.TimeoutExpired:
            return _not_compared(f"it had not ended after {_PATIENCE:g} s more", began)
    there = printed.split()
    if elsewhere.returncode != 0 or len(there) != runs:
        return _not_compared(f"it ended with exit code {elsewhere.returncode}", began)
    cases = []
    for at, ((first, second), other) in enumerate(zip(here, there, strict=True)):
        problem = None
        if first != second:
            problem = "run twice in one process, history or trace differ"
        elif first != other:
            problem = "run in another process, history or trace differ"
        cases.append(Case(f"seed {what.seed + at}", 0.0, problem))
    wrong = sum(case.problem is not None for case in cases)
    words = f"{counted(runs, 'schedule')} run twice, and in another process: {wrong:,} differ"
    return Stage(NAME, validity_of(cases), words, monotonic() - began, tuple(cases))


def _not_compared(problem: str, began: float) -> Stage:
    case = Case("another process", 0.0, problem)
    return Stage(NAME, Validity.INVALID, "no comparison", monotonic() - began, (case,))


def _twice(what: Campaign, runs: int) -> list[tuple[str, str]]:
    if is_own(what.subject):
        return fingerprints(what, runs)
    return alone(fingerprints, what, runs, limit=what.limit)


def fingerprints(what: Campaign, runs: int) -> list[tuple[str, str]]:
    """Of each schedule, digests of history and trace of two executions."""
    subject = subject_named(what.subject)
    found = []
    for at in range(runs):
        restart(what.limit)
        first = execute(what, what.seed + at, subject)
        second = run(first.schedule, subject)
        one, other = ((each.trace_bytes(), history_bytes(each)) for each in (first, second))
        found.append((_digest(*one), _digest(*other)))
    return found


def _digest(trace: bytes, history: bytes) -> str:
    return hashlib.sha256(trace + b"\0" + history).hexdigest()


def print_fingerprints(campaign: str, runs: str) -> None:
    """What the other process does."""
    what = msgspec.convert(msgspec.json.decode(campaign), Campaign, strict=False)
    subject = subject_named(what.subject)
    for at in range(int(runs)):
        done = execute(what, what.seed + at, subject)
        print(_digest(done.trace_bytes(), history_bytes(done)))


def _start_elsewhere(what: Campaign, runs: int) -> subprocess.Popen[str]:
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    campaign = msgspec.json.encode(what).decode()
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, campaign, str(runs)],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
