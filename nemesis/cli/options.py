"""Options that several commands share, parsed and checked."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from nemesis.cluster.real.seed.patches import FIXES, chosen
from nemesis.durations import NoTime, parse_duration
from nemesis.errors import UnknownName
from nemesis.search.ensemble import STRATEGIES
from nemesis.search.generate import REAL_ATTACKS
from nemesis.subjects.own import OWN
from nemesis.subjects.registry import FOREIGN
from nemesis.workloads import WORKLOADS
from raft.bugs import get_bug

STORE = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("store"),
    show_default=True,
    help="Where run directories are made.",
)


def _known(what: str, name: str | None, known: Iterable[str]) -> str | None:
    names = list(known)
    if name is not None and name not in names:
        raise UnknownName(what, name, names)
    return name


def bug(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    """Callback: the name of a bug of the zoo."""
    return None if name is None else get_bug(name).name


def tested(subject: str | None, bug: str | None) -> str:
    """The name of what is tested, by the options --subject and --bug."""
    if subject is not None and bug is not None:
        raise click.UsageError("--subject and --bug each say what is tested: give one of them")
    return subject or bug or OWN.name


def workload(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    """Callback: the name of a workload."""
    return _known("workload", name, WORKLOADS)


def strategy(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    """Callback: the name of a strategy of search."""
    return _known("strategy", name, STRATEGIES)


def faults(
    _context: click.Context, _parameter: click.Parameter, names: str | None
) -> tuple[str, ...] | None:
    """Callback: names of faults, separated by commas; ``all`` leaves the choice to the swarm.
    ``a+b`` are two that last together; see ``one_at_a_time``."""
    if names is None or names == "all":
        return None
    if names == "none":
        return ()
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        for each in name.split("+"):
            if each in ("all", "none"):
                raise click.BadParameter(f"{each} stands for itself, not beside others: {names}")
            _known("fault", each, (*REAL_ATTACKS, "all", "none"))
    return tuple(dict.fromkeys(chosen))


def one_at_a_time(names: tuple[str, ...] | None) -> None:
    """Raise UsageError for faults that are to last together: the simulator draws when each begins
    and ends."""
    together = [name for name in names or () if "+" in name]
    if together:
        raise click.UsageError(f"{', '.join(together)}: only on real clusters")


def fixes(
    _context: click.Context, _parameter: click.Parameter, names: str | None
) -> tuple[str, ...]:
    """Callback: names of fixes of the library that the cluster seed runs, separated by commas."""
    if names is None or names == "none":
        return ()
    return tuple(FIXES) if names == "all" else chosen(names.split(","))


def duration(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> float | None:
    """Callback: ``90``, ``90s``, ``5m``, ``1h``; in s."""
    if text is None:
        return None
    try:
        return parse_duration(text)
    except NoTime as error:
        raise click.BadParameter(str(error)) from error


BUG = click.option(
    "--bug", callback=bug, metavar="NAME", help="Run this bug of the zoo, not the healthy Raft."
)
SUBJECT = click.option(
    "--subject",
    metavar="NAME",
    help="Run this Raft, not our own: "
    f"{', '.join(FOREIGN)}, with -VERSION if not the one that is there; or MODULE:FUNCTION.",
)
STRATEGY = click.option(
    "--strategy",
    callback=strategy,
    metavar="NAME",
    help=f"How schedules are drawn: {', '.join(STRATEGIES)}; ensemble, or timed if it is said "
    "what to draw from.",
)
WORKLOAD = click.option(
    "--workload",
    callback=workload,
    metavar="NAME",
    help=f"What the clients do: {', '.join(sorted(WORKLOADS))}.",
)
NEMESIS = click.option(
    "--nemesis",
    callback=faults,
    metavar="NAMES",
    help="Faults, separated by commas, or all, or none; on real clusters A+B are two at once. "
    f"There are {', '.join(REAL_ATTACKS)}.",
)
FIX = click.option(
    "--fix",
    "fixes",
    callback=fixes,
    metavar="NAMES",
    help=f"What to mend in the library before it is built, separated by commas, or all: "
    f"{', '.join(FIXES)}; the cluster seed alone.",
)
JOBS = click.option(
    "--jobs",
    type=click.IntRange(1),
    default=lambda: os.cpu_count() or 1,
    help="How many processes; one a core if left out.",
)
NODES = click.option(
    "--nodes", type=click.IntRange(1, 9), metavar="N", help="How many replicas, 1 to 9."
)
