"""Weaker conditions by name: judged one by one, or which of them hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from time import monotonic
from typing import Any, NamedTuple

import click

from checker.history import History, HistoryError, Operation
from checker.lincheck import Budget, check
from checker.lincheck.budget import Meter
from checker.lincheck.conditions import (
    GUARANTEES,
    LINEARIZABLE,
    SEQUENTIAL,
    Bound,
    Finding,
    Judge,
    Ladder,
    sequential,
    session_guarantees,
    strongest,
    times_of,
    versioned,
    widened,
)
from checker.lincheck.conditions.accesses import is_register_like
from checker.lincheck.engine import Impossible
from checker.lincheck.judge import judge_all
from checker.lincheck.parts import OperationError
from checker.lincheck.sections import sections
from checker.models import CallError, Model
from checker.verdict import Validity
from nemesis.cli.check_progress import Progress
from nemesis.cli.check_report import Report, cut, operation_data, operation_lines
from nemesis.cli.display import COLOURS
from nemesis.counted import counted

SESSION = "session"
"""All session guarantees together."""

_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_NAMES = (LINEARIZABLE, SEQUENTIAL, SESSION, *GUARANTEES, "stale:DELTA", "versions:COUNT")

Sentence = Callable[[History, Model, Budget, Progress], Finding]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition by its name; ``judge`` says whether a history keeps it."""

    name: str
    judge: Sentence

    @classmethod
    def named(cls, name: str) -> Condition | None:
        """The condition of this name, None for linearizability; BadParameter if there is none."""
        kind, _, bound = name.partition(":")
        if name == LINEARIZABLE:
            return None
        if name == SEQUENTIAL:
            return cls(name, _sequential)
        if kind == "stale":
            return cls(name, _stale(name, _duration(bound)))
        if kind == "versions":
            if not re.fullmatch(r"[1-9]\d{0,3}", bound):
                raise click.BadParameter(f"{name!r} needs a number of versions: versions:2")
            return cls(name, _versions(name, int(bound)))
        guarantees = GUARANTEES if name == SESSION else tuple(re.split(r"\s*\+\s*", name))
        for each in guarantees:
            if each not in GUARANTEES:
                close = get_close_matches(each, _NAMES, n=1)
                hint = f"did you mean {close[0]!r}? " if close else ""
                raise click.BadParameter(
                    f"there is no condition {each!r}: {hint}there are {', '.join(_NAMES)}"
                )
        return cls(name, _session(guarantees))


class Weaker(NamedTuple):
    """Which conditions hold, for people and for programs."""

    lines: tuple[str, ...]
    data: dict[str, Any]


def report_condition(
    file: str,
    history: History,
    model: Model,
    condition: Condition,
    budget: Budget,
    with_weaker: bool,
    progress: Progress,
) -> Report:
    """Judge a history by one weaker condition."""
    started = monotonic()
    _require_known(history, model)
    progress.now(lambda: f"judging {condition.name}")
    finding = condition.judge(history, model, budget, progress)
    seconds = monotonic() - started
    operations = len(history.operations())
    facts = f"{condition.name}, {counted(operations, 'operation')}, {seconds:.2f} s"
    is_unknown = finding.validity is Validity.UNKNOWN
    lines = [cut(finding.reason)] if finding.reason else []
    lines += operation_lines(finding.operations)
    data: dict[str, Any] = {
        "model": model.name,
        "condition": condition.name,
        "reasons": [finding.reason] if is_unknown else [],
        "failures": (
            [{"kind": condition.name, "message": finding.reason}]
            if finding.validity is Validity.INVALID
            else []
        ),
        "conflict": [operation_data(each) for each in finding.operations],
        "operations": operations,
        "seconds": round(seconds, 6),
    }
    if with_weaker:
        found = weaker(history, model, budget, progress)
        lines += found.lines
        data["weaker"] = found.data
    return Report(file, finding.validity, None, facts, tuple(lines), data)


def weaker(history: History, model: Model, budget: Budget, progress: Progress) -> Weaker:
    """Judge a history by all conditions, within a budget of their own."""
    progress.now(lambda: "judging weaker conditions")
    ladder = strongest(history, model, budget, _by_engines(progress))
    return Weaker(tuple(_table(ladder)), ladder.evidence())


def _by_engines(progress: Progress) -> Judge:
    """A judge that uses all engines, which are faster than the frontier alone."""

    def judge(operations: Sequence[Operation], model: Model, budget: Budget | None) -> Validity:
        meter = Meter(budget or Budget(), cancelled=progress.tick)
        is_known = True
        for finding in judge_all(sections(operations, model), model, meter, False):
            if isinstance(finding.outcome, Impossible):
                return Validity.INVALID
            is_known = is_known and finding.outcome is not None
        return Validity.VALID if is_known else Validity.UNKNOWN

    return judge


def _table(ladder: Ladder) -> list[str]:
    rows: list[tuple[str, str, str]] = [
        (_short(each.condition), each.validity, _short(each.reason)) for each in ladder.findings
    ]
    rows.append(("stale", *_bound_row(ladder.staleness, "by at most {} ns")))
    rows.append(("versions", *_bound_row(ladder.versions, "one of the latest {}")))
    width = max(len(name) for name, _, _ in rows)
    lines = ["conditions:"]
    for name, validity, reason in rows:
        word = click.style(validity, fg=COLOURS[Validity(validity)])
        gap = " " * (9 - len(validity)) if reason else ""
        lines.append(f"  {name:<{width}}  {word}{gap}{cut(reason)}")
    held = "; ".join(map(_short, ladder.strongest)) or "none of these"
    lines.append(f"strongest that holds: {held}")
    if ladder.open:
        lines.append(f"not known: {'; '.join(map(_short, ladder.open))}")
    return lines


def _short(words: str) -> str:
    """``session`` for all four guarantees."""
    everything = " + ".join(GUARANTEES)
    return words.replace(f"{everything} hold", f"{SESSION} holds").replace(everything, SESSION)


def _bound_row(bound: Bound, words: str) -> tuple[str, str]:
    if bound.least is None:
        never = bound.reason.startswith("answers that")
        return Validity.INVALID if never else Validity.UNKNOWN, bound.reason
    told = words.format(f"{bound.least:,}")
    if not bound.is_exact:
        above = "" if bound.above is None else f", more than {bound.above:,}"
        told = f"{told}{above} ({bound.reason})"
    return Validity.VALID, told


def _require_known(history: History, model: Model) -> None:
    """Raises HistoryError, with file and line, for an operation that the model refuses."""
    for operation in history.operations():
        try:
            model.parse(operation)
        except CallError as error:
            raise history.error_at_index(str(error), operation.invocation) from None


def _sequential(history: History, model: Model, budget: Budget, _progress: Progress) -> Finding:
    return sequential(history.operations(), model, budget)


def _session(guarantees: tuple[str, ...]) -> Sentence:
    def judge(history: History, model: Model, budget: Budget, _progress: Progress) -> Finding:
        return session_guarantees(history.operations(), model, guarantees, budget)

    return judge


def _stale(name: str, delta: int) -> Sentence:
    def judge(history: History, model: Model, budget: Budget, progress: Progress) -> Finding:
        times = times_of(history)
        for operation in history.operations():
            ended = operation.completed is not None
            if operation.invocation not in times or (ended and operation.completion not in times):
                return Finding(
                    name, Validity.UNKNOWN, f"the history does not tell when {operation} was"
                )
        try:
            moved = widened(history.operations(), model, times, delta)
        except OperationError as error:
            raise history.error_at_index(error.reason, error.operation.invocation) from None
        why = f"no order explains the answers, even if they may be {delta:,} ns old"
        return _linearizable(name, moved, model, budget, progress, why)

    return judge


def _versions(name: str, versions: int) -> Sentence:
    def judge(history: History, model: Model, budget: Budget, progress: Progress) -> Finding:
        if not is_register_like(model):
            return Finding(
                name, Validity.UNKNOWN, f"the model {model.name!r} has no versions to count"
            )
        several = versioned(model, versions)
        why = f"no order explains the answers by the latest {counted(versions, 'version')}"
        try:
            return _linearizable(name, history.operations(), several, budget, progress, why)
        except HistoryError as error:
            return Finding(name, Validity.UNKNOWN, error.reason)

    return judge


def _linearizable(
    name: str,
    operations: tuple[Operation, ...] | list[Operation],
    model: Model,
    budget: Budget,
    progress: Progress,
    why: str,
) -> Finding:
    verdict = check(operations, model, budget=budget, cancelled=progress.tick)
    if verdict.validity is Validity.VALID:
        return Finding(name, Validity.VALID, order=verdict.order)
    if verdict.validity is Validity.UNKNOWN:
        return Finding(name, Validity.UNKNOWN, "; ".join(verdict.reasons))
    blamed = () if verdict.conflict is None else verdict.conflict.operations
    return Finding(name, Validity.INVALID, why, blamed)


def _duration(text: str) -> int:
    """``5ms``, ``100us``, ``2s``, ``40ns``, in ns; BadParameter for anything else."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)(ns|us|ms|s)", text)
    if match is None:
        raise click.BadParameter(f"stale:{text} needs a time: stale:5ms (ns, us, ms or s)")
    return round(float(match[1]) * _UNITS[match[2]])
