"""What a browser is given, and what it is refused."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from nemesis.store import HISTORY, RESULTS, load
from tests.serve.visits import EVIL, HISTORIES, page_text_of, text_of, visit


@pytest.fixture
def store(tmp_path: Path) -> Path:
    root = tmp_path / "store"
    for name in ("zoo-acks-own-tail", "stale-read-linearizability-57"):
        shutil.copytree(HISTORIES / name, root / "fuzz" / name)
    return root


def test_table_run_files_and_report(store: Path) -> None:
    async def session(client: TestClient[Any, Any]) -> None:
        table = await text_of(client, "/")
        assert "2 of 2 runs" in table
        assert "fuzz/zoo-acks-own-tail" in table
        assert "committed-on-majority" in table
        one = await text_of(client, "/run/fuzz/zoo-acks-own-tail")
        assert "only the disk of n2 holds it" in one
        assert "/file/fuzz/zoo-acks-own-tail/history.jsonl" in one
        history = await text_of(client, f"/file/fuzz/zoo-acks-own-tail/{HISTORY}")
        assert history.encode() == (store / "fuzz/zoo-acks-own-tail" / HISTORY).read_bytes()
        assert "report of zoo-acks-own-tail" in await text_of(
            client, "/report/fuzz/zoo-acks-own-tail"
        )
        rows = msgspec.json.decode(await text_of(client, "/runs.json?verdict=invalid"))
        assert {row["path"] for row in rows["runs"]} == {
            "fuzz/zoo-acks-own-tail",
            "fuzz/stale-read-linearizability-57",
        }

    visit(store, session)


def test_filters_of_the_table(store: Path) -> None:
    async def session(client: TestClient[Any, Any]) -> None:
        table = await text_of(client, "/?kind=linearizability")
        assert "1 of 2 runs" in table
        assert "fuzz/zoo-acks-own-tail" not in table
        assert "No run is like that" in await text_of(client, "/?verdict=valid")
        assert "sorted by" in await text_of(client, "/?sort=colour", 400)

    visit(store, session)


def test_two_runs_are_compared(store: Path) -> None:
    async def session(client: TestClient[Any, Any]) -> None:
        both = "run=fuzz/zoo-acks-own-tail&run=fuzz/stale-read-linearizability-57"
        page = await text_of(client, f"/compare?{both}")
        assert "committed-on-majority" in page
        assert "linearizability" in page
        assert "They differ from line" in page
        assert "1 were chosen" in await text_of(client, "/compare?run=fuzz/zoo-acks-own-tail", 400)
        assert "no run directory" in await text_of(client, "/compare?run=fuzz&run=fuzz", 404)

    visit(store, session)


def test_a_run_as_zip_holds_its_files_and_nothing_of_others(store: Path) -> None:
    one = store / "fuzz/zoo-acks-own-tail"
    (store.parent / "secret").write_text("secret")
    (one / "leads-out").symlink_to(store.parent / "secret")
    (one / "nodes").mkdir()
    (one / "nodes" / "n1.log").write_text("hello")

    async def session(client: TestClient[Any, Any]) -> None:
        answer = await client.get("/zip/fuzz/zoo-acks-own-tail")
        assert answer.status == 200
        assert "fuzz-zoo-acks-own-tail.zip" in answer.headers["Content-Disposition"]
        with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
            names = set(archive.namelist())
            read = archive.read(f"zoo-acks-own-tail/{RESULTS}")
        assert read == (one / RESULTS).read_bytes()
        files = {HISTORY, RESULTS, "schedule.json", "trace.jsonl", "nodes/n1.log"}
        assert names == {f"zoo-acks-own-tail/{name}" for name in files}

    visit(store, session)


@pytest.mark.parametrize(
    "path",
    [
        "/file/..%2f..%2f..%2fetc/passwd",
        "/file/fuzz/%2e%2e/%2e%2e/secret",
        "/file/%2fetc%2fpasswd",
        "/file/fuzz/zoo-acks-own-tail/leads-out",
        "/run/..%2foutside",
        "/report/..%2foutside",
        "/zip/..%2foutside",
        "/compare?run=../outside&run=../outside",
        "/nothing",
    ],
)
def test_what_lies_outside_is_refused(store: Path, path: str) -> None:
    (store.parent / "secret").write_text("a secret")
    shutil.copytree(HISTORIES / "zoo-acks-own-tail", store.parent / "outside")
    (store / "fuzz/zoo-acks-own-tail/leads-out").symlink_to(store.parent / "secret")

    async def session(client: TestClient[Any, Any]) -> None:
        text = await text_of(client, path, 404)
        assert "a secret" not in text
        assert "acks-own-tail</p>" not in text

    visit(store, session)


def test_a_report_that_leads_out_is_not_sent(store: Path) -> None:
    (store.parent / "secret").write_text("a secret")
    (store / "fuzz/zoo-acks-own-tail/report.html").symlink_to(store.parent / "secret")

    async def session(client: TestClient[Any, Any]) -> None:
        assert "report of" in await text_of(client, "/report/fuzz/zoo-acks-own-tail")

    visit(store, session)


@pytest.mark.parametrize("name", [HISTORY, RESULTS, "schedule.json", "trace.jsonl"])
def test_a_run_whose_own_files_lead_out_is_not_read(store: Path, name: str) -> None:
    one = store / "fuzz/zoo-acks-own-tail"
    shutil.copyfile(one / name, store.parent / "secret")
    (one / name).unlink()
    (one / name).symlink_to(store.parent / "secret")

    async def session(client: TestClient[Any, Any]) -> None:
        both = "run=fuzz/zoo-acks-own-tail&run=fuzz/stale-read-linearizability-57"
        for path in (f"/compare?{both}", "/report/fuzz/zoo-acks-own-tail"):
            assert f"{name}: is no file" in await text_of(client, path, 404)
        assert "committed-on-majority" not in await text_of(client, "/")

    visit(store, session)


def test_a_pipe_is_not_waited_for(store: Path) -> None:
    results = store / "fuzz/zoo-acks-own-tail" / RESULTS
    results.unlink()
    os.mkfifo(results)
    (store / "fuzz/stale-read-linearizability-57" / HISTORY).unlink()
    os.mkfifo(store / "fuzz/stale-read-linearizability-57" / HISTORY)

    async def session(client: TestClient[Any, Any]) -> None:
        assert "2 of 2 runs" in await text_of(client, "/?verdict=broken")
        await text_of(client, "/report/fuzz/stale-read-linearizability-57", 404)

    visit(store, session)


def test_files_that_lead_out_are_not_listed(store: Path) -> None:
    (store.parent / "secret").write_text("a secret")
    (store / "fuzz/zoo-acks-own-tail/leads-out").symlink_to(store.parent / "secret")
    (store / "fuzz/zoo-acks-own-tail/leads-on").symlink_to(HISTORY)

    async def session(client: TestClient[Any, Any]) -> None:
        listed = await text_of(client, "/run/fuzz/zoo-acks-own-tail")
        assert "leads-on" in listed
        assert "leads-out" not in listed

    visit(store, session)


def test_a_run_directory_may_be_served_itself(store: Path) -> None:
    async def session(client: TestClient[Any, Any]) -> None:
        assert 'href="/run/."' in await text_of(client, "/")
        # As browsers ask for it.
        assert "only the disk of n2 holds it" in await text_of(client, "/run/")
        assert "report of zoo-acks-own-tail" in await text_of(client, "/report/")

    visit(store / "fuzz/zoo-acks-own-tail", session)


def test_other_names_of_this_address_are_refused(store: Path) -> None:
    """A page of another site, whose name leads here, could read what it may send to there."""

    async def session(client: TestClient[Any, Any]) -> None:
        for host, status in [("evil.example", 421), ("evil.example:80", 421), ("localhost:1", 200)]:
            answer = await client.get("/", headers={"Host": host})
            assert answer.status == status, host
        answer = await client.post("/")
        assert answer.status == 405

    visit(store, session)


def test_a_server_at_all_addresses_answers_at_each(store: Path) -> None:
    async def session(client: TestClient[Any, Any]) -> None:
        for host, status in [("127.0.0.1:1", 200), ("192.0.2.7", 421), ("evil.example", 421)]:
            answer = await client.get("/", headers={"Host": host})
            assert answer.status == status, host

    visit(store, session, names=frozenset({"0.0.0.0"}))


def test_what_a_history_says_is_never_code(store: Path) -> None:
    one = load(store / "fuzz/zoo-acks-own-tail")
    failure = msgspec.structs.replace(one.results.failures[0], kind=EVIL, message=EVIL)
    results = msgspec.structs.replace(one.results, failures=(failure,), variant=EVIL)
    for name in ("zoo-acks-own-tail", "stale-read-linearizability-57"):
        (store / "fuzz" / name / RESULTS).write_bytes(msgspec.json.encode(results))
    evil = store / "fuzz" / "<b onclick=alert(3)>"
    shutil.copytree(store / "fuzz/zoo-acks-own-tail", evil)
    (evil / HISTORY).write_text(EVIL)

    async def session(client: TestClient[Any, Any]) -> None:
        both = "run=fuzz/zoo-acks-own-tail&run=fuzz/stale-read-linearizability-57"
        name = "%3Cb%20onclick=alert(3)%3E"
        for path in ("/", f"/run/fuzz/{name}", f"/compare?{both}", "/run/fuzz/zoo-acks-own-tail"):
            text = await page_text_of(client, path)
            assert "<script" not in text
            assert "<img" not in text
            assert "<b onclick" not in text
        assert "<script" not in await text_of(client, f"/run/{quote(EVIL, safe='')}", 404)
        answer = await client.get(f"/file/fuzz/{name}/{HISTORY}")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Content-Security-Policy"] == "sandbox"
        answer = await client.get(f"/report/fuzz/{name}")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts;")

    visit(store, session)


def test_a_broken_run_says_what_is_broken(store: Path) -> None:
    (store / "fuzz/zoo-acks-own-tail" / RESULTS).write_bytes(b"{")

    async def session(client: TestClient[Any, Any]) -> None:
        assert "broken" in await text_of(client, "/")
        assert "results.json" in await text_of(client, "/run/fuzz/zoo-acks-own-tail")
        both = "run=fuzz/zoo-acks-own-tail&run=fuzz/stale-read-linearizability-57"
        assert "malformed" in await text_of(client, f"/compare?{both}", 422)

    visit(store, session)


def test_an_empty_folder(tmp_path: Path) -> None:
    async def session(client: TestClient[Any, Any]) -> None:
        assert "no run here yet" in await text_of(client, "/")

    visit(tmp_path, session)
