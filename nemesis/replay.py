"""Replay: is what was saved still true?

history     lincheck still calls the saved history what it was called
trace       the schedule, run again on the subject that it was saved from, gives the identical
            history and trace, byte for byte, and the same verdict
healthy     the schedule, if it is that of a bug of ours, violates nothing on our healthy Raft

A failure of anything but an exhibit (a bug of the zoo, one of the subjects of others that come with
splitbrain) is there to be mended: our healthy Raft, or a subject of one's own. Then its schedule
must not fail any more, and its trace may be another.

Of a run that ended its process there is the schedule alone, which must end it in the same way, or
be mended.

A run to which only a test of pytest objected must not meet its objection any more; its trace may be
another, too. Only pytest can ask the test.

A subject of others may not be on this machine: then only the history is judged, and the replay says
what was left out, and why.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import msgspec

from checker.formats import parse_history, write_history
from checker.history import Event, History
from checker.verdict import Validity
from nemesis.cluster.real import REAL_CLUSTERS
from nemesis.counted import counted
from nemesis.run import Run, check_history, run
from nemesis.schedule import Schedule
from nemesis.search.tally import DEATH, ENDLESS
from nemesis.search.workers import WorkerDied, alone
from nemesis.store import HISTORY, Objection, Results, Saved, StoreError, load, save
from nemesis.subjects.errors import SubjectMissing
from nemesis.subjects.own import OWN
from nemesis.subjects.registry import is_exhibit, is_own, subject_named


class Replay(NamedTuple):
    """What came of a replay; no problems means that all is as it was. ``not_replayed`` says why
    the schedule was not run again, as the subject is not here; or that it was, and nobody asked the
    test that objected."""

    directory: Path
    subject: str
    kinds: tuple[str, ...]
    problems: tuple[str, ...]
    not_replayed: str | None = None
    # The run, if it failed again and should not have; whether it fails no more, as it should.
    failed: Run | None = None
    is_mended: bool = False
    # It ended its process again, as it was saved, and should not have.
    still_dies: bool = False


def judge_history(history: History | list[Event], model: str) -> Validity:
    """What lincheck says of a history alone, within the budget of a run."""
    return check_history(history, model).validity


def replay(
    directory: Path,
    trusted: Collection[str] = (),
    check: Callable[[Run], None] | None = None,
) -> Replay:
    """Replay one run directory; ``check`` is the test that objected to it, if one did. Raises
    StoreError, ScheduleError, HistoryError for a broken one, UnknownName for a subject that nobody
    knows.

    A file does not say what code is loaded: a subject that is called MODULE:FUNCTION is run only if
    it is among those that are ``trusted``.
    """
    saved = load(directory)
    results = saved.results
    if is_of_real_processes(results.variant):
        raise StoreError(
            f"{directory}: is a run of real processes ({results.variant}), which never go the same "
            f"way twice; splitbrain check {directory / HISTORY} judges its history again"
        )
    problems = judged_again(saved)
    kinds = tuple(sorted({failure.kind for failure in results.failures}))
    name = results.variant
    if ":" in name and name not in trusted:
        reason = f"{name} is run only if that is asked for (--subject {name})"
        return Replay(directory, name, kinds, tuple(problems), reason)
    try:
        again = _again(saved.schedule, name)
    except SubjectMissing as missing:
        return Replay(directory, name, kinds, tuple(problems), str(missing))
    except WorkerDied as died:
        if not _as_it_died(results, died):
            problems.append(f"run again, it ended its process: {died.how}")
        elif not is_exhibit(name):
            problems.append(f"it still ends its process: {died.how}")
            return Replay(directory, name, kinds, tuple(problems), still_dies=True)
    else:
        if results.objection is not None:
            result = _mended(directory, name, kinds, problems, again)
            return _asked(result, again, results.objection, check)
        if results.validity is Validity.INVALID and not is_exhibit(name):
            return _mended(directory, name, kinds, problems, again)
        problems.extend(_differences(saved, again))
    if is_own(name) and name != OWN.name:
        healthy = run(saved.schedule)
        problems.extend(
            f"the healthy Raft: {failure.kind}: {failure.message}"
            for failure in healthy.verdict.failures
        )
    return Replay(directory, name, kinds, tuple(problems))


def is_of_real_processes(name: str) -> bool:
    """Whether a run of this variant was one of real processes: it never goes the same way twice."""
    return name.partition(" ")[0] in REAL_CLUSTERS


def judged_again(saved: Saved) -> list[str]:
    """What is wrong with what lincheck says of a saved history now. Raises HistoryError."""
    history = parse_history(saved.history, source=str(saved.directory / HISTORY))
    validity = judge_history(history, saved.results.model)
    then = saved.results.history_validity
    if validity == then:
        return []
    return [f"lincheck now calls the history {validity}, it was saved as {then}"]


def _as_it_died(saved: Results, died: WorkerDied) -> bool:
    """Whether a run was saved as one that ended its process, and in this way."""
    return any(
        (failure.kind == ENDLESS and died.is_endless)
        or (failure.kind == DEATH and failure.message == died.how)
        for failure in saved.failures
    )


def _mended(
    directory: Path, name: str, kinds: tuple[str, ...], problems: list[str], again: Run
) -> Replay:
    failures = again.verdict.failures
    problems.extend(f"it still fails: {each.kind}: {each.message}" for each in failures)
    failed = again if failures else None
    return Replay(directory, name, kinds, tuple(problems), None, failed, not failures)


def _asked(
    result: Replay, again: Run, objection: Objection, check: Callable[[Run], None] | None
) -> Replay:
    """Whether the test still objects to what no judge convicts."""
    if result.failed is not None:
        return result
    if check is None:
        words = f"{objection.test} objected to it, which only pytest can ask again"
        return result._replace(not_replayed=words, is_mended=False)
    try:
        check(again)
    except AssertionError as error:
        words = f"{objection.test} still objects: {str(error) or objection.message}"
        return result._replace(problems=(*result.problems, words), failed=again, is_mended=False)
    return result


def replay_command(directory: Path, subject: str) -> str:
    """What runs a saved run again, for a shell."""
    command = f"splitbrain replay {quote(str(directory))}"
    return f"{command} --subject {quote(subject)}" if ":" in subject else command


def _again(schedule: Schedule, name: str) -> Run:
    """The schedule, run on the subject of this name. Native code of others may end its process, and
    what it does must be the same in any."""
    return _run_on(schedule, name) if is_own(name) else alone(_run_on, schedule, name)


def _run_on(schedule: Schedule, name: str) -> Run:
    return run(schedule, subject_named(name))


def _differences(saved: Saved, again: Run) -> list[str]:
    problems = []
    if again.trace_bytes() != saved.trace:
        problems.append(_first_difference("trace", saved.trace, again.trace_bytes()))
    history = history_bytes(again)
    if history != saved.history:
        problems.append(_first_difference("history", saved.history, history))
    then = sorted(failure.kind for failure in saved.results.failures)
    now = sorted(failure.kind for failure in again.verdict.failures)
    if again.verdict.validity != saved.results.validity or then != now:
        problems.append(
            f"the verdict is now {again.verdict.validity} {now}, it was saved as "
            f"{saved.results.validity} {then}"
        )
    return problems


def _first_difference(what: str, then: bytes, now: bytes) -> str:
    pairs = zip(then.splitlines(), now.splitlines(), strict=False)
    for number, (old, new) in enumerate(pairs, start=1):
        if old != new:
            return (
                f"the {what} differs from line {number} on: "
                f"{old.decode(errors='replace')} was saved, now it is "
                f"{new.decode(errors='replace')}"
            )
    had = counted(len(then.splitlines()), "line")
    return f"the {what} had {had}, now it has {len(now.splitlines())}"


def history_bytes(of: Run) -> bytes:
    """history.jsonl of a run."""
    file = io.StringIO()
    write_history(file, of.history, {"model": of.model})
    return file.getvalue().encode()


def refresh(directory: Path) -> Run:
    """Save a run directory anew after the simulator has changed on purpose.

    The schedule must still fail, on its subject, with one of the kinds that were saved, under its
    own seed or one of some small ones. Raises StoreError if it does not, SubjectMissing.
    """
    saved = load(directory)
    if saved.results.objection is not None:
        raise StoreError(
            f"{directory}: was saved as {saved.results.objection.test} objected; its trace may be "
            "any, so there is nothing to refresh"
        )
    if saved.results.has_died:
        raise StoreError(f"{directory}: ended its process, so there is no trace to refresh")
    subject = subject_named(saved.results.variant)
    kinds = {failure.kind for failure in saved.results.failures}
    for seed in (saved.schedule.seed, *range(100)):
        again = run(msgspec.structs.replace(saved.schedule, seed=seed), subject)
        if kinds & again.verdict.kinds:
            save(directory, again, judge_history(again.history, again.model))
            return again
    raise StoreError(f"{directory}: does not fail any more with {', '.join(sorted(kinds))}")
