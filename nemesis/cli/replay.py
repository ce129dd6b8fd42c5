"""``splitbrain replay``: is what was saved still true?"""

from __future__ import annotations

from pathlib import Path

import click

from checker.verdict import Validity
from nemesis.replay import refresh as save_anew
from nemesis.replay import replay as replay_one
from nemesis.store import find


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option(
    "--refresh",
    is_flag=True,
    help="The simulator has changed on purpose: save the runs anew; they must still fail.",
)
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    metavar="MODULE:FUNCTION",
    help="Run this Raft of yours where a saved run names it: a file alone does not say what code "
    "is loaded.",
)
def replay(paths: tuple[Path, ...], refresh: bool, subjects: tuple[str, ...]) -> int:
    """Replay saved runs: run directories, or folders of them, such as histories/.

    The saved history must be judged as it was; the schedule must give the same trace, byte for
    byte, on the Raft that it was saved from; on that of a bug of ours, the healthy Raft must not
    fail. What failed on the healthy Raft, or on a subject of your own, must not fail any more. Of a
    Raft of others that is not on this machine, only the history is judged; that is said, and fails
    nothing, but where no run was replayed the exit code is 2.
    """
    failed = left_out = 0
    directories = find(list(paths))
    for directory in directories:
        if refresh:
            again = save_anew(directory)
            click.echo(f"{directory}: saved anew, {', '.join(sorted(again.verdict.kinds))}")
            continue
        result = replay_one(directory, subjects)
        kinds = ", ".join(result.kinds) or "no failure"
        if result.not_replayed is not None:
            left_out += 1
            click.echo(f"{directory}: not replayed: {result.not_replayed}")
        elif result.is_mended:
            click.echo(f"{directory}: fails no more ({result.subject}: {kinds})")
        elif not result.problems:
            click.echo(f"{directory}: as it was ({result.subject}: {kinds})")
        if not result.problems:
            continue
        failed += 1
        what = "fails" if result.failed is not None or result.still_dies else "differs"
        click.echo(f"{directory}: " + click.style(what, fg="red", bold=True))
        for problem in result.problems:
            click.echo(f"  {problem}")
    if left_out:
        click.echo(f"not replayed: {left_out}, as said above")
    if failed:
        return Validity.INVALID.exit_code
    return (Validity.UNKNOWN if left_out == len(directories) else Validity.VALID).exit_code
