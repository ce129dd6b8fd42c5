"""Example databases: how they are named, what is read and what is written."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import _hypothesis_globals
import pytest
from hypothesis import configuration
from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    GitHubArtifactDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)

from nemesis.search import databases
from nemesis.search.databases import DatabaseError, parse_databases


def test_a_directory_is_read_and_written(tmp_path: Path) -> None:
    parse_databases([f"dir:{tmp_path / 'new' / 'examples'}"]).save(b"key", b"value")
    again = DirectoryBasedExampleDatabase(tmp_path / "new" / "examples")
    assert list(again.fetch(b"key")) == [b"value"]


def test_several_are_read_and_the_first_is_written(tmp_path: Path) -> None:
    first, second = (DirectoryBasedExampleDatabase(tmp_path / name) for name in ("1", "2"))
    second.save(b"key", b"theirs")
    both = parse_databases([f"dir:{tmp_path / '1'}", f"dir:{tmp_path / '2'}"])
    both.save(b"key", b"ours")
    assert set(both.fetch(b"key")) == {b"ours", b"theirs"}
    assert list(first.fetch(b"key")) == [b"ours"]
    assert list(second.fetch(b"key")) == [b"theirs"]
    both.delete(b"key", b"theirs")
    assert list(second.fetch(b"key")) == [b"theirs"]


def test_github_is_only_read_and_asked_for_nothing_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def refuse(*_: Any) -> None:
        raise AssertionError("GitHub was asked")

    monkeypatch.setattr(GitHubArtifactDatabase, "_fetch_artifact", refuse)
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    database = parse_databases(["github:someone/something"])
    assert isinstance(database, MultiplexedDatabase)
    database.save(b"key", b"value")
    own = DirectoryBasedExampleDatabase(tmp_path / ".hypothesis" / "examples")
    assert list(own.fetch(b"key")) == [b"value"]
    theirs = database._wrapped[1]
    assert isinstance(theirs, ReadOnlyDatabase)
    assert theirs._wrapped.token == "secret"
    assert (theirs._wrapped.owner, theirs._wrapped.repo) == ("someone", "something")


def test_github_may_be_named_while_pytest_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # What the plugin of Hypothesis says until pytest has collected its first test.
    monkeypatch.setattr(_hypothesis_globals, "in_initialization", 1)
    monkeypatch.setattr(configuration, "_first_postinit_what", None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        both = parse_databases(["github:someone/something", "github:someone/else"])
    paths = {each._wrapped.path for each in both._wrapped[1:]}  # type: ignore[attr-defined]
    assert len(paths) == 2
    assert not (tmp_path / ".hypothesis").exists()


class FakeRedis:
    """The few commands that the database needs, on sets in memory."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sets: dict[bytes, set[bytes]] = {}
        self.published: list[str] = []
        self._results: list[Any] = []

    @classmethod
    def from_url(cls, url: str) -> FakeRedis:
        if "nonsense" in url:
            raise ValueError("no such port")
        return cls(url)

    def pipeline(self) -> FakeRedis:
        self._results = []
        return self

    def execute(self) -> list[Any]:
        return self._results

    def sadd(self, key: bytes, value: bytes) -> None:
        held = self.sets.setdefault(key, set())
        self._results.append(int(value not in held))
        held.add(value)

    def srem(self, key: bytes, value: bytes) -> None:
        held = self.sets.setdefault(key, set())
        self._results.append(int(value in held))
        held.discard(value)

    def smembers(self, key: bytes) -> None:
        self._results.append(set(self.sets.get(key, ())))

    def expire(self, key: bytes, _: Any) -> None:
        self._results.append(int(key in self.sets))

    def publish(self, _: str, message: str) -> None:
        self.published.append(message)


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package ``redis`` with nothing but the fake."""
    package: Any = ModuleType("redis")
    package.Redis = FakeRedis
    monkeypatch.setitem(sys.modules, "redis", package)
    monkeypatch.delitem(sys.modules, "hypothesis.extra.redis", raising=False)
    monkeypatch.setattr(databases, "find_spec", lambda _: object())


@pytest.mark.usefixtures("redis")
def test_redis_is_read_and_written() -> None:
    database: Any = parse_databases(["redis:redis://example:6379/0"])
    assert database.redis.url == "redis://example:6379/0"
    database.save(b"key", b"value")
    assert list(database.fetch(b"key")) == [b"value"]
    database.move(b"key", b"other", b"value")
    assert list(database.fetch(b"key")) == []
    assert list(database.fetch(b"other")) == [b"value"]
    database.delete(b"other", b"value")
    assert list(database.fetch(b"other")) == []


@pytest.mark.usefixtures("redis")
@pytest.mark.parametrize("name", ["redis:localhost", "redis:redis://nonsense"])
def test_a_wrong_url_of_redis(name: str) -> None:
    with pytest.raises(DatabaseError, match="redis"):
        parse_databases([name])


def test_without_the_package_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "find_spec", lambda _: None)
    with pytest.raises(DatabaseError, match=r"pip install 'splitbrain\[redis\]'"):
        parse_databases(["redis:redis://localhost"])


@pytest.mark.parametrize(
    "name",
    [
        "",
        "dir",
        "dir:",
        "directory:x",
        "github:owner",
        "github:/repo",
        "github:owner/",
        "github:a/b/c",
    ],
)
def test_wrong_names(name: str) -> None:
    with pytest.raises(DatabaseError, match=r"names no example database|OWNER/REPO"):
        parse_databases([name])


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="is no directory"):
        parse_databases([f"dir:{tmp_path / 'file'}"])


def test_at_least_one_is_named() -> None:
    with pytest.raises(DatabaseError, match="no example database is named"):
        parse_databases([])
