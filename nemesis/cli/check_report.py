"""What is told of one history, as lines for people and as a JSON object for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from checker.history import Operation
from checker.lincheck.certificate import name_of
from checker.verdict import Validity
from nemesis.cli.display import COLOURS
from nemesis.counted import counted

STANDARD_INPUT = "-"

BAD_INPUT = 254

_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Report:
    """A verdict, or an error: a history that cannot be read, a certificate that cannot be written.

    ``facts`` follow the verdict in its line; ``lines`` stand below; ``data`` is JSON-ready.
    """

    file: str
    validity: Validity | None = None
    error: str | None = None
    facts: str = ""
    lines: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    was_interrupted: bool = False


def label(file: str) -> str:
    """What people read for the name of a file."""
    return "<stdin>" if file == STANDARD_INPUT else click.format_filename(file)


def show(report: Report, as_json: bool) -> None:
    """Print a report: the verdict to standard output, an error to standard error."""
    if report.error is not None:
        click.echo(f"splitbrain: {report.error}", err=True)
    if as_json:
        validity = None if report.validity is None else report.validity.value
        head = {"file": report.file, "validity": validity, "error": report.error}
        click.echo(json.dumps({**head, **report.data}))
    elif report.validity is not None:
        verdict = click.style(report.validity, fg=COLOURS[report.validity], bold=True)
        facts = f"  ({report.facts})" if report.facts else ""
        click.echo(f"{label(report.file)}: {verdict}{facts}")
        for line in report.lines:
            click.echo(f"  {line}" if line else "")


def show_summary(reports: Sequence[Report], asked: int) -> None:
    """Print how many of several histories got which verdict."""
    counts = Counter(report.validity for report in reports)
    words = [f"{counts[validity]} {validity}" for validity in Validity if counts[validity]]
    if counts[None]:
        words.append(f"{counts[None]} could not be judged")
    if len(reports) < asked:
        words.append(f"{asked - len(reports)} not judged")
    click.echo(f"{counted(asked, 'history', 'histories')}: {', '.join(words)}")


def exit_code(reports: Iterable[Report]) -> int:
    """That of the worst: bad input, then invalid, then unknown."""
    told = list(reports)
    if any(report.error is not None for report in told):
        return BAD_INPUT
    found = {report.validity for report in told}
    for validity in (Validity.INVALID, Validity.UNKNOWN):
        if validity in found:
            return validity.exit_code
    return Validity.VALID.exit_code


def operation_lines(operations: Sequence[Operation], most: int = 30) -> list[str]:
    """A line an operation, with its events; in the middle some may be left out."""
    hidden = len(operations) - most
    if hidden > 0:
        head, tail = operations[: most // 2], operations[hidden + most // 2 :]
        middle = [f"  (and {hidden} others)"]
        return [*operation_lines(head), *middle, *operation_lines(tail)]
    return [cut(f"  events {_events(each):>12}  {each}") for each in operations]


def operation_data(operation: Operation) -> dict[str, Any]:
    """An operation as JSON values; ``event`` is its name in certificates."""
    return {
        "event": name_of(operation),
        "completion": operation.completion,
        "process": operation.process,
        "f": operation.f,
        "key": operation.key,
        "argument": operation.argument,
        "result": operation.result,
        "outcome": operation.outcome,
        "error": operation.error,
    }


def plain(key: Any) -> Any:
    """A key as JSON knows it; models make keys distinct (``checker.models.distinct``)."""
    if isinstance(key, tuple):
        return [plain(each) for each in key]
    if key is None or isinstance(key, str | int):
        return key
    return plain(getattr(key, "value", repr(key)))


def cut(line: str) -> str:
    """Not more than a wide screen shows."""
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."


def _events(operation: Operation) -> str:
    end = "" if operation.completion is None else operation.completion
    return f"{name_of(operation)}..{end}"
