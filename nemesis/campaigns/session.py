"""A session of a campaign: its ledger, opened by nobody else meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import Engine

from nemesis.campaigns.errors import LedgerBroken
from nemesis.campaigns.ledger import Ledger, examine, open_engine, sqlite_url
from nemesis.campaigns.locks import LOCK, only_conductor
from nemesis.campaigns.settings import Settings
from nemesis.search.generate import Only
from nemesis.store import StoreUnwritable

DATABASE = "campaign.db"


@contextmanager
def open_session(
    directory: Path,
    database: str | None,
    name: str,
    seed: int | None,
    drawn: int,
    *,
    subject: str,
    strategy: str,
    only: Only,
    corpus: int = 0,
) -> Iterator[Ledger]:
    """The ledger of the campaign, in ``directory`` or in the database at a URL. One that goes on
    keeps its seed; one that begins has ``seed``, or ``drawn`` if there is none. Raises
    OtherSettings, IsRunning, LedgerBroken, StoreUnwritable."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnwritable(f"{directory}: {error.strerror}") from error
    if not os.access(directory, os.W_OK):
        raise StoreUnwritable(f"{directory}: cannot be written: read-only, or no permission")
    if database is None:
        _refuse_emptied(directory)
    engine = open_engine(database or sqlite_url(directory / DATABASE))
    try:
        with only_conductor(engine, name, directory):
            examine(engine)
            if database is None:
                _refuse_that_of_others(engine, name)
            if seed is None:
                begun = Ledger.settings_of(engine, name)
                seed = drawn if begun is None else begun.seed
            settings = Settings(
                seed=seed,
                subject=subject,
                strategy=strategy,
                replicas=only.replicas,
                workload=only.workload,
                faults=only.faults,
                corpus=corpus,
            )
            yield Ledger(engine, name, settings)
    finally:
        engine.dispose()


def _refuse_emptied(directory: Path) -> None:
    """SQLite takes an empty file for a new database; a campaign that begins makes its lock when its
    tables are there."""
    file = directory / DATABASE
    if (directory / LOCK).exists() and file.exists() and not file.stat().st_size:
        raise LedgerBroken(
            f"{file}: is empty, and what a campaign recorded there is lost; remove {directory} to "
            "begin anew, or give another --name"
        )


def _refuse_that_of_others(engine: Engine, name: str) -> None:
    names = Ledger.names(engine)
    if names and name not in names:
        raise LedgerBroken(
            f"{engine.url.database}: is the ledger of {', '.join(names)}, and none of {name}: put "
            "it back where it was, or give another --name"
        )
