"""Is it linearizable: the verdict with its evidence, certificate and explanation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from checker.history import History
from checker.lincheck import KIND, Verdict
from checker.lincheck.budget import Meter
from checker.lincheck.certificate import name_of, to_json
from checker.lincheck.checking import check_by
from checker.lincheck.conditions import LINEARIZABLE
from checker.lincheck.conflict import Conflict, concerning
from checker.lincheck.engine import Impossible
from checker.lincheck.explain import explain
from checker.lincheck.judge import Finding, judge_all
from checker.lincheck.parallel import InProcesses
from checker.lincheck.sections import Section
from checker.lincheck.tasks import Executor, InTasks
from checker.models import Model
from checker.verdict import Failure, Validity
from nemesis.cli.check_conditions import weaker
from nemesis.cli.check_progress import Progress
from nemesis.cli.check_report import (
    Report,
    cut,
    operation_data,
    operation_lines,
    plain,
)
from nemesis.cli.check_request import Request, certificate_place
from nemesis.counted import counted
from nemesis.report import report_of_history, write_report
from nemesis.store import StoreUnwritable

_REASONS_SHOWN = 10

NOTHING_TOLD = "no operation was answered with ok, so there was nothing to judge"


def report_linearizable(
    file: str,
    history: History,
    model: Model,
    request: Request,
    several: bool,
    progress: Progress,
    executor: Executor | None = None,
) -> Report:
    """Check a history, by the executor if there is one, and whatever the request wants beside."""
    started = monotonic()
    watched = _Watched(request, 1 if several else request.jobs, progress, executor)
    try:
        verdict = check_by(watched, history, model, watched.meter, request.certificate)
        was_interrupted = False
    except KeyboardInterrupt:
        verdict = watched.so_far(progress.seconds)
        was_interrupted = True
    seconds = monotonic() - started
    operations = len(history.operations())
    if verdict.validity is Validity.VALID and not _told_anything(history):
        verdict = Verdict(Validity.UNKNOWN, reasons=(NOTHING_TOLD,))
    facts = [counted(operations, "operation")]
    if watched.sections > 1:
        facts.append(counted(watched.sections, watched.part))
    facts.append(f"{seconds:.2f} s")
    lines = _lines(verdict, watched, request)
    if watched.kept_here:
        lines.insert(0, f"judged here, not by the scheduler's workers: {watched.kept_here}")
    data = {
        "model": model.name,
        "condition": LINEARIZABLE,
        "reasons": list(verdict.reasons),
        "failures": [{"kind": each.kind, "message": each.message} for each in verdict.failures],
        **_conflict_data(verdict.conflict),
        "operations": operations,
        "parts": watched.sections,
        "parts_decided": watched.decided,
        "configurations": verdict.configurations,
        "seconds": round(seconds, 6),
        "certificate": None,
    }
    if request.scheduler is not None:
        data["kept_here"] = watched.kept_here or None
    if request.witness:
        data["order"] = None if verdict.order is None else [*map(name_of, verdict.order)]
    if request.explain and verdict.conflict is not None:
        explanation = explain(history, model, verdict.conflict)
        data["explanation"] = explanation.data
        lines += explanation.lines
    elif verdict.conflict is not None:
        lines += _conflict_lines(verdict.conflict)
    error = None
    if request.certificates is not None:
        error = _write_certificate(file, verdict, request, several, lines, data)
    if request.page is not None:
        error = error or _write_page(history, model, verdict, request.page, lines, data)
    if request.weaker and not was_interrupted:
        found = weaker(history, model, request.budget, progress)
        lines += found.lines
        data["weaker"] = found.data
    return Report(
        file, verdict.validity, error, ", ".join(facts), tuple(lines), data, was_interrupted
    )


def _told_anything(history: History) -> bool:
    return any(operation.outcome == "ok" for operation in history.operations())


class _Watched:
    """Judges sections, in one process or several, and knows how far that has come."""

    def __init__(
        self, request: Request, jobs: int, progress: Progress, executor: Executor | None
    ) -> None:
        self._progress = progress
        self._elsewhere: InProcesses | InTasks | None = None
        if executor is not None:
            self._elsewhere = InTasks(executor, request.budget, cancelled=progress.tick)
        elif jobs > 1:
            self._elsewhere = InProcesses(jobs, request.budget, cancelled=progress.tick)
        if self._elsewhere is not None:
            self.meter = self._elsewhere.meter
        else:
            self.meter = Meter(request.budget, cancelled=progress.tick)
        self.sections = 0
        self.decided = 0
        self.part = "key"
        self._is_impossible = False

    def __call__(
        self, parts: Sequence[Section], model: Model, meter: Meter, order: bool
    ) -> Iterator[Finding]:
        self.sections = len(parts)
        if any(len(part.keys) > 1 for part in parts):
            self.part = "part"
        self._progress.now(self._words)
        judging = self._elsewhere or judge_all
        for finding in judging(parts, model, meter, order):
            self.decided += finding.outcome is not None
            self._is_impossible = isinstance(finding.outcome, Impossible)
            self._progress.tick()
            yield finding
        self._progress.now(self._words)

    @property
    def kept_here(self) -> str:
        """Why the executor was given nothing to do; empty if it was, or there is none."""
        return self._elsewhere.kept_here if isinstance(self._elsewhere, InTasks) else ""

    def so_far(self, seconds: float) -> Verdict:
        """What is known when it is interrupted."""
        reason = f"interrupted after {seconds:.1f} s"
        if self._is_impossible:
            failure = Failure(KIND, f"no order explains the answers; {reason}: no conflict yet")
            return Verdict(
                Validity.INVALID, failures=(failure,), configurations=self.meter.explored
            )
        return Verdict(Validity.UNKNOWN, reasons=(reason,), configurations=self.meter.explored)

    def _words(self) -> str:
        explored = f"{self.meter.explored:,} configurations"
        if self._is_impossible:
            return f"invalid, looking for the smallest conflict, {explored}"
        if self.sections > 1:
            return f"{self.decided:,} of {counted(self.sections, self.part)}, {explored}"
        return f"checking, {explored}"


def _lines(verdict: Verdict, watched: _Watched, request: Request) -> list[str]:
    lines: list[str] = []
    if verdict.validity is Validity.UNKNOWN:
        lines += map(cut, verdict.reasons[:_REASONS_SHOWN])
        if len(verdict.reasons) > _REASONS_SHOWN:
            lines.append(f"(and {len(verdict.reasons) - _REASONS_SHOWN} more reasons)")
        came = f"{verdict.configurations:,} configurations were explored"
        if watched.sections > 1:
            parts = counted(watched.sections, watched.part)
            came = f"{watched.decided:,} of {parts} were found possible, {came}"
        lines.append(came)
    elif verdict.validity is Validity.INVALID and verdict.conflict is None:
        lines += [cut(failure.message) for failure in verdict.failures]
        if request.certificate and "interrupted" not in lines[0]:
            lines.append("the budget ran out before the operations to blame were known")
    if request.witness and verdict.order is not None:
        lines += [f"{number:5}. {each}" for number, each in enumerate(verdict.order, start=1)]
    return lines


def _conflict_lines(conflict: Conflict) -> list[str]:
    keys = [repr(plain(key)) for key in conflict.keys if key is not None]
    on = f" on {', '.join(keys)}" if keys else ""
    since = ""
    if conflict.first_event is not None:
        since = f", whatever the state was before event {conflict.first_event}"
    since += concerning(conflict.elements).removesuffix(",")
    count = len(conflict.operations)
    these = f"these {count} operations" if count > 1 else "this operation"
    minimal = "none of them can be left out" if conflict.is_minimal else "not yet minimal"
    return [
        cut(f"impossible from event {conflict.last_event} on: {conflict.operation}"),
        cut(f"no order explains {these}{on}{since} ({minimal}):"),
        *operation_lines(conflict.operations),
    ]


def _conflict_data(conflict: Conflict | None) -> dict[str, Any]:
    if conflict is None:
        return {
            "keys": [],
            "event": None,
            "first_event": None,
            "elements": None,
            "operation": None,
            "conflict": [],
            "is_minimal": None,
        }
    return {
        "keys": [plain(key) for key in conflict.keys if key is not None],
        "event": conflict.last_event,
        "first_event": conflict.first_event,
        "elements": None if conflict.elements is None else list(conflict.elements),
        "operation": operation_data(conflict.operation),
        "conflict": [operation_data(each) for each in conflict.operations],
        "is_minimal": conflict.is_minimal,
    }


def _write_certificate(
    file: str,
    verdict: Verdict,
    request: Request,
    several: bool,
    lines: list[str],
    data: dict[str, Any],
) -> str | None:
    """Write the certificate if there is one; the error if it cannot be written."""
    assert request.certificates is not None
    if verdict.certificate is None:
        lines.append("there is no certificate")
        return None
    place = certificate_place(request.certificates, file, several)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(to_json(verdict.certificate)) + "\n")
    except OSError as error:
        return f"{place}: the certificate cannot be written: {error.strerror}"
    lines.append(f"certificate: {place}")
    data["certificate"] = str(place)
    return None


def _write_page(
    history: History,
    model: Model,
    verdict: Verdict,
    place: Path,
    lines: list[str],
    data: dict[str, Any],
) -> str | None:
    """Write the page of the history; the error if it cannot be written."""
    try:
        write_report(report_of_history(history, model, verdict), place)
    except StoreUnwritable as error:
        return f"the report cannot be written: {error}"
    lines.append(f"report: {place}")
    data["report"] = str(place)
    return None
