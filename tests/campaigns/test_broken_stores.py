"""Databases and stores that are damaged, emptied, another's, or cannot be written: a line that says
so, and nothing is written over."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from nemesis.campaigns.errors import LedgerBroken
from nemesis.campaigns.ledger import Ledger
from nemesis.campaigns.session import DATABASE, open_session
from nemesis.cli import BAD_ARGUMENTS, CRASH, run
from nemesis.errors import NemesisError
from nemesis.search.ensemble import ENSEMBLE
from nemesis.search.generate import ANYTHING
from nemesis.search.tally import Tally
from tests.campaigns.crew import Crew, Killer

BATCHES = 100


def session(directory: Path, act: Callable[[Ledger], object], name: str = "one") -> None:
    with open_session(
        directory, None, name, None, 100, subject="healthy", strategy=ENSEMBLE, only=ANYTHING
    ) as ledger:
        act(ledger)


def account(ledger: Ledger) -> None:
    for _ in range(BATCHES):
        tally = Tally(runs=10, verdicts=Counter(valid=10), reasons=Counter({"x" * 400: 1}))
        ledger.record(ledger.plan(10), tally, [], 1.0, "w")


@pytest.fixture(scope="module")
def conducted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("campaigns") / "one"
    session(directory, account)
    return directory


@pytest.fixture
def store(conducted: Path, tmp_path: Path) -> Path:
    """A copy of it, to break."""
    return Path(shutil.copytree(conducted, tmp_path / "one"))


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 // 4096 * 4096)


def cut_within_a_page(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 + 100)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def garbage_in_the_middle(file: Path) -> None:
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = bytes(range(256)) * 16
    file.write_bytes(content)


def garbage_at_the_start(file: Path) -> None:
    file.write_bytes(b"\xff" * 100 + file.read_bytes()[100:])


def execute(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def a_table_missing(file: Path) -> None:
    execute(file, "drop table failures")


def an_index_without_its_rows(file: Path) -> None:
    """Batches that an index does not know of would never be handed out again."""
    root = "select rootpage from sqlite_schema where name = 'sqlite_autoindex_failures_1'"
    execute(
        file,
        "pragma writable_schema = on",
        f"update sqlite_schema set rootpage = ({root}) where name = 'ix_batches_state'",
    )


def columns_of_another_program(file: Path) -> None:
    execute(file, "drop table batches", "create table batches (id integer primary key, what text)")


def a_folder_in_its_place(file: Path) -> None:
    file.unlink()
    file.mkdir()


def another_campaigns(file: Path) -> None:
    execute(file, "update campaigns set name = 'other'", "update batches set campaign = 'other'")


def a_broken_tally(file: Path) -> None:
    execute(file, "update batches set tally = '{' where first = 500")


def broken_settings(file: Path) -> None:
    execute(file, "update campaigns set settings = '{'")


@pytest.mark.parametrize(
    ("breaking", "says"),
    [
        (truncated, "malformed"),
        (cut_within_a_page, "malformed"),
        (emptied, "is empty"),
        (garbage_in_the_middle, "is damaged"),
        (garbage_at_the_start, "not a database"),
        (a_table_missing, "has no table failures"),
        (an_index_without_its_rows, "is damaged"),
        (columns_of_another_program, "no such column"),
        (a_folder_in_its_place, "unable to open"),
        (another_campaigns, "is the ledger of other"),
        (a_broken_tally, "batch of seed 500"),
        (broken_settings, "settings of one cannot be read"),
    ],
)
def test_a_broken_database_is_told_and_left_as_it_is(
    breaking: Callable[[Path], None], says: str, store: Path
) -> None:
    file = store / DATABASE
    breaking(file)
    content = file.read_bytes() if file.is_file() else None
    with pytest.raises(NemesisError) as error:
        session(store, Ledger.totals)
    assert says in str(error.value)
    assert str(file) in str(error.value)
    assert content == (file.read_bytes() if file.is_file() else None)


def test_a_journal_left_by_another_campaign_is_told(store: Path, tmp_path: Path) -> None:
    """SQLite reads it, whoever it is of; what it makes of the database is not this campaign's."""
    other = tmp_path / "two"

    def leave_a_journal(ledger: Ledger) -> None:
        account(ledger)
        shutil.copy(other / f"{DATABASE}-wal", store / f"{DATABASE}-wal")

    session(other, leave_a_journal, "two")
    with pytest.raises(LedgerBroken, match="is the ledger of two, and none of one"):
        session(store, Ledger.totals)


def test_what_a_campaign_is_told_of_its_database_is_one_line(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    garbage_in_the_middle(store / DATABASE)
    place = store.parent / "campaigns"
    place.mkdir()
    store.rename(place / "one")
    arguments = ["campaign", "--name", "one", "--budget", "5", "--store", str(store.parent)]
    assert run(arguments) == BAD_ARGUMENTS
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{place / 'one' / DATABASE}: is damaged" in line


def test_a_campaign_whose_account_is_wrong_is_not_valid(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nemesis.campaigns.cluster.dask_workers", lambda *_: nullcontext(Crew()))
    place = store.parent / "campaigns"
    place.mkdir()
    store.rename(place / "one")
    arguments = ["campaign", "--name", "one", "--budget", "5", "--store", str(store.parent)]
    assert run(arguments) == 0
    with closing(sqlite3.connect(place / "one" / DATABASE)) as database, database:
        database.execute("DELETE FROM batches WHERE first = 110")
    assert run(arguments) == 2
    assert "the account is wrong: seeds 110 to 120: handed out" in capsys.readouterr().out


def test_a_machine_that_ends_whoever_works_is_no_wrong_argument(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a process of its own: it is not what was run."""
    crew = Crew(fate=Killer("-100-work"))
    monkeypatch.setattr("nemesis.campaigns.cluster.dask_workers", lambda *_: nullcontext(crew))
    arguments = ["campaign", "--name", "one", "--seed", "100", "--budget", "5"]
    assert run([*arguments, "--store", str(tmp_path)]) == CRASH
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "splitbrain: splitbrain-one-100-work_alone"
