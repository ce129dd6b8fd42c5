"""Reports of runs: what a run directory holds, as the one page of ``checker.report``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from shlex import quote

from checker import lincheck
from checker.events import printable
from checker.history import History, collector_paused
from checker.models import Model
from checker.report.data import Failed, Report, Span, VerdictShown
from checker.report.html import page
from checker.report.operations import operations_shown
from checker.report.shown import Shortener
from nemesis.describe.saved_run import SavedRun
from nemesis.describe.verdicts import evidence_of, promise_shown, shortened_notes, words_of_history
from nemesis.store import REPORT, StoreUnwritable, load, write_whole


def report_of(directory: Path, trusted: Collection[str] = ()) -> Report:
    """The report of a run directory. Raises StoreError and whatever else is wrong with its files,
    naming them.

    A file does not say what code is loaded: a subject that is called MODULE:FUNCTION is run, for
    its messages, only if it is among those that are ``trusted``.
    """
    with collector_paused():
        return SavedRun(load(directory), trusted).report()


def save_report(directory: Path, trusted: Collection[str] = ()) -> Report:
    """Write the page of a run directory beside its files. Raises StoreUnwritable."""
    report = report_of(directory, trusted)
    place = directory / REPORT
    try:
        write_whole(place, page(report).encode())
    except OSError as error:
        raise StoreUnwritable(f"{place}: {error.strerror or error}") from error
    return report


def report_of_history(history: History, model: Model, verdict: lincheck.Verdict) -> Report:
    """The report of a history alone, with the verdict on it. Raises HistoryError."""
    shortener = Shortener()
    shown = operations_shown(history, shortener)
    order, counterexample = evidence_of(verdict, history, model, shown, shortener)
    failures = tuple(
        Failed(
            kind=each.kind,
            message=shortener.sentence(each.message),
            words=(Span(text=shortener.sentence(each.message)),)
            if counterexample is None
            else counterexample.sentence,
            promise=promise_shown(each.kind),
            operations=() if counterexample is None else counterexample.operations,
        )
        for each in verdict.failures
    )
    source = printable(history.source or "a history")
    return Report(
        title=Path(source).name,
        subject=source,
        verdict=VerdictShown(
            validity=verdict.validity.value,
            paragraph=failures[0].words if failures else words_of_history(verdict, shown, model),
            failures=failures,
            reasons=tuple(map(shortener.sentence, verdict.reasons)),
        ),
        end=shown.end,
        unit=shown.unit,
        command=f"splitbrain check {quote(source)} --model {model.name} --explain",
        model=model.name,
        operations=shown.columns,
        linearization=order,
        counterexample=counterexample,
        notes=(
            "A history alone: it tells nothing of nodes, messages and faults.",
            *shortened_notes(shortener),
        ),
    )


def write_report(report: Report, place: Path) -> None:
    """Write the page. Raises StoreUnwritable."""
    try:
        place.write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise StoreUnwritable(f"{place}: {error.strerror or error}") from error
