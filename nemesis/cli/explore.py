"""``splitbrain explore``: every macro-step of a small world, breadth first."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from types import FrameType

import click
from rich.console import Console
from rich.text import Text

from nemesis.cli import options
from nemesis.cli.display import console, describe_run
from nemesis.counted import counted
from nemesis.explore.checkpoint import load_checkpoint, save_checkpoint
from nemesis.explore.conviction import NotConvicted, convict
from nemesis.explore.moves import Bounds
from nemesis.explore.proof import PROPERTIES, statement
from nemesis.explore.search import Search
from nemesis.explore.world import World
from nemesis.replay import judge_history
from nemesis.report import save_report
from nemesis.store import REPORT, new_directory, save
from raft.bugs import get_bug
from raft.replica import HEALTHY

FINISHED, VIOLATED, UNFINISHED, WRONG = 0, 1, 2, 3
_MEGABYTE = 1 << 20
# How often a line of progress is printed, and how often the search is written down, in s.
_BETWEEN_LINES = 5.0
_BETWEEN_CHECKPOINTS = 300.0


Option = Callable[[Callable[..., int]], Callable[..., int]]


def _count(name: str, metavar: str, default: int, meaning: str, *, least: int = 0) -> Option:
    """An option that says how many of something there are."""
    return click.option(
        name,
        type=click.IntRange(least),
        default=default,
        show_default=True,
        metavar=metavar,
        help=meaning,
    )


@click.command()
@options.NODES
@_count("--depth", "N", 6, "How many moves a run has at most.", least=1)
@_count("--commands", "K", 1, "How many commands clients propose.")
@_count("--reads", "K", 0, "How many reads clients ask for.")
@_count(
    "--crashes", "K", 1, "How many crashes there are; -1: as many as the depth allows.", least=-1
)
@_count("--deliveries", "K", 0, "How many held messages arrive later; the others are lost.")
@click.option("--copies", is_flag=True, help="A held message may arrive again and again.")
@click.option("--unanswered", is_flag=True, help="Answers within a macro-step may be left out.")
@click.option(
    "--fine",
    is_flag=True,
    help="Single messages, time-outs and crashes, in every order, not whole rounds.",
)
@_count(
    "--entries-per-append", "N", 1, "How many entries one AppendEntries carries at most.", least=1
)
@click.option("--no-symmetry", is_flag=True, help="Tell apart what differs by servers' names.")
@options.BUG
@_count("--memory", "MB", 2_000, "Stop when the process is as large as this.", least=1)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the search is written down, each few minutes and when it stops.",
)
@click.option("--resume", is_flag=True, help="Go on with the search of --checkpoint.")
@options.STORE
def explore(
    nodes: int | None,
    depth: int,
    commands: int,
    reads: int,
    crashes: int,
    deliveries: int,
    copies: bool,
    unanswered: bool,
    fine: bool,
    entries_per_append: int,
    no_symmetry: bool,
    bug: str | None,
    memory: int,
    checkpoint: Path | None,
    resume: bool,
    store: Path,
) -> int:
    """Go through a small world: all that may happen within bounds, the shortest ways first.

    What is wrong is shown as the fewest macro-steps that lead there, run on replicas and judged by
    the monitors. If nothing is, that is proved for the bounds, and they are said.

    Exit codes: 0 all of it is seen and nothing is wrong, 1 something is, 2 it was not finished, 3
    the replicas do not do what was found, which is an error of the explorer.
    """
    if resume and checkpoint is None:
        raise click.UsageError("--resume needs --checkpoint: where is the search to go on with?")
    bounds = Bounds(
        nodes=nodes or 3,
        commands=commands,
        reads=reads,
        crashes=None if crashes == -1 else crashes,
        deliveries=deliveries,
        copies=copies,
        unanswered=unanswered,
        fine=fine,
        entries_per_append=entries_per_append,
        symmetry=not no_symmetry,
    )
    variant = HEALTHY if bug is None else get_bug(bug).variant
    out = console()
    out.print(f"splitbrain explore: Raft {variant.name}, depth {depth}; {statement(bounds)}")
    if resume:
        assert checkpoint is not None
        search = load_checkpoint(checkpoint, bounds, variant)
        out.print(f"going on with {counted(len(search.states), 'state')}, depth {search.depth}")
    else:
        search = Search(World(bounds, variant))
    watch = _Watch(search, memory * _MEGABYTE, checkpoint, out)
    with _interruptible(watch):
        is_done = search.run(depth, watch.goes_on)
    watch.tell()
    if checkpoint is not None and search.found is None:
        save_checkpoint(search, checkpoint)
        out.print(f"the search is in {checkpoint}: --resume goes on with it")
    if search.found is not None:
        return _tell_violation(search, store, out)
    known = counted(search.layers[-1], "state")
    known += f", all that at most {counted(search.depth, 'move')} lead to"
    if not is_done:
        more = len(search.states) - search.layers[-1]
        rest = f"{search.frontier:,} of them are not expanded"
        out.print(f"{watch.reason}: nothing is wrong in {known}, nor in {more:,} more; {rest}")
        out.print(Text("not finished", style="bold yellow"))
        return UNFINISHED
    whole = "; no move leads to any other state" if search.is_exhausted else ""
    out.print(f"checked: {', '.join(PROPERTIES)}")
    out.print(f"nothing is wrong in {known}{whole}. This is a proof for these bounds:")
    out.print(f"at most {depth} moves; {statement(bounds)}")
    out.print(Text("finished: no violation", style="bold green"))
    return FINISHED


class _Watch:
    """Says how far the search is, and whether it may go on."""

    def __init__(self, search: Search, memory: int, checkpoint: Path | None, out: Console) -> None:
        self.reason = ""
        self._search = search
        self._memory = memory
        self._checkpoint = checkpoint
        self._out = out
        self._started = self._told = self._saved = monotonic()
        self._states = len(search.states)

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """Ctrl-C: stop at the next state; a second one stops at once."""
        self.reason = "interrupted"
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def goes_on(self) -> bool:
        """Asked now and then by the search."""
        now = monotonic()
        if now >= self._told + _BETWEEN_LINES:
            self._told = now
            self.tell()
        if self._checkpoint is not None and now >= self._saved + _BETWEEN_CHECKPOINTS:
            save_checkpoint(self._search, self._checkpoint)
            self._saved = monotonic()
        if not self.reason and _memory() > self._memory:
            self.reason = f"the process takes more than {self._memory // _MEGABYTE:,} MB"
        return not self.reason

    def tell(self) -> None:
        """A line of progress."""
        search = self._search
        took = monotonic() - self._started
        rate = (len(search.states) - self._states) / took if took else 0.0
        self._out.print(
            f"{took:6.1f} s: depth {search.depth} complete, "
            f"{counted(len(search.states), 'state')}, {search.frontier:,} of the last layer to "
            f"expand, {counted(search.transitions, 'move')}, "
            f"{rate:,.0f} states/s, {_memory() // _MEGABYTE:,} MB"
        )
        sys.stdout.flush()


def _memory() -> int:
    """What the process takes now, in bytes; the most that it took where that is all one can ask."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


@contextmanager
def _interruptible(watch: _Watch) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, watch.interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _tell_violation(search: Search, store: Path, out: Console) -> int:
    found = search.found
    assert found is not None
    out.print(
        f"found in {len(found.moves)} moves, and in no fewer: {found.violation.kind}: "
        f"{found.violation.what}"
    )
    try:
        convicted = convict(search.world, found)
    except NotConvicted as error:
        out.print(Text(f"ERROR OF THE EXPLORER: {error}", style="bold red"))
        return WRONG
    directory = new_directory(store, f"explore-{convicted.variant}", datetime.now())
    save(directory, convicted, judge_history(convicted.history, convicted.model))
    out.print(describe_run(convicted, save_report(directory), directory, directory / REPORT))
    out.print(Text("violation", style="bold red"))
    return VIOLATED
