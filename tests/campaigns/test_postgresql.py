"""The ledger in a PostgreSQL, started here, on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sql
from sqlalchemy.engine import Engine

from nemesis.campaigns.account import read_accounts
from nemesis.campaigns.errors import IsRunning, LedgerBroken
from nemesis.campaigns.ledger import Ledger, open_engine
from nemesis.campaigns.locks import conducted_anywhere, only_conductor
from nemesis.campaigns.outcomes import Failure, Outcome
from nemesis.campaigns.reading import database_url, read_server
from nemesis.campaigns.settings import Settings
from nemesis.search.corpus import Candidate
from nemesis.search.tally import Tally
from nemesis.store import StoreUnwritable
from tests.campaigns.postgresql import postgresql

SETTINGS = Settings(seed=100)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """That of a server of its own."""
    with postgresql(syncs=False) as found:
        if found is None:
            pytest.skip("no PostgreSQL here: install the package postgresql")
        yield found


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = open_engine(url)
    yield made
    made.dispose()


def test_every_seed_once(engine: Engine) -> None:
    ledger = Ledger(engine, "one", SETTINGS)
    first, second = ledger.plan(20), ledger.plan(5)
    failures = [
        Failure(seed, "stale: crash", "stale", "words", 3, f"here/{seed}") for seed in (103, 107)
    ]
    tally = Tally(runs=20, verdicts=Counter(valid=18, invalid=2))
    assert ledger.record(first, tally, failures, 1.5, "w")
    assert not ledger.record(first, tally, failures, 1.5, "w")
    again = Ledger(engine, "one", SETTINGS)
    assert again.unfinished() == [second]
    assert again.totals().tally == tally
    assert [(cause.seen, cause.seed) for cause in again.causes()] == [(2, 103)]
    assert again.gaps() == []


def test_several_processes_may_begin_at_once(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        for table in ("campaigns", "batches", "failures", "causes", "corpus"):
            connection.execute(sql.text(f"drop table {table}"))
    with ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(open_engine, [url] * 16))
    for each in engines:
        each.dispose()
    assert Ledger(engine, "two", SETTINGS).plan(5).first == 100


def test_one_conductor_at_a_time_on_all_machines(url: str, tmp_path: Path) -> None:
    """Each machine has a folder of its own; it is the database that tells them of each other."""
    here, there = open_engine(url), open_engine(url)
    with only_conductor(here, "one", tmp_path / "here"):
        with (
            pytest.raises(IsRunning, match="another process"),
            only_conductor(there, "one", tmp_path / "there"),
        ):
            pass
        with only_conductor(there, "two", tmp_path / "there"):
            pass
    with only_conductor(there, "one", tmp_path / "there"):
        pass
    here.dispose()
    there.dispose()


def test_a_corpus_is_kept_and_handed_out(engine: Engine) -> None:
    ledger = Ledger(engine, "sharing", SETTINGS)
    candidates = [Candidate("a", "long", 9), Candidate("b", "other", 5)]
    outcome = Outcome(ledger.plan(20), Tally(runs=20), [], 1.5, "w", candidates)
    assert ledger.record_all([outcome], ledger.corpus()) == [outcome]
    left = ledger.plan(5, ledger.corpus().for_batch)
    assert sorted(left.entries) == ["long", "other"]
    twice = ledger.plan(5)
    smaller = Outcome(twice, Tally(runs=5), [], 1.5, "w", [Candidate("a", "short", 3)])
    smallest = Outcome(twice, Tally(runs=5), [], 1.5, "w", [Candidate("a", "shorter", 2)])
    corpus = ledger.corpus()
    assert ledger.record_all([smaller, smallest, outcome], corpus) == [smaller]
    assert corpus.for_batch(0) == ledger.corpus().for_batch(0)
    assert {each.schedule for each in ledger.corpus().for_batch(0)} == {"short", "other"}
    assert ledger.unfinished() == [left]


def test_campaigns_are_read_and_nothing_else(url: str, engine: Engine, tmp_path: Path) -> None:
    ledger = Ledger(engine, "shown", SETTINGS)
    ledger.record(ledger.plan(20), Tally(runs=20), [], 1.5, "w")
    ledger.plan(5)
    address = database_url(url)
    accounts = {each.name: each for each in read_server(address, lambda c: read_accounts(c, {}))}
    shown = accounts["shown"]
    assert (shown.tally.runs, shown.seeds_planned, shown.gaps) == (20, 5, [])
    names = ["shown", "other"]
    with only_conductor(engine, "shown", tmp_path):
        assert read_server(address, lambda c: conducted_anywhere(c, names)) == {"shown"}
    assert read_server(address, lambda c: conducted_anywhere(c, names)) == set()
    with pytest.raises(LedgerBroken, match="read-only"):
        read_server(address, lambda c: c.execute(sql.text("delete from batches")))


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(LedgerBroken, match="run directories"):
        open_engine("postgresql+psycopg://tester@127.0.0.1:1/postgres")
    with pytest.raises(LedgerBroken, match="cannot be read"):
        read_server(
            database_url("postgresql+psycopg://tester@127.0.0.1:1/x"),
            lambda c: read_accounts(c, {}),
        )


_OWNER = """
import sys
from tests.campaigns.postgresql import postgresql
with postgresql(syncs=False) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def test_a_server_ends_with_who_is_killed(url: str) -> None:
    """As a session of pytest may be: nobody is left then to end what it has started."""
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as owner:
        assert owner.stdout is not None
        assert owner.stderr is not None
        other = owner.stdout.readline().strip()
        assert other != url
        open_engine(other).dispose()
        owner.kill()
        # Whoever stops the server holds the pipe until that is done.
        assert not owner.stderr.read()
    with pytest.raises(LedgerBroken, match="refused"):
        open_engine(other)


def test_two_machines_conduct_two_campaigns_at_once(url: str, tmp_path: Path) -> None:
    """In one database; and neither can conduct the other's meanwhile."""
    machines = [open_engine(url), open_engine(url)]
    with (
        only_conductor(machines[0], "here", tmp_path / "0"),
        only_conductor(machines[1], "there", tmp_path / "1"),
    ):
        ledgers = [
            Ledger(machines[0], "here", SETTINGS),
            Ledger(machines[1], "there", Settings(seed=7)),
        ]
        for _ in range(5):
            for ledger in ledgers:
                block = ledger.plan(10)
                ledger.record(block, Tally(runs=10, verdicts=Counter(valid=10)), [], 1.0, "w")
        for ledger in ledgers:
            assert ledger.totals().tally.runs == 50
            assert ledger.gaps() == []
    for machine in machines:
        machine.dispose()


def test_who_has_lost_the_lock_writes_nothing_more(url: str, tmp_path: Path) -> None:
    """As where a network between them forgets of the connection: another may conduct by then."""
    first, second, other = open_engine(url), open_engine(url), open_engine(url)
    with only_conductor(first, "one-of-two", tmp_path / "here"):
        ledger = Ledger(first, "one-of-two", SETTINGS)
        block = ledger.plan(10)
        with other.connect() as connection:
            holder = "select pid from pg_locks where locktype = 'advisory'"
            connection.execute(
                sql.text(f"select pg_terminate_backend(pid, 30000) from ({holder}) held")
            )
        with only_conductor(second, "one-of-two", tmp_path / "there"):
            tally = Tally(runs=10, verdicts=Counter(valid=10))
            with pytest.raises(LedgerBroken, match="terminat"):
                ledger.record(block, tally, [], 1.0, "w")
            again = Ledger(second, "one-of-two", SETTINGS)
            assert again.unfinished() == [block]
            assert again.record(block, tally, [], 1.0, "w")
            assert again.gaps() == []
    for engine in (first, second, other):
        engine.dispose()


def test_a_table_that_is_gone_is_told(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sql.text("drop table failures"))
    with pytest.raises(LedgerBroken, match="has no table failures"):
        open_engine(url)
    with engine.begin() as connection:
        for table in ("campaigns", "batches", "causes"):
            connection.execute(sql.text(f"drop table {table}"))


def test_a_disk_that_is_full(engine: Engine) -> None:
    """Told by the server as this; what was to be written then is not there afterwards."""
    ledger = Ledger(engine, "full", SETTINGS)
    block = ledger.plan(10)
    with engine.begin() as connection:
        connection.execute(
            sql.text(
                "create function no_room() returns trigger language plpgsql as $$ begin raise "
                "exception 'could not extend file: No space left on device' using errcode = "
                "'53100'; end $$"
            )
        )
        connection.execute(
            sql.text(
                "create trigger no_room before insert on causes for each row "
                "execute function no_room()"
            )
        )
    tally, failed = Tally(runs=10), [Failure(101, "stale: crash", "stale", "words", 3, "here")]
    with pytest.raises(StoreUnwritable, match="No space left"):
        ledger.record(block, tally, failed, 1.0, "w")
    assert ledger.unfinished() == [block]
    assert ledger.causes() == []
    with engine.begin() as connection:
        connection.execute(sql.text("drop function no_room cascade"))
    assert ledger.record(block, tally, failed, 1.0, "w")
