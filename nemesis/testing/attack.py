"""A part of a test: runs with its seeds, each judged; what fails is shrunk and saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import monotonic
from traceback import format_exception
from typing import NamedTuple

from checker.verdict import Validity
from nemesis.errors import NemesisError, UnknownName
from nemesis.faults import FAULTS
from nemesis.replay import judge_history
from nemesis.run import Run
from nemesis.schedule import encode_schedule
from nemesis.search.block import Campaign, Finding, execute, judged_twice, smallest
from nemesis.search.ensemble import ENSEMBLE, TIMED
from nemesis.search.generate import ANYTHING, Only
from nemesis.search.tally import Tally
from nemesis.store import RESULTS, SCHEDULE, Objection, directory_for, save, telling_what_is_lost
from nemesis.subjects.registry import is_own, subject_named
from nemesis.subjects.subject import Subject
from nemesis.testing.budget import Share
from nemesis.testing.target import Target
from nemesis.workloads import WORKLOADS


class Failed(NamedTuple):
    """A run that failed: as it was found, and where its smallest form is saved. ``objection`` is
    what the test itself had against a run that no judge convicts; that is saved as it was.
    ``raised``: the traceback of what it raised, if that was no assertion."""

    finding: Finding
    directory: Path
    objection: Objection | None = None
    raised: str | None = None


class Outcome(NamedTuple):
    """What came of a part."""

    tally: Tally
    # The seeds of its runs, in order.
    seeds: list[int]
    failed: Failed | None


def campaign_of(target: Target) -> Campaign:
    """What is drawn for a target in the simulator. Raises UnknownName."""
    if target.workload is not None and target.workload not in WORKLOADS:
        raise UnknownName("workload", target.workload, WORKLOADS)
    if target.faults == ():
        raise NemesisError("a test without faults proves nothing: name some, or leave them out")
    for name in target.faults or ():
        if name not in FAULTS:
            raise UnknownName("fault", name, FAULTS)
    only = Only(target.nodes, target.workload, target.faults)
    strategy = ENSEMBLE if only == ANYTHING and is_own(target.subject) else TIMED
    return Campaign(subject=target.subject, only=only, strategy=strategy)


def attack(
    target: Target,
    portion: Share,
    check: Callable[[Run], None],
    name: str,
    histories: Path | None,
) -> Outcome:
    """Run a part of the test of this name to its end, or to the first failure, which is saved in
    ``histories``; None: in store/pytest, as that of a bug which is there on purpose."""
    what = campaign_of(target)
    subject = subject_named(target.subject)
    tally, seeds = Tally(), []
    for seed in _seeds(portion):
        seeds.append(seed)
        found, objection = _attempt(what, seed, subject, check, tally)
        if found is not None:
            place = histories or Path("store") / "pytest"
            said, raised = None, None
            if objection is not None:
                said = Objection(test=name, message=str(objection) or "an assertion failed")
                raised = _traceback(objection.__cause__)
            return Outcome(tally, seeds, Failed(found, keep(found, place, said), said, raised))
    return Outcome(tally, seeds, None)


def _traceback(raised: BaseException | None) -> str | None:
    """Without our own call at its beginning."""
    if raised is None:
        return None
    own = None if raised.__traceback__ is None else raised.__traceback__.tb_next
    return "".join(format_exception(raised.with_traceback(own))).rstrip()


def _seeds(portion: Share) -> Iterator[int]:
    deadline = None if portion.seconds is None else monotonic() + portion.seconds
    for done in count():
        if portion.runs is not None and done >= portion.runs:
            return
        # At least one run, however short the time.
        if done and deadline is not None and monotonic() >= deadline:
            return
        yield portion.first + done * portion.step


def _attempt(
    what: Campaign, seed: int, subject: Subject, check: Callable[[Run], None], tally: Tally
) -> tuple[Finding | None, AssertionError | None]:
    result = judged_twice(execute(what, seed, subject), seed, subject, tally)
    tally.add(result, seed)
    if result.verdict.validity is Validity.INVALID:
        return smallest(seed, tally.runs, result, subject), None
    try:
        check(result)
    except AssertionError as objection:
        steps = len(result.schedule.steps)
        return Finding(seed, tally.runs, steps, result, 0, 0.0), objection
    return None, None


def keep(found: Finding, histories: Path, objection: Objection | None = None) -> Path:
    """Save the smallest run, unless the same is saved already; where it is."""
    run = found.shrunk
    schedule = encode_schedule(run.schedule)
    # Of two tests that object to the same, each is asked again.
    reason = run.verdict.failures[0].kind if objection is None else objection.test
    name = re.sub(r"[/:]+", "-", f"{run.variant}-{reason}-")
    for known in sorted(histories.glob(f"{name}*/{SCHEDULE}")):
        # Whoever was killed while it saved the run has left no results, and nobody would find it.
        if known.read_bytes() == schedule and (known.parent / RESULTS).exists():
            return known.parent
    with telling_what_is_lost(run):
        directory = directory_for(histories, f"{name}{found.seed}", run.schedule)
    save(directory, run, judge_history(run.history, run.model), objection)
    return directory
