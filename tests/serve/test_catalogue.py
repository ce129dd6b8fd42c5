"""What is below a folder, whatever lies there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from nemesis.serve.catalogue import BROKEN, UNFINISHED, Catalogue, Row
from nemesis.serve.errors import BadQuery, NotInStore
from nemesis.serve.selection import PAGE, Selection, parse_selection, select
from nemesis.store import RESULTS, StoreError

HISTORIES = Path(__file__).parents[2] / "histories"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two runs, and a link to the newest, as fuzz leaves them."""
    root = tmp_path / "store"
    for number, name in enumerate(("zoo-acks-own-tail", "stale-read-linearizability-57")):
        shutil.copytree(HISTORIES / name, root / "fuzz" / name)
        os.utime(root / "fuzz" / name / RESULTS, (number, number))
    (root / "latest").symlink_to("fuzz/zoo-acks-own-tail")
    return root


def named(rows: list[Row]) -> dict[str, Row]:
    return {row.path: row for row in rows}


def test_every_run_once(store: Path) -> None:
    rows = named(Catalogue(store).rows())
    assert set(rows) == {"fuzz/zoo-acks-own-tail", "fuzz/stale-read-linearizability-57"}
    row = rows["fuzz/zoo-acks-own-tail"]
    assert (row.verdict, row.kinds, row.subject) == (
        "invalid",
        ("committed-on-majority",),
        "acks-own-tail",
    )
    assert "only the disk of n2 holds it" in row.words


def test_runs_that_are_unfinished_or_broken_are_shown(store: Path) -> None:
    (store / "fuzz/zoo-acks-own-tail" / RESULTS).write_bytes(b'{"version": 1')
    (store / "fuzz/stale-read-linearizability-57" / RESULTS).unlink()
    rows = named(Catalogue(store).rows())
    assert rows["fuzz/zoo-acks-own-tail"].verdict == BROKEN
    assert "results.json" in rows["fuzz/zoo-acks-own-tail"].words
    assert rows["fuzz/stale-read-linearizability-57"].verdict == UNFINISHED


def test_changes_are_seen(store: Path) -> None:
    catalogue = Catalogue(store)
    before = named(catalogue.rows())["fuzz/zoo-acks-own-tail"]
    shutil.copyfile(
        store / "fuzz/stale-read-linearizability-57" / RESULTS,
        store / "fuzz/zoo-acks-own-tail" / RESULTS,
    )
    after = named(catalogue.rows())["fuzz/zoo-acks-own-tail"]
    assert (before.kinds, after.kinds) == (("committed-on-majority",), ("linearizability",))
    shutil.rmtree(store / "fuzz/zoo-acks-own-tail")
    assert set(named(catalogue.rows())) == {"fuzz/stale-read-linearizability-57"}


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "fuzz/../../outside",
        "/etc",
        "//etc",
        "fuzz/out",
        "fuzz",
        "nothing",
        "a\0b",
        "x" * 5000,
    ],
)
def test_nothing_outside_is_given(store: Path, path: str) -> None:
    shutil.copytree(HISTORIES / "zoo-acks-own-tail", store.parent / "outside")
    (store / "fuzz" / "out").symlink_to(store.parent / "outside")
    catalogue = Catalogue(store)
    with pytest.raises(NotInStore):
        catalogue.directory(path)
    with pytest.raises(NotInStore):
        catalogue.file(f"{path}/{RESULTS}")


def test_links_within_may_be_used(store: Path) -> None:
    catalogue = Catalogue(store)
    assert catalogue.directory("latest") == (store / "fuzz/zoo-acks-own-tail").resolve()
    assert catalogue.file(f"latest/{RESULTS}").is_file()


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is no folder"):
        Catalogue(tmp_path / "nothing")


def rows_of(count: int) -> list[Row]:
    return [
        Row(
            path=f"run-{number:04}",
            time=number,
            verdict=("valid", "invalid", "unknown")[number % 3],
            kinds=("liveness",) if number % 3 == 1 else (),
            subject="healthy" if number % 2 else "etcd-raft",
            operations=count - number,
        )
        for number in range(count)
    ]


def test_newest_first_by_default() -> None:
    found = select(rows_of(250), Selection())
    assert [row.time for row in found.rows] == list(range(249, 149, -1))
    assert (found.wanted, found.of, found.page, found.pages) == (250, 250, 1, 3)
    assert found.subjects == ["etcd-raft", "healthy"]
    assert found.kinds == ["liveness"]


def test_pages_hold_every_row_once() -> None:
    rows = rows_of(250)
    pages = [select(rows, Selection(sort="name", page=page)).rows for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [PAGE, PAGE, 250 - 2 * PAGE]
    assert {row.path for page in pages for row in page} == {row.path for row in rows}
    assert select(rows, Selection(page=99)).page == 3


def test_filters() -> None:
    rows = rows_of(30)
    found = select(rows, parse_selection({"verdict": "invalid", "text": "ETCD run-"}))
    assert found.rows
    assert all(row.verdict == "invalid" and row.subject == "etcd-raft" for row in found.rows)
    assert found.wanted == 5
    assert select(rows, Selection(kind="liveness")).wanted == 10
    assert select(rows, Selection(subject="healthy")).wanted == 15
    assert select(rows, Selection(text="no such words")).rows == []


def test_worst_verdicts_first() -> None:
    found = select(rows_of(6), parse_selection({"sort": "verdict"}))
    assert [row.verdict for row in found.rows] == [
        "invalid",
        "invalid",
        "unknown",
        "unknown",
        "valid",
        "valid",
    ]


def test_a_selection_is_what_its_query_says() -> None:
    wanted = Selection("a b", "invalid", "liveness", "healthy", "operations", False, 3)
    assert parse_selection(wanted.query()) == wanted
    assert parse_selection(wanted.by("operations")).is_descending
    assert parse_selection(wanted.by("name")) == wanted._replace(sort="name", page=1)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ({"sort": "colour"}, "sorted by name, time"),
        ({"verdict": "green"}, "one of valid"),
        ({"order": "sideways"}, "up or down"),
        ({"page": "0"}, "from 1 on"),
        ({"page": "-1"}, "from 1 on"),
        ({"page": "²"}, "from 1 on"),
        ({"page": "9" * 5000}, "from 1 on"),
    ],
)
def test_queries_that_make_no_sense(query: dict[str, str], what: str) -> None:
    with pytest.raises(BadQuery, match=what):
        parse_selection(query)
