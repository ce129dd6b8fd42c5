"""Ledgers are read as they are, while others write them; reading changes nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="pip install 'splitbrain[dask]'")

from nemesis.campaigns.account import Account, read_accounts
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.reading import read_file
from nemesis.campaigns.settings import Settings
from tests.serve.ledgers import begin, tally


@pytest.fixture
def store(tmp_path: Path) -> Path:
    begin(tmp_path / "store", "one", "acks-own-tail")
    return tmp_path / "store"


def accounts_of(file: Path, known: dict[str, Account]) -> dict[str, Account]:
    return {each.name: each for each in read_file(file, lambda each: read_accounts(each, known))}


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.name: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.iterdir()
        if path.is_file()
    }


def closed(folder: Path) -> Iterator[Path]:
    """Nobody has it open, and everything is in one file."""
    assert not (folder / "campaign.db-wal").exists()
    yield folder


def written(folder: Path) -> Iterator[Path]:
    """Somebody has it open, and the last batch is in the log alone."""
    engine = open_engine(sqlite_url(folder / "campaign.db"))
    ledger = Ledger(engine, "one", Settings(seed=100, subject="acks-own-tail"))
    ledger.record(ledger.unfinished()[0], tally(5), [], 1.0, "here:2")
    assert (folder / "campaign.db-wal").stat().st_size
    yield folder
    engine.dispose()


def killed(folder: Path) -> Iterator[Path]:
    """Its writer was killed: what it left is what a copy has of one that is being written."""
    for _ in written(folder):
        shutil.copytree(folder, folder.with_name("killed"))
    yield folder.with_name("killed")


def copied(folder: Path) -> Iterator[Path]:
    """The same, without the file that only processes of one machine share."""
    for copy in killed(folder):
        (copy / "campaign.db-shm").unlink()
        yield copy


@pytest.mark.parametrize("how", [closed, killed, copied])
def test_reading_changes_nothing(store: Path, how: Callable[[Path], Iterator[Path]]) -> None:
    for folder in how(store / "campaigns" / "one"):
        before = state_of(folder)
        account = accounts_of(folder / "campaign.db", {})["one"]
        assert account.tally.runs == (60 if how is closed else 65)
        assert account.seeds_planned == (5 if how is closed else 0)
        assert account.gaps == []
        assert [(cause.seen, cause.seed) for cause in account.causes] == [(2, 103)]
        assert state_of(folder) == before


def test_reading_changes_nothing_while_it_is_written(store: Path) -> None:
    """By a process of its own: within one, SQLite shares more than files."""
    code = """if True:
        import sys
        from pathlib import Path
        from nemesis.campaigns.account import read_accounts
        from nemesis.campaigns.reading import read_file
        (one,) = read_file(Path(sys.argv[1]), lambda connection: read_accounts(connection, {}))
        print(one.tally.runs, one.seeds_planned, one.gaps)
    """
    for folder in written(store / "campaigns" / "one"):
        before = state_of(folder)
        command = [sys.executable, "-c", code, str(folder / "campaign.db")]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert found.stdout == "65 0 []\n", found.stderr
        assert state_of(folder) == before


def test_what_is_read_is_of_one_moment(store: Path) -> None:
    """While batches are planned and recorded, every seed is in one or the other."""
    file = store / "campaigns" / "one" / "campaign.db"
    seen: list[int] = []

    def write() -> None:
        engine = open_engine(sqlite_url(file))
        ledger = Ledger(engine, "one", Settings(seed=100, subject="acks-own-tail"))
        for _ in range(100):
            ledger.record(ledger.plan(10), tally(10), [], 1.0, "here:2")
        engine.dispose()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        known: dict[str, Account] = {}
        while not writing.done():
            known = accounts_of(file, known)
            account = known["one"]
            assert account.gaps == []
            seen.append(account.tally.runs)
        writing.result()
    assert seen == sorted(seen)
    account = accounts_of(file, known)["one"]
    assert account.tally.runs == 1060
    # What was added up step by step is what all of it comes to.
    assert account == accounts_of(file, {})["one"]
