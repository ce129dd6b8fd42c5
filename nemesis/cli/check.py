"""``splitbrain check``: is what was recorded what was promised?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from checker.lincheck import Budget
from checker.models import get_model, model_names
from nemesis.cli.amount import Amount
from nemesis.cli.check_conditions import Condition
from nemesis.cli.check_files import check_files
from nemesis.cli.check_isolation import WORKLOADS
from nemesis.cli.check_request import SECONDS, Request
from nemesis.cli.check_stream import check_stream


def _condition(_context: click.Context, _parameter: click.Parameter, name: str | None) -> Any:
    return None if name is None else Condition.named(name)


def _list_models(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    names = model_names()
    width = max(map(len, names))
    for name in names:
        click.echo(f"{name:<{width}}  {get_model(name).summary}")
    context.exit()


@click.command()
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option(
    "--model",
    metavar="NAME",
    help="What it should be, kv for example; needed unless the history says it itself.",
)
@click.option(
    "--models",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_models,
    help="List the models, and end.",
)
@click.option(
    "--independent",
    is_flag=True,
    help="EDN whose values are pairs [key value], as of jepsen.independent.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line for each FILE.")
@click.option("--explain", is_flag=True, help="Explain at length why a history is invalid.")
@click.option("--witness", is_flag=True, help="Print the order that explains a valid history.")
@click.option(
    "--certificate",
    "certificates",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write the certificate here, to be checked by `splitbrain verify`; of several FILEs a "
    "directory.",
)
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PATH",
    help="Write a page with pictures of the history and of the verdict here (docs/reports.md).",
)
@click.option(
    "--no-certificate", is_flag=True, help="Give the verdict alone, without evidence: faster."
)
@click.option(
    "--seconds",
    type=Amount(0, min_open=True),
    metavar="N",
    help=f"Budget of time for each FILE: {SECONDS:g}, but for --stream none.",
)
@click.option(
    "--memory",
    type=click.IntRange(1),
    metavar="N",
    default=1024,
    show_default=True,
    help="Budget of memory for each FILE, in MiB.",
)
@click.option(
    "--configurations",
    type=click.IntRange(1),
    metavar="N",
    help="Budget of configurations explored for each FILE; the same on every machine.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    default=1,
    show_default=True,
    help="Processes: for several FILEs, or for the keys of a single one.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="A scheduler of Dask, tcp://...: its workers judge the keys of each FILE.",
)
@click.option(
    "--condition",
    callback=_condition,
    metavar="NAME",
    help="Judge by a weaker condition: sequential, session, read-your-writes, monotonic-reads, "
    "monotonic-writes, writes-follow-reads (several joined by +), stale:5ms, versions:2.",
)
@click.option("--weaker", is_flag=True, help="Tell which weaker conditions hold.")
@click.option(
    "--isolation",
    is_flag=False,
    flag_value="strict-serializable",
    metavar="[LEVEL]",
    help="Judge transactions by a level of isolation (after the FILEs, or as --isolation=LEVEL).",
)
@click.option(
    "--workload",
    type=click.Choice(WORKLOADS),
    default=WORKLOADS[0],
    show_default=True,
    help="What the transactions of --isolation do.",
)
@click.option(
    "--stream",
    is_flag=True,
    help="Judge the events of one FILE as they come, and end at the first impossible one.",
)
@click.option("--follow", is_flag=True, help="As --stream, and wait for what is added to FILE.")
def check(
    files: tuple[str, ...],
    model: str | None,
    independent: bool,
    as_json: bool,
    explain: bool,
    witness: bool,
    certificates: Path | None,
    page: Path | None,
    no_certificate: bool,
    seconds: float | None,
    memory: int,
    configurations: int | None,
    jobs: int,
    scheduler: str | None,
    condition: Condition | None,
    weaker: bool,
    isolation: str | None,
    workload: str,
    stream: bool,
    follow: bool,
) -> int:
    """Judge recorded histories.

    FILE is a history of splitbrain (JSON lines), Jepsen (EDN, or its log) or a table (CSV), also
    compressed with gzip; the directory of a run, ours or Jepsen's; or - for standard input.

    Prints a verdict for each, with the evidence, and exits with that of the worst; 254 if a FILE
    could not be read.
    """
    stream = stream or follow
    if seconds is None and not stream:
        seconds = SECONDS
    request = Request(
        model=None if model is None else get_model(model),
        independent=independent,
        budget=Budget(seconds=seconds, memory=memory << 20, configurations=configurations),
        as_json=as_json,
        explain=explain,
        witness=witness,
        certificate=not no_certificate,
        certificates=certificates,
        page=page,
        condition=condition,
        weaker=weaker,
        isolation=isolation,
        workload=workload,
        jobs=jobs,
        scheduler=scheduler,
    )
    request.require_sense(files, stream)
    if stream:
        return check_stream(files[0], request, follow)
    return check_files(files, request)
