"""What people see: tables of what was done, attacked and checked, and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from shlex import quote

import msgspec
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from checker.report.data import Report
from checker.report.text import LINES_MAX, text_of
from checker.verdict import Validity
from nemesis.counted import counted
from nemesis.replay import replay_command
from nemesis.report import report_of
from nemesis.run import IS_COMPILED, Run
from nemesis.search.tally import CHECKED, Tally

COLOURS = {Validity.VALID: "green", Validity.INVALID: "red", Validity.UNKNOWN: "yellow"}
SECOND = 1_000_000_000


def console() -> Console:
    """The console that results are printed on; never wraps what goes into a file or a pipe."""
    made = Console(highlight=False)
    if not made.is_terminal:
        made = Console(highlight=False, width=200, soft_wrap=True)
    return made


def verdict_line(validity: Validity) -> Text:
    """The verdict, in its colour."""
    return Text(f"verdict: {validity}", style=f"bold {COLOURS[validity]}")


def counts(pairs: Iterable[tuple[str, int]]) -> str:
    """``put 12, get 10``, the largest first."""
    ordered = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {number:,}" for name, number in ordered) or "none"


def account_line(account: Mapping[str, int]) -> str:
    """What became of that which the workload is about, in its own order."""
    return ", ".join(f"{name} {number:,}" for name, number in account.items())


def tally_table(tally: Tally, seconds: float) -> Table:
    """What a campaign has done so far."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rate = tally.runs / seconds if seconds else 0.0
    simulated = tally.simulated_time / SECOND
    how = "compiled" if IS_COMPILED else "interpreted"
    table.add_row("runs", f"{tally.runs:,} in {seconds:.1f} s, {rate:,.0f} a second ({how})")
    table.add_row(
        "", f"{simulated:,.0f} s of simulated time, {counted(tally.judged, 'trace event')} judged"
    )
    succeeded = tally.succeeded.total()
    table.add_row(
        "operations",
        f"{tally.operations:,}; {succeeded:,} succeeded, with those at the end of each run",
    )
    table.add_row("", counts(tally.invoked.items()))
    table.add_row("faults", f"{tally.faults:,} injected")
    table.add_row("", counts(tally.injected.items()))
    table.add_row("confirmed", f"runs in which it had an effect: {counts(tally.confirmed.items())}")
    table.add_row(
        "elections",
        f"{tally.elections:,}; the leader changed in "
        f"{counted(tally.runs_with_leader_change, 'run')}",
    )
    if tally.milestones:
        table.add_row(
            "and",
            ", ".join(
                f"{name} {number:,} (in {counted(tally.runs_with[name], 'run')})"
                for name, number in sorted(tally.milestones.items())
            ),
        )
    if tally.account:
        table.add_row("account", account_line(tally.account))
    table.add_row("violations", counts(tally.kinds.items()))
    if tally.reasons:
        table.add_row("unknown", counts(tally.reasons.items()))
        table.add_row("", f"seeds {', '.join(map(str, tally.unknown))}")
    return table


def checked_line() -> str:
    """What was checked in every run."""
    return f"checked in every run: {', '.join(CHECKED)}"


def rendered(report: Report, most: int = LINES_MAX) -> Text:
    """A report as lines, in colours where there are any."""
    text = Text()
    for number, line in enumerate(text_of(report, most)):
        if number:
            text.append("\n")
        for words, style in line:
            text.append(words, style=style or None)
    return text


def describe_run(run: Run, report: Report, directory: Path, picture: Path) -> RenderableType:
    """A failed run: what failed, and how; where it was saved, and where its page is."""
    again = replay_command(directory, run.variant)
    return Group(*_described(run, report, directory, str(picture), again))


def told(run: Run, directory: Path, again: str | None = None) -> str:
    """A failed run that was saved, as plain text. ``again``: the command that runs it again, if
    ``splitbrain replay`` does not."""
    report = report_of(directory, [run.variant])
    picture = f"splitbrain report {quote(str(directory))}"
    again = again or replay_command(directory, run.variant)
    return "\n".join(text.plain for text in _described(run, report, directory, picture, again))


def _described(
    run: Run, report: Report, directory: Path, picture: str, again: str
) -> Iterable[Text]:
    knobs = run.schedule.knobs
    yield rendered(msgspec.structs.replace(report, command=again), LINES_MAX - 3)
    yield Text(f"saved in {directory}")
    yield Text(f"picture: {picture}")
    yield Text(
        f"{counted(len(run.schedule.steps), 'step')}, seed {run.schedule.seed}, "
        f"{counted(knobs.replicas, 'replica')}, "
        f"workload {knobs.workload}, subject {run.variant}"
    )
