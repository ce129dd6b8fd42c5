"""``splitbrain check``: is a recorded history linearizable?"""

from __future__ import annotations

from pathlib import Path

import click

from checker.formats import read_history
from checker.history import HistoryError
from checker.lincheck import Budget, Verdict
from checker.lincheck import check as check_linearizable
from checker.models import get_model, model_names
from checker.verdict import merge
from nemesis.cli.display import COLOURS


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--model", required=True, metavar="NAME", help=f"What it should be: {', '.join(model_names())}."
)
@click.option(
    "--independent",
    is_flag=True,
    help="EDN whose values are pairs [key value], as of jepsen.independent.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Budget of time for each file.",
)
@click.option(
    "--memory",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    help="Budget of memory for each file, in MiB.",
)
@click.option("--witness", is_flag=True, help="Print the order that explains a valid history.")
def check(
    files: tuple[Path, ...],
    model: str,
    independent: bool,
    seconds: float,
    memory: int,
    witness: bool,
) -> int:
    """Check recorded histories: splitbrain's JSON lines, Jepsen's EDN, Jepsen's log lines.

    Prints a verdict for each FILE, with the evidence, and exits with that of the worst.
    """
    specification = get_model(model)
    budget = Budget(seconds=seconds, memory=memory << 20)
    verdicts = []
    for path in files:
        try:
            history = read_history(path, independent=independent)
        except OSError as error:
            raise HistoryError(f"cannot be read: {error.strerror}", source=str(path)) from error
        verdict = check_linearizable(history, specification, budget=budget)
        verdicts.append(verdict)
        validity = verdict.validity
        click.echo(f"{path}: " + click.style(validity, fg=COLOURS[validity], bold=True))
        _explain(verdict, witness)
    return merge(verdicts).validity.exit_code


def _explain(verdict: Verdict, witness: bool) -> None:
    for reason in verdict.reasons:
        click.echo(f"  {reason}")
    if verdict.order is not None and witness:
        for number, operation in enumerate(verdict.order, start=1):
            click.echo(f"  {number:5}. {operation}")
    conflict = verdict.conflict
    if conflict is None:
        return
    last = conflict.operation
    click.echo(f"  impossible from event {conflict.last_event} on: {last}")
    minimal = "none of them can be left out" if conflict.is_minimal else "not yet minimal"
    click.echo(f"  no order explains these {len(conflict.operations)} operations ({minimal}):")
    for operation in conflict.operations:
        events = f"{operation.invocation}..{_or_open(operation.completion)}"
        click.echo(f"    events {events:>12}  {operation}")


def _or_open(event: int | None) -> str:
    return "" if event is None else str(event)
