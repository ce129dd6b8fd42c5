"""``splitbrain gate``: what a change must pass, in one command."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from time import monotonic

import click
from click.core import ParameterSource
from rich.console import Console
from rich.text import Text

from checker.verdict import Validity
from nemesis.cli import options
from nemesis.cli.amount import Amount
from nemesis.cli.display import COLOURS, console, told, verdict_line
from nemesis.counted import counted
from nemesis.gate.determinism import determinism
from nemesis.gate.fuzzing import fuzzing
from nemesis.gate.recall import (
    BUDGET,
    RECORD,
    measure,
    read_recall,
    recall,
    recall_of,
    write_recall,
)
from nemesis.gate.replaying import replaying
from nemesis.gate.stage import Stage, verdict_of
from nemesis.gate.written import junit, markdown
from nemesis.search.block import Campaign
from nemesis.search.ensemble import ENSEMBLE, TIMED
from nemesis.store import StoreError, StoreUnwritable, new_directory
from nemesis.subjects.registry import is_own, subject_named

# Fresh schedules are run for so long at least, in s, however long the stages before have taken.
_LEAST_FUZZING = 5.0
_SHOWN = 3


def _place(_context: click.Context, _parameter: click.Parameter, file: Path | None) -> Path | None:
    """Callback: before anything is run for minutes, what cannot be written in the end."""
    if file is not None and not file.absolute().parent.is_dir():
        raise click.BadParameter(f"{file.absolute().parent} is no folder")
    return file


@click.command()
@click.option(
    "--minutes",
    type=Amount(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="How long, all in all; fresh schedules are run for what the other stages leave.",
)
@options.SUBJECT
@click.option("--seed", type=int, help="The first seed of fresh schedules; random if left out.")
@options.JOBS
@click.option(
    "--histories",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("histories"),
    show_default=True,
    help="The saved runs that are replayed.",
)
@options.STORE
@click.option("--no-zoo", is_flag=True, help="Leave out the zoo: a check of splitbrain itself.")
@click.option(
    "--junit",
    "junit_file",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_place,
    help="JUnit XML, here.",
)
@click.option(
    "--markdown",
    "markdown_file",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_place,
    help="Append a summary in Markdown here; to GitHub's of the job if left out, if there is one.",
)
@click.option(
    "--record",
    is_flag=True,
    help="Only hunt the zoo, and make what is found the record that later gates compare with.",
)
def gate(
    minutes: float,
    subject: str | None,
    seed: int | None,
    jobs: int,
    histories: Path,
    store: Path,
    no_zoo: bool,
    junit_file: Path | None,
    markdown_file: Path | None,
    record: bool,
) -> int:
    """Decide whether a change may pass.

    Replays every saved run, hunts the zoo and compares with the record, checks determinism, and
    runs fresh schedules for the rest of the time. The exit code is the verdict.
    """
    out = console()
    if record:
        return _make_record(jobs, out)
    began = monotonic()
    what = _campaign(options.tested(subject, None), seed, jobs)
    given = click.get_current_context().get_parameter_source("histories")
    if given is not ParameterSource.DEFAULT and not histories.is_dir():
        raise StoreError(f"{histories}: is no folder of saved runs")
    directory = new_directory(store, "gate", datetime.now())
    out.print(
        f"splitbrain gate: {what.subject}, seed {what.seed} (again: --seed {what.seed}), "
        f"{minutes:g} {'minute' if minutes == 1 else 'minutes'}, "
        f"{counted(jobs, 'process', 'processes')}"
    )
    stages: list[Stage] = []
    is_interrupted = False
    try:
        for stage in _stages(what, histories, directory, began + 60 * minutes, out, not no_zoo):
            stages.append(stage)
            _tell(stage, out)
    except KeyboardInterrupt:
        is_interrupted = True
        out.print("interrupted: what was not finished is not judged")
    out.print(f"run directories: {directory}")
    verdict = verdict_of(stages)
    if is_interrupted and verdict is Validity.VALID:
        verdict = Validity.UNKNOWN
    # Told first: a disk may be full.
    out.print(verdict_line(verdict))
    summary = markdown(stages)
    _write(directory / "gate.md", lambda path: path.write_text(summary, encoding="utf-8"))
    _write(junit_file or directory / "gate.xml", lambda path: path.write_bytes(junit(stages)))
    place = markdown_file or _summary_of_job()
    if place is not None:
        _write(place, lambda path: _append(path, summary))
    return verdict.exit_code


def _campaign(name: str, seed: int | None, jobs: int) -> Campaign:
    return Campaign(
        seed=secrets.randbelow(1 << 32) if seed is None else seed,
        jobs=jobs,
        subject=subject_named(name).name,
        strategy=ENSEMBLE if is_own(name) else TIMED,
        stop_at_first=False,
    )


def _stages(
    what: Campaign, histories: Path, directory: Path, deadline: float, out: Console, has_zoo: bool
) -> Iterator[Stage]:
    yield replaying(histories, what.jobs, (what.subject,))
    if has_zoo:
        yield recall(read_recall(), what.jobs)
    yield determinism(what)
    left = max(_LEAST_FUZZING, deadline - monotonic())
    yield fuzzing(what._replace(seconds=left), directory, told)


def _make_record(jobs: int, out: Console) -> int:
    made = recall_of(measure(jobs), BUDGET)
    _write(RECORD, lambda path: write_recall(made, path))
    found, of = len(made.found), len(made.executions)
    out.print(f"recorded in {RECORD}: {found} of {of} bugs found within {BUDGET} executions each")
    return 0


def _tell(stage: Stage, out: Console) -> None:
    line = Text.assemble(
        (f"{stage.name:12}", "bold"),
        (f"{stage.validity:8}", COLOURS[stage.validity]),
        f"{stage.words} ({stage.seconds:.0f} s)",
    )
    out.print(line)
    for case in stage.problems[:_SHOWN]:
        out.print(Text(f"  {case.name}:", style="red"))
        for problem in (case.problem or "").splitlines():
            out.print(Text(f"    {problem}"))
    if len(stage.problems) > _SHOWN:
        out.print(f"  ... and {len(stage.problems) - _SHOWN} more")
    if skipped := stage.left_out:
        out.print(f"  {len(skipped)} left out: {skipped[0].skipped}")


def _summary_of_job() -> Path | None:
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    return Path(named) if named else None


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    try:
        write(path)
    except OSError as error:
        raise StoreUnwritable(f"{error.filename or path}: {error.strerror or error}") from error
