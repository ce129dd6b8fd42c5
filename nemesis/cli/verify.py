"""``splitbrain verify``: does this certificate prove its verdict?"""

from __future__ import annotations

import click

from checker.lincheck.verify import main


@click.command()
@click.argument("history", type=click.Path())
@click.argument("certificate", type=click.Path())
@click.option("--independent", is_flag=True, help="EDN whose values are pairs [key value].")
def verify(history: str, certificate: str, independent: bool) -> int:
    """Check the CERTIFICATE of a HISTORY, as `python -m checker.lincheck.verify` does.

    The program that checks is small and knows no engine; docs/certificates.md says why it is
    enough. Exit codes: 0 accepted, 1 refused, 254 there is no such history.
    """
    return main(["--independent"] * independent + ["--", history, certificate])
