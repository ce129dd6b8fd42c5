"""``splitbrain report``: a run as one page."""

from __future__ import annotations

from pathlib import Path

import click

from checker.report.data import encode_report
from nemesis.cli.display import console, rendered
from nemesis.report import report_of, write_report
from nemesis.store import REPORT


@click.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"Where the page goes; {REPORT} in PATH if left out.",
)
@click.option(
    "--text", "as_text", is_flag=True, help="Print the counterexample instead, at most 40 lines."
)
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    metavar="MODULE:FUNCTION",
    help="Run this Raft of yours, for its messages, where the saved run names it: a file alone "
    "does not say what code is loaded.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the data of the page instead.")
def report(
    path: Path, output: Path | None, as_text: bool, subjects: tuple[str, ...], as_json: bool
) -> int:
    """Make the report of a run directory: one HTML file, to be opened from disk."""
    made = report_of(path, subjects)
    if as_json:
        click.echo(encode_report(made))
        return 0
    if as_text:
        console().print(rendered(made))
        return 0
    place = path / REPORT if output is None else output
    write_report(made, place)
    click.echo(f"report: {place}")
    return 0
