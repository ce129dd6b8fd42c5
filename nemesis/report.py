"""Reports of runs: what a run directory holds, as the one page of ``checker.report``."""

from __future__ import annotations

from pathlib import Path

from checker.formats import parse_history, read_history
from checker.history import History
from checker.lincheck import Verdict
from checker.models import get_model
from checker.report.data import (
    Counterexample,
    Failed,
    Figure,
    Linearization,
    Report,
    ScheduleStep,
    Span,
    VerdictShown,
)
from checker.report.events import nodes_of, trace_shown
from checker.report.evidence import counterexample_of, linearization_of
from checker.report.html import page
from checker.report.operations import OperationsShown, operations_shown
from checker.report.shown import Shortener
from checker.trace import decode_trace
from nemesis.describe.steps import describe_step
from nemesis.describe.story import command_words
from nemesis.outcome import check_history
from nemesis.store import HISTORY, TRACE, Saved, load

REPORT = "report.html"


def report_of(directory: Path) -> Report:
    """The report of a run directory. Raises StoreError and whatever else is wrong with its files,
    naming them."""
    return report_of_saved(load(directory))


def report_of_saved(saved: Saved) -> Report:
    """The report of a saved run."""
    directory, results = saved.directory, saved.results
    shortener = Shortener()
    history = parse_history(saved.history, source=str(directory / HISTORY))
    shown = operations_shown(history, shortener)
    order, counterexample = _evidence(history, results.model, shown, shortener)
    header, events = decode_trace(directory / TRACE, saved.trace.splitlines())
    nodes = nodes_of(header.members, events)
    trace = trace_shown(nodes, events, command_words, shortener)
    places = {name: at for at, name in enumerate(nodes)}
    failures = tuple(
        Failed(
            kind=each.kind,
            message=each.message,
            words=(Span(text=each.message),),
            time=each.time,
            nodes=(places[each.node],) if each.node in places else (),
            event=each.evidence.get("sequence"),
        )
        for each in results.failures
    )
    paragraph = failures[0].words if failures else (Span(text=f"The run is {results.validity}."),)
    statistics = results.statistics
    return Report(
        title=directory.name,
        subject=f"the Raft {results.variant}, simulated",
        verdict=VerdictShown(
            validity=results.validity.value,
            paragraph=paragraph,
            failures=failures,
            reasons=results.reasons,
        ),
        end=max(shown.end, events[-1].time if events else 0, statistics.duration),
        unit=shown.unit,
        command=f"splitbrain replay {directory}",
        model=results.model,
        nodes=nodes,
        operations=shown.columns,
        linearization=order,
        counterexample=counterexample,
        reigns=trace.reigns,
        trace=trace.trace,
        steps=tuple(ScheduleStep(line=describe_step(each)) for each in saved.schedule.steps),
        figures=tuple(
            Figure(group="effects", name=name, value=f"{count:,}")
            for name, count in statistics.effects.items()
        ),
    )


def report_of_history(file: Path, model: str) -> Report:
    """The report of a history alone, judged here. Raises HistoryError."""
    shortener = Shortener()
    history = read_history(file)
    shown = operations_shown(history, shortener)
    verdict = check_history(history, model, certificate=True)
    order, counterexample = _evidence_of(verdict, history, model, shown, shortener)
    message = verdict.failures[0].message if verdict.failures else f"It is {verdict.validity}."
    words = (Span(text=message),) if counterexample is None else counterexample.sentence
    return Report(
        title=file.name,
        subject=str(file),
        verdict=VerdictShown(
            validity=verdict.validity.value, paragraph=words, reasons=verdict.reasons
        ),
        end=shown.end,
        unit=shown.unit,
        command=f"splitbrain check {file} --model {model} --explain",
        model=model,
        operations=shown.columns,
        linearization=order,
        counterexample=counterexample,
    )


def _evidence(
    history: History, model: str, shown: OperationsShown, shortener: Shortener
) -> tuple[Linearization | None, Counterexample | None]:
    verdict = check_history(history, model, certificate=True)
    return _evidence_of(verdict, history, model, shown, shortener)


def _evidence_of(
    verdict: Verdict, history: History, model: str, shown: OperationsShown, shortener: Shortener
) -> tuple[Linearization | None, Counterexample | None]:
    if verdict.order is not None:
        return linearization_of(verdict.order, shown), None
    if verdict.conflict is not None:
        found = counterexample_of(history, get_model(model), verdict.conflict, shown, shortener)
        return None, found
    return None, None


def write_report(report: Report, place: Path) -> None:
    """Write the page."""
    place.write_text(page(report), encoding="utf-8")
