"""The campaigns that are shown: those of ledgers below the folder, and of one database beside it.

What is wrong with a ledger is said in its place; the others are shown all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from nemesis.campaigns.names import is_name
from nemesis.errors import NemesisError
from nemesis.serve.catalogue import Catalogue
from nemesis.serve.errors import NotInStore

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

    from nemesis.campaigns.account import Account

LEDGER = "campaign.db"
# Where ledgers lie: the folder may be a store, all its campaigns, or one of them.
_PLACES = (LEDGER, f"*/{LEDGER}", f"campaigns/*/{LEDGER}")


class Shown(NamedTuple):
    """A campaign: in which ledger (its path below the folder; "" for the database), and whether
    somebody conducts it now, None if that cannot be told."""

    ledger: str
    account: Account
    is_running: bool | None


class Trouble(NamedTuple):
    """What is wrong with a ledger."""

    ledger: str
    words: str


class Listing(NamedTuple):
    """All campaigns, and the ledgers that could not be read."""

    campaigns: list[Shown]
    troubles: list[Trouble]


class NeedsExtra(NemesisError):
    """What reads ledgers is not installed."""


class Campaigns:
    """Those below the folder of ``catalogue``, and those of a database."""

    def __init__(self, catalogue: Catalogue, database: str | None = None) -> None:
        """``database``: a URL of SQLAlchemy's. Raises NeedsExtra, LedgerBroken."""
        self._catalogue = catalogue
        self._database = None if database is None else _parsed(database)
        # What was read of each ledger last.
        self._known: dict[str, dict[str, Account]] = {}
        self._lock = Lock()

    def listing(self) -> Listing:
        """All of them, as they are now."""
        listing = Listing([], [])
        for ledger in self._ledgers():
            try:
                listing.campaigns.extend(self._read(ledger))
            except NemesisError as error:
                listing.troubles.append(Trouble(ledger, str(error)))
        return listing

    def campaign(self, ledger: str, name: str) -> Shown:
        """One of them. Raises NotInStore, NeedsExtra, LedgerBroken."""
        if ledger not in self._ledgers():
            raise NotInStore(f"{ledger or 'the database'}: no ledger is shown from there")
        for shown in self._read(ledger):
            if shown.account.name == name:
                return shown
        raise NotInStore(f"{name}: is no campaign of {ledger or 'the database'}")

    def run_of(self, shown: Shown, directory: str) -> str | None:
        """The path below the folder of a run that a ledger says was saved in ``directory``, on
        whatever machine; None if it is not here."""
        name = Path(directory).name
        place = self._folder(shown.ledger, shown.account.name)
        if place is None:
            return None
        folder = place.relative_to(self._catalogue.root)
        try:
            found = self._catalogue.directory(f"{folder.as_posix()}/{name}")
        except NotInStore:
            return None
        return found.relative_to(self._catalogue.root).as_posix()

    def _ledgers(self) -> list[str]:
        found = sorted(set(self._files()))
        return found if self._database is None else ["", *found]

    def _files(self) -> Iterator[str]:
        """Ledgers that lie below the folder, with all that is read of each."""
        root = self._catalogue.root
        for pattern in _PLACES:
            for file in root.glob(pattern):
                beside = (file.with_name(f"{LEDGER}-{each}") for each in ("wal", "shm"))
                if all(map(self._may_be_read, (file, *beside))) and file.is_file():
                    yield file.resolve().relative_to(root).as_posix()

    def _may_be_read(self, file: Path) -> bool:
        """Whether it is below the folder, or is not there. Whoever writes the ledger makes the
        files beside it, and takes them away in the end, also while this is asked."""
        is_below = self._catalogue.is_file_below
        return is_below(file) or not os.path.lexists(file) or is_below(file)

    def _read(self, ledger: str) -> list[Shown]:
        try:
            from nemesis.campaigns.account import read_accounts
            from nemesis.campaigns.locks import conducted_anywhere, is_conducted_here
            from nemesis.campaigns.reading import read_file, read_server
        except ModuleNotFoundError as error:
            raise _needs(error) from error
        with self._lock:
            known = self._known.get(ledger, {})

        def read(connection: Connection) -> list[Shown]:
            accounts = read_accounts(connection, known)
            if connection.dialect.name == "postgresql":
                running = conducted_anywhere(connection, [each.name for each in accounts])
                return [Shown(ledger, each, each.name in running) for each in accounts]
            folders = (self._folder(ledger, each.name) for each in accounts)
            conducted = (None if each is None else is_conducted_here(each) for each in folders)
            return [Shown(ledger, *each) for each in zip(accounts, conducted, strict=True)]

        if ledger:
            found = read_file(self._catalogue.root / ledger, read)
        else:
            assert self._database is not None
            if self._database.get_backend_name() == "sqlite":
                found = read_file(Path(str(self._database.database)), read)
            else:
                found = read_server(self._database, read)
        with self._lock:
            self._known[ledger] = {each.account.name: each.account for each in found}
        return found

    def _folder(self, ledger: str, name: str) -> Path | None:
        """Where the runs of a campaign are saved, and its lock is. None for what is no name:
        whoever shares the database may have written it."""
        root = self._catalogue.root
        if ledger:
            return (root / ledger).parent
        return root / "campaigns" / name if is_name(name) else None


def _parsed(database: str) -> URL:
    try:
        from nemesis.campaigns.reading import database_url
    except ModuleNotFoundError as error:
        raise _needs(error) from error
    return database_url(database)


def _needs(error: ModuleNotFoundError) -> NeedsExtra:
    return NeedsExtra(f"campaigns need {error.name}: pip install 'splitbrain[dask]'")
