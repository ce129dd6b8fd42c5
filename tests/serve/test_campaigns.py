"""Campaigns in a browser, whatever is wrong with their ledgers."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp.test_utils import TestClient

pytest.importorskip("sqlalchemy", reason="pip install 'splitbrain[dask]'")

from nemesis.campaigns.ledger import Ledger, open_engine, sqlite_url
from nemesis.campaigns.locks import only_conductor
from nemesis.campaigns.outcomes import Failure
from nemesis.campaigns.settings import Settings
from nemesis.cli import BAD_ARGUMENTS, run
from nemesis.search.tally import Tally
from tests.serve.ledgers import SAVED, begin, failure, tally
from tests.serve.visits import EVIL, HISTORIES, page_text_of, visit


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """With one campaign, of which one failure is saved."""
    root = tmp_path / "store"
    begin(root, "one", "acks-own-tail")
    shutil.copytree(HISTORIES / "zoo-acks-own-tail", root / "campaigns" / "one" / SAVED)
    return root


def page_of(name: str, ledger: str | None = None, **more: str) -> str:
    where = f"campaigns/{name}/campaign.db" if ledger is None else ledger
    return f"/campaign?{urlencode({'ledger': where, 'name': name, **more})}"


def test_all_campaigns_and_one_of_them(store: Path) -> None:
    begin(store, "two")

    async def session(client: TestClient[Any, Any]) -> None:
        table = await page_text_of(client, "/campaigns")
        assert table.index(">one</a>") < table.index(">two</a>")
        assert "acks-own-tail" in table
        assert "running" not in table
        one = await page_text_of(client, page_of("one"))
        for words in (
            "60 in 2 batches",
            "5 seeds handed out; the next session begins there: 160 to 164",
            "<strong>committed-on-majority: elect</strong><br>only n2 has it",
            "<code>elect n1 [n2]</code>",
            f'href="/report/campaigns/one/{SAVED}"',
            "2,468 events",
            '<th scope="row">crash</th><td class="number">14</td><td class="number">10</td>',
            '<th scope="row">pause</th><td class="number">6</td><td class="number verdict invalid">',
            "there:1",
            'class="bar"',
            'class="mark"',
        ):
            assert words in one
        assert "account is wrong" not in one
        # The other's runs are not here.
        two = await page_text_of(client, page_of("two"))
        assert "not here: /elsewhere" in two
        assert "/report/" not in two
        await page_text_of(client, page_of("three"), 404)
        await page_text_of(client, page_of("two", "campaigns/one/campaign.db"), 404)

    visit(store, session)


def test_a_page_of_what_runs_comes_anew(store: Path) -> None:
    folder = store / "campaigns" / "one"
    engine = open_engine(sqlite_url(folder / "campaign.db"))

    async def stopped(client: TestClient[Any, Any]) -> None:
        for path in ("/campaigns", page_of("one")):
            assert "http-equiv" not in await page_text_of(client, path)

    async def running(client: TestClient[Any, Any]) -> None:
        for path in ("/campaigns", page_of("one")):
            text = await page_text_of(client, path)
            assert "running" in text
            assert '<meta http-equiv="refresh" content="5">' in text
        assert "and under way" in text
        assert "http-equiv" not in await page_text_of(client, page_of("one", still="1"))

    visit(store, stopped)
    with only_conductor(engine, "one", folder):
        visit(store, running)
    visit(store, stopped)


def test_who_looks_keeps_no_conductor_away(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    folder = store / "campaigns" / "one"
    engine = open_engine(sqlite_url(folder / "campaign.db"))
    with only_conductor(engine, "one", folder):
        pass
    with (folder / "lock").open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(
            "nemesis.campaigns.locks.sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN)
        )
        with only_conductor(engine, "one", folder):
            pass


def test_gaps_are_said(store: Path) -> None:
    with sqlite3.connect(store / "campaigns" / "one" / "campaign.db") as connection:
        connection.execute("delete from batches where first = 120")

    async def session(client: TestClient[Any, Any]) -> None:
        assert "wrong" in await page_text_of(client, "/campaigns")
        assert "seeds 120 to 160: handed out twice, or never" in await page_text_of(
            client, page_of("one")
        )

    visit(store, session)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:9000])


def overwritten(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def no_database(file: Path) -> None:
    file.write_bytes(EVIL.encode() * 100)


def changed(*statements: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with sqlite3.connect(file) as connection:
            for statement in statements:
                connection.execute(statement)

    return change


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (cut, "it cannot be read: "),
        (overwritten, "it cannot be read: "),
        (no_database, "it cannot be read: file is not a database"),
        (lambda file: file.write_bytes(b""), "it has no table campaigns"),
        (changed("drop table causes"), "it has no table causes"),
        (changed("alter table batches drop column ended"), "is of another version"),
        (changed("update campaigns set settings = '{}'"), "settings of another version"),
        (changed("update batches set tally = '{'"), "batch of seed 100 has a broken tally"),
        (changed("update batches set tally = x'07'"), "what no campaign writes"),
        (changed("update batches set runs = 'many'"), "what no campaign writes"),
        (changed("update batches set ended = 1e300"), "what no campaign writes"),
        (changed("update causes set message = x'ff'"), "what no campaign writes"),
        (
            changed(
                "alter table campaigns rename to hidden",
                "create view campaigns as with recursive n(i) as (select 1 union all select i + 1 "
                "from n) select i as name, 1 as settings, 1 as next_seed, 1 as begun from n",
            ),
            "it has no table campaigns",
        ),
    ],
)
def test_a_ledger_that_cannot_be_read_hides_no_other(
    store: Path, harm: Callable[[Path], None], words: str
) -> None:
    begin(store, "two")
    harm(store / "campaigns" / "two" / "campaign.db")

    async def session(client: TestClient[Any, Any]) -> None:
        table = await page_text_of(client, "/campaigns")
        assert ">one</a>" in table
        assert "<strong>campaigns/two/campaign.db</strong>: " in table
        assert words in table
        assert "<script" not in table
        assert words in (await page_text_of(client, page_of("two"), 422))

    visit(store, session)


def test_a_ledger_is_shown_while_its_writer_ends(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who ends takes the log away, right when somebody has seen it."""
    log = store / "campaigns" / "one" / "campaign.db-wal"
    log.touch()
    exists = os.path.lexists

    def seen(path: str | Path) -> bool:
        found = exists(path)
        log.unlink(missing_ok=True)
        return found

    monkeypatch.setattr("nemesis.serve.campaigns.os.path.lexists", seen)
    monkeypatch.setattr("nemesis.serve.catalogue.os.path.isfile", seen)

    async def session(client: TestClient[Any, Any]) -> None:
        assert ">one</a>" in await page_text_of(client, "/campaigns")

    visit(store, session)


def test_ledgers_that_lead_out_are_not_read(store: Path) -> None:
    begin(store.parent / "outside", "two")
    file = store.parent / "outside" / "campaigns" / "two" / "campaign.db"
    (store / "campaigns" / "two").mkdir()
    (store / "campaigns" / "two" / "campaign.db").symlink_to(file)
    (store / "campaigns" / "three").symlink_to(file.parent)
    begin(store, "four")
    (store / "campaigns" / "four" / "campaign.db-wal").symlink_to(file)
    (store / "campaigns" / "five").mkdir()
    os.mkfifo(store / "campaigns" / "five" / "campaign.db")

    async def session(client: TestClient[Any, Any]) -> None:
        table = await page_text_of(client, "/campaigns")
        assert table.count("/campaign?") == 1
        assert 'class="trouble"' not in table
        for name in ("two", "three", "four", "five"):
            await page_text_of(client, page_of(name), 404)
        await page_text_of(client, page_of("two", "../outside/campaigns/two/campaign.db"), 404)
        await page_text_of(client, page_of("two", str(file)), 404)
        await page_text_of(client, "/campaign?name=two", 404)

    visit(store, session)


def test_what_a_ledger_says_is_never_code(store: Path) -> None:
    folder = store / "campaigns" / "<b onclick=alert(3)>"
    folder.mkdir()
    engine = open_engine(sqlite_url(folder / "campaign.db"))
    ledger = Ledger(engine, EVIL, Settings(seed=0, subject=EVIL, strategy=EVIL, workload=EVIL))
    said = Tally(runs=5, kinds=Counter({EVIL: 1}), reasons=Counter({EVIL: 1}))
    said.injected[EVIL] = said.invoked[EVIL] = said.milestones[EVIL] = said.account[EVIL] = 1
    ledger.record(ledger.plan(5), said, [Failure(1, EVIL, EVIL, EVIL, 1, EVIL)], 1.0, EVIL)
    with sqlite3.connect(folder / "campaign.db") as connection:
        connection.execute("update campaigns set begun = ?", (EVIL,))
    where = folder.relative_to(store) / "campaign.db"

    async def session(client: TestClient[Any, Any]) -> None:
        for path in ("/campaigns", page_of(EVIL, str(where))):
            text = await page_text_of(client, path)
            for code in ("<script", "<img", "<b onclick"):
                assert code not in text
        assert "<script" not in await page_text_of(client, page_of(EVIL, EVIL), 404)

    visit(store, session)


def test_campaigns_of_a_database_beside_the_store(store: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    url = sqlite_url(store / "campaigns" / "one" / "campaign.db")

    async def session(client: TestClient[Any, Any]) -> None:
        assert 'href="/campaign?ledger=&amp;name=one"' in await page_text_of(client, "/campaigns")
        assert "60 in 2 batches" in await page_text_of(client, page_of("one", ""))

    visit(tmp_path / "empty", session, url)


@pytest.mark.parametrize("name", ["/etc", "../../..", "a\0b", "x" * 1_000])
def test_a_database_may_hold_what_no_campaign_writes(
    name: str, store: Path, tmp_path: Path
) -> None:
    """It is shared: names are no paths, times none that are shown; the others are shown."""
    elsewhere = sqlite_url(tmp_path / "elsewhere.db")
    engine = open_engine(elsewhere)
    ledger = Ledger(engine, name, Settings(seed=1))
    ledger.record(ledger.plan(5), tally(5, 1), [failure(1)], 1.0, "there:1")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE campaigns SET begun = '9999-12-31T23:59:59-14:00'")
    engine.dispose()

    async def session(client: TestClient[Any, Any]) -> None:
        assert ">one</a>" in await page_text_of(client, "/campaigns")
        assert "not here: /elsewhere/store" in await page_text_of(client, page_of(name, ""))

    visit(store, session, elsewhere)


def test_an_empty_folder(tmp_path: Path) -> None:
    async def session(client: TestClient[Any, Any]) -> None:
        assert "no campaign here yet" in await page_text_of(client, "/campaigns")

    visit(tmp_path, session)


@pytest.mark.parametrize(
    "url",
    ["nonsense", "oracle+none://x/y", "sqlite://", "mysql://me:pass@x/", "postgresql://x:y/z"],
)
def test_databases_that_cannot_be(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", str(tmp_path), "--port", "0", "--database", url]) == BAD_ARGUMENTS
    error = capsys.readouterr().err
    assert "write postgresql+psycopg://" in error
    assert "pass" not in error


def test_without_the_extra_it_says_what_to_install(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [each for each in sys.modules if each.startswith("nemesis.campaigns.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    words = "campaigns need sqlalchemy: pip install 'splitbrain[dask]'"

    async def session(client: TestClient[Any, Any]) -> None:
        assert words.replace("'", "&#39;") in await page_text_of(client, "/campaigns")
        assert "1 of 1 runs" in await page_text_of(client, "/")

    visit(store, session)
    assert run(["serve", str(store), "--port", "0", "--database", "sqlite:///x"]) == BAD_ARGUMENTS
    assert words in capsys.readouterr().err
