"""A session of a campaign: its ledger, opened by nobody else meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.locks import only_conductor
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
) -> Iterator[Ledger]:
    """The ledger of the campaign, in ``directory`` or in the database at a URL. One that goes on
    keeps its seed; one that begins has ``seed``, or ``drawn`` if there is none. Raises
    OtherSettings, IsRunning, LedgerBroken, StoreUnwritable."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnwritable(f"{directory}: {error.strerror}") from error
    engine = open_engine(database or sqlite_url(directory / DATABASE))
    try:
        with only_conductor(engine, name, directory):
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
            )
            yield Ledger(engine, name, settings)
    finally:
        engine.dispose()
