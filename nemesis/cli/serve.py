"""``splitbrain serve``: a local web page over run directories."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from checker.report.html import page
from nemesis.report import report_of
from nemesis.serve.server import LOOPBACK
from nemesis.serve.server import serve as serve_pages

_LOCAL = frozenset(name.strip("[]") for name in LOOPBACK)


@click.command()
@click.argument(
    "store", type=click.Path(path_type=Path, file_okay=False), default=Path("store"), required=False
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen. Anywhere else than on loopback, whoever reaches it may read all runs.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any."
)
@click.option(
    "--database",
    metavar="URL",
    help="Show the campaigns of this one, too: postgresql+psycopg://..., as given to campaign.",
)
def serve(store: Path, host: str, port: int, database: str | None) -> int:
    """Show the runs below STORE in a browser: a table with filters, their reports and files, two of
    them compared, each as a zip file; and its campaigns, while they run and afterwards. Ends with
    Ctrl-C."""
    if host not in _LOCAL:
        click.echo(f"splitbrain: {host} is not loopback: others may read all runs", err=True)
    asyncio.run(serve_pages(store, host, port, _make_report, _tell, database))
    return 0


def _tell(address: str) -> None:
    click.echo(f"runs are shown at {address}, until Ctrl-C")


def _make_report(directory: Path) -> bytes:
    return page(report_of(directory)).encode()
