"""Every seed once, whatever happens in between."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sql
from hypothesis import given
from hypothesis import strategies as st

from nemesis.campaigns.errors import IsRunning, LedgerBroken, OtherSettings
from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.locks import only_conductor
from nemesis.campaigns.outcomes import Failure, Outcome
from nemesis.campaigns.settings import Settings
from nemesis.search.corpus import Corpus, Entry
from nemesis.search.tally import Tally, decode_tally, encode_tally
from nemesis.store import StoreUnwritable

SETTINGS = Settings(seed=100)


def tally(runs: int) -> Tally:
    return Tally(runs=runs, verdicts=Counter(valid=runs), invoked=Counter(get=3 * runs))


def failure(seed: int, cause: str = "stale: crash") -> Failure:
    return Failure(seed, cause, "stale", "words", 3, f"here/{seed}")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "campaign.db")


def test_seeds_are_handed_out_once_and_accounted_for_once(url: str) -> None:
    ledger = Ledger(open_engine(url), "one", SETTINGS)
    first, second = ledger.plan(20), ledger.plan(5)
    assert [(each.first, each.runs, each.done) for each in (first, second)] == [
        (100, 20, 0),
        (120, 5, 20),
    ]
    assert ledger.record(first, tally(20), [failure(103), failure(107)], 1.5, "w")
    assert not ledger.record(first, tally(20), [failure(103)], 1.5, "w")
    totals = ledger.totals()
    assert (totals.tally.runs, totals.planned, totals.seconds) == (20, 5, 1.5)
    assert totals.tally.invoked == {"get": 60}
    (cause,) = ledger.causes()
    assert (cause.seen, cause.seed, cause.directory) == (2, 103, "here/103")
    assert ledger.unfinished() == [second]
    assert ledger.gaps() == []


def test_several_batches_in_one_transaction(url: str) -> None:
    ledger = Ledger(open_engine(url), "one", SETTINGS)
    blocks = ledger.plan_all([20, 5, 7], lambda first: ())
    assert [(each.first, each.runs, each.done) for each in blocks] == [
        (100, 20, 0),
        (120, 5, 20),
        (125, 7, 25),
    ]
    assert ledger.unfinished() == blocks
    assert ledger.plan(1).first == 132
    first, second, third = (
        Outcome(block, tally(block.runs), [failure(block.first)], 1.5, "w") for block in blocks
    )
    assert ledger.record(*second[:5])
    # What was accounted for before changes nothing, also if that was a moment ago.
    again = first._replace(failures=[failure(101)], worker="other")
    assert ledger.record_all([third, second, first, again], Corpus()) == [third, first]
    assert ledger.record_all([first, third], Corpus()) == []
    totals = ledger.totals()
    assert (totals.tally.runs, totals.batches, totals.planned) == (32, 3, 1)
    assert totals.seconds == 4.5
    assert [cause.seen for cause in ledger.causes()] == [3]
    assert ledger.gaps() == []


def test_the_run_of_a_cause_is_that_of_the_first_that_is_told(url: str) -> None:
    """No other is saved, whatever their seeds."""
    ledger = Ledger(open_engine(url), "one", SETTINGS)
    first, second = ledger.plan_all([5, 5], lambda first: ())
    outcomes = [
        Outcome(second, tally(5), [failure(107)], 1.0, "w"),
        Outcome(first, tally(5), [failure(103)], 1.0, "w"),
    ]
    ledger.record_all(outcomes, Corpus())
    (cause,) = ledger.causes()
    assert (cause.seen, cause.seed, cause.directory) == (2, 107, "here/107")


def test_all_of_a_transaction_or_nothing(url: str) -> None:
    ledger = Ledger(open_engine(url), "one", SETTINGS)
    blocks = ledger.plan_all([5, 5], lambda first: ())
    # A seed that fails twice: what cannot be.
    outcomes = [Outcome(block, tally(5), [failure(100)], 1.0, "w") for block in blocks]
    with pytest.raises(LedgerBroken):
        ledger.record_all(outcomes, Corpus())
    assert ledger.unfinished() == blocks
    assert ledger.causes() == []
    assert ledger.totals().tally.runs == 0

    def broken(first: int) -> list[Entry]:
        raise KeyError(first)

    with pytest.raises(KeyError):
        ledger.plan_all([5, 5], broken)
    assert ledger.plan(5).first == 110
    assert ledger.gaps() == []


def test_a_campaign_goes_on_where_it_was(url: str) -> None:
    before = Ledger(open_engine(url), "one", SETTINGS)
    done, left = before.plan(20), before.plan(20)
    before.record(done, tally(20), [failure(101)], 1.0, "w")
    again = Ledger(open_engine(url), "one", SETTINGS)
    assert again.unfinished() == [left]
    assert again.plan(7).first == 140
    assert [cause.seen for cause in again.causes()] == [1]
    assert Ledger.settings_of(open_engine(url), "one") == SETTINGS
    assert Ledger.settings_of(open_engine(url), "two") is None


def test_several_processes_may_begin_at_once(url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(open_engine, [url] * 16))
    assert {str(engine.url) for engine in engines} == {url}
    assert Ledger(engines[0], "one", SETTINGS).plan(5).first == 100


def test_a_campaign_of_an_earlier_version_goes_on(url: str) -> None:
    engine = open_engine(url)
    before = Ledger(engine, "one", SETTINGS)
    left, done = before.plan(20), before.plan(20)
    before.record(done, tally(20), [], 1.0, "w")
    with engine.begin() as connection:
        connection.execute(sql.text("alter table batches drop column ended"))
        connection.execute(sql.text("alter table batches drop column entries"))
        connection.execute(sql.text("drop table corpus"))
    with ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(open_engine, [url] * 8))
    again = Ledger(engines[0], "one", SETTINGS)
    assert again.totals().tally.runs == 20
    assert again.record(left, tally(20), [], 1.0, "w")
    assert again.gaps() == []


def test_campaigns_of_one_database_are_apart(url: str) -> None:
    engine = open_engine(url)
    one, two = Ledger(engine, "one", SETTINGS), Ledger(engine, "two", Settings(seed=100))
    one.record(one.plan(5), tally(5), [failure(100)], 1.0, "w")
    assert two.totals().tally.runs == 0
    assert two.plan(5).first == 100
    assert two.causes() == []


def test_another_campaign_of_the_same_name_is_refused(url: str) -> None:
    Ledger(open_engine(url), "one", SETTINGS)
    with pytest.raises(OtherSettings, match="another --name"):
        Ledger(open_engine(url), "one", Settings(seed=100, workload="bank"))


def test_what_is_wrong_with_an_account_is_said(url: str) -> None:
    engine = open_engine(url)
    ledger = Ledger(engine, "one", SETTINGS)
    for _ in range(3):
        ledger.record(ledger.plan(10), tally(10), [], 1.0, "w")
    assert ledger.gaps() == []
    with engine.begin() as connection:
        connection.execute(sql.text("delete from batches where first = 110"))
        connection.execute(sql.text("update batches set runs = 12 where first = 120"))
    assert len(ledger.gaps()) == 3


def test_a_database_that_is_damaged_is_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "campaign.db"
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(LedgerBroken, match=r"not a database.*run directories"):
        open_engine(sqlite_url(file))
    good = tmp_path / "good.db"
    engine = open_engine(sqlite_url(good))
    ledger = Ledger(engine, "one", SETTINGS)
    for _ in range(200):
        ledger.record(ledger.plan(10), tally(10), [], 1.0, "w")
    engine.dispose()
    content = bytearray(good.read_bytes())
    content[4096:-4096] = b"\xff" * (len(content) - 8192)
    good.write_bytes(content)
    with pytest.raises(LedgerBroken):
        Ledger(open_engine(sqlite_url(good)), "one", SETTINGS).totals()


def test_a_tally_that_is_damaged_is_named(url: str) -> None:
    engine = open_engine(url)
    ledger = Ledger(engine, "one", SETTINGS)
    ledger.record(ledger.plan(10), tally(10), [], 1.0, "w")
    with engine.begin() as connection:
        connection.execute(sql.text("update batches set tally = '{'"))
    with pytest.raises(LedgerBroken, match="batch of seed 100"):
        ledger.totals()


@pytest.mark.parametrize("url", ["nonsense", "oracle+none://x/y", "sqlite:////nowhere/at/all.db"])
def test_databases_that_cannot_be(url: str) -> None:
    with pytest.raises((LedgerBroken, StoreUnwritable)):
        open_engine(url)


def test_one_conductor_at_a_time(url: str, tmp_path: Path) -> None:
    engine = open_engine(url)
    with only_conductor(engine, "one", tmp_path / "one"):
        with only_conductor(engine, "two", tmp_path / "two"):
            pass
        with (
            pytest.raises(IsRunning, match="another process"),
            only_conductor(engine, "one", tmp_path / "one"),
        ):
            pass
    with only_conductor(engine, "one", tmp_path / "one"):
        pass


@given(st.dictionaries(st.text(), st.integers()), st.lists(st.integers()))
def test_tallies_are_kept_as_they_are(counts: dict[str, int], seeds: list[int]) -> None:
    made = Tally(runs=3, verdicts=Counter(counts), unknown=seeds, least_faults=2)
    assert decode_tally(encode_tally(made)) == made


def test_other_settings_are_told_by_what_differs() -> None:
    begun = Settings(seed=7, faults=("crash", "pause"))
    asked = Settings(seed=8, workload="register")
    assert begun.unlike(asked) == "seed 7, workload any, faults crash, pause"
    assert asked.unlike(begun) == "seed 8, workload register, faults any"
    assert begun.unlike(begun) == ""


@pytest.mark.parametrize(
    "url",
    [
        # Nobody listens at this port, and these are no URL and no database.
        "postgresql+psycopg://me:hidden@127.0.0.1:1/x",
        "postgresql+psycopg://me:hidden@127.0.0.1:port/x",
        "oracle+none://me:hidden@127.0.0.1/x",
    ],
)
def test_what_is_told_of_a_database_is_a_line_without_its_password(url: str) -> None:
    with pytest.raises(LedgerBroken) as raised:
        open_engine(url)
    (line,) = str(raised.value).splitlines()
    assert "://me:***@127.0.0.1" in line
    assert "hidden" not in line
