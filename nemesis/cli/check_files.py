"""Files from the first to the last: read, judge, report; one by one, or several at once."""

from __future__ import annotations

import io
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import click

from checker.errors import CheckerError
from checker.formats import parse_history, read_history
from checker.history import History, HistoryError
from checker.lincheck.processes import ProcessDied, in_processes, locked_counter
from checker.lincheck.tasks import Executor
from checker.models import UnknownModelError
from checker.verdict import Validity
from nemesis.cli.check_conditions import report_condition
from nemesis.cli.check_isolation import report_isolation
from nemesis.cli.check_linearizable import report_linearizable
from nemesis.cli.check_progress import Progress
from nemesis.cli.check_report import (
    STANDARD_INPUT,
    Report,
    exit_code,
    label,
    show,
    show_summary,
)
from nemesis.cli.check_request import Request
from nemesis.counted import counted

_PATIENCE = 0.1


def check_files(files: Sequence[str], request: Request) -> int:
    """Judge and report each file; the exit code.

    A file that cannot be judged does not keep the others from being judged.
    """
    reports: list[Report] = []
    at_once = request.jobs > 1 and len(files) > 1
    with (
        _executor(request) as executor,
        closing(
            _at_once(files, request) if at_once else _one_by_one(files, request, executor)
        ) as judged,
    ):
        for report in judged:
            show(report, request.as_json)
            reports.append(report)
            if report.was_interrupted:
                click.echo("splitbrain: interrupted", err=True)
                break
    if len(files) > 1 and not request.as_json:
        show_summary(reports, len(files))
    return exit_code(reports)


def open_standard_input() -> BinaryIO:
    """Standard input, as bytes; HistoryError if it is closed."""
    if sys.stdin is None:
        raise HistoryError("standard input is closed", source=label(STANDARD_INPUT))
    return sys.stdin.buffer


def unreadable(error: OSError, file: str) -> HistoryError:
    """What is told of a file that cannot be opened or read."""
    return HistoryError(f"cannot be read: {error.strerror or error}", source=label(file))


@contextmanager
def _executor(request: Request) -> Iterator[Executor | None]:
    """Whoever judges keys for this one. Raises CampaignError if nobody can be reached."""
    if request.scheduler is None:
        yield None
        return
    from nemesis.campaigns.histories import judges

    with judges(request.scheduler) as executor:
        with suppress(ProcessDied):
            if not executor.slots():
                click.echo("nobody works for that scheduler yet: waiting for workers", err=True)
        yield executor


def _one_by_one(
    files: Sequence[str], request: Request, executor: Executor | None
) -> Generator[Report, None, None]:
    several = len(files) > 1
    for file in files:
        with Progress(label(file)) as progress:
            report = _report(file, request, several, progress, None, executor)
        yield report


def _at_once(files: Sequence[str], request: Request) -> Generator[Report, None, None]:
    """The reports in order, of files that are judged by so many processes."""
    # A process that was forked has no standard input.
    content = None
    if STANDARD_INPUT in files:
        content = io.BytesIO(open_standard_input().read())
    following = locked_counter(0)

    def work(_number: int) -> Iterator[tuple[int, Report]]:
        while True:
            with following.get_lock():
                at = following.value
                following.value += 1
            if at >= len(files):
                return
            with Progress(label(files[at]), is_shown=False) as progress:
                yield at, _report(files[at], request, True, progress, content)

    found: dict[int, Report] = {}
    shown = 0
    telling = in_processes(work, min(request.jobs, len(files)), patience=_PATIENCE)
    with Progress(counted(len(files), "history", "histories")) as progress:
        progress.now(lambda: f"{len(found)} judged")
        try:
            for told in telling:
                progress.tick()
                if told is not None:
                    found[told[0]] = told[1]
                while shown in found:
                    progress.hide()
                    yield found[shown]
                    shown += 1
        except KeyboardInterrupt:
            progress.hide()
            yield _interrupted(files[shown], progress)
        except ProcessDied as error:
            progress.hide()
            for at in range(shown, len(files)):
                lost = Report(files[at], error=f"{label(files[at])}: {error}")
                yield found.get(at, lost)
        finally:
            telling.close()


def _report(
    file: str,
    request: Request,
    several: bool,
    progress: Progress,
    content: BinaryIO | None,
    executor: Executor | None = None,
) -> Report:
    """Read and judge one file; whatever is wrong with it is in the report."""
    try:
        history = _read(file, request, progress, content)
        history.operations()
        if request.isolation is not None:
            return report_isolation(file, history, request.isolation, request.workload)
        model = request.model_of(history)
        if request.condition is not None:
            return report_condition(
                file, history, model, request.condition, request.budget, request.weaker, progress
            )
        return report_linearizable(file, history, model, request, several, progress, executor)
    except (HistoryError, CheckerError, UnknownModelError) as error:
        return Report(file, error=str(error))
    except KeyboardInterrupt:
        return _interrupted(file, progress)


def _interrupted(file: str, progress: Progress) -> Report:
    reason = f"interrupted after {progress.seconds:.1f} s"
    data = {"reasons": [reason]}
    return Report(file, Validity.UNKNOWN, lines=(reason,), data=data, was_interrupted=True)


def _read(file: str, request: Request, progress: Progress, content: BinaryIO | None) -> History:
    independent = request.independent
    try:
        if file == STANDARD_INPUT:
            with progress.reading(content or open_standard_input(), 0) as watched:
                return parse_history(watched, source=label(file), independent=independent)
        path = Path(file)
        if path.is_dir():
            return read_history(path, independent=independent)
        with open(path, "rb") as opened, progress.reading(opened, path.stat().st_size) as watched:
            return parse_history(watched, source=label(file), independent=independent)
    except OSError as error:
        raise unreadable(error, file) from error
