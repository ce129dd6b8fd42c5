"""Where Hypothesis keeps what failed, so that it fails at once the next time, and elsewhere.

    dir:PATH              a directory
    redis:URL             a Redis server: redis:redis://localhost:6379/0
    github:OWNER/REPO     the artifact ``hypothesis-example-db`` of that repository; is only read

Nothing is connected to before the first example is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    GitHubArtifactDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)

from nemesis.errors import NemesisError

FORMS = "dir:PATH, redis:URL or github:OWNER/REPO"
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
# Where what fails now is kept if none of those that are named can be written.
_OWN = Path(".hypothesis") / "examples"
_ARTIFACTS = Path(".hypothesis") / "github-artifacts"


class DatabaseError(NemesisError):
    """No example database is named so, or it cannot be used; the message says why."""


def parse_databases(names: Sequence[str]) -> ExampleDatabase:
    """The database of one or several names: read from all, written to the first one that can be
    written; the directory ``.hypothesis/examples`` if none can. Raises DatabaseError."""
    if not names:
        raise DatabaseError(f"no example database is named: {FORMS}")
    databases = [_parse(name) for name in names]
    is_found = False
    for at, database in enumerate(databases):
        if is_found:
            databases[at] = ReadOnlyDatabase(database)
        is_found = is_found or not isinstance(database, ReadOnlyDatabase)
    if not is_found:
        databases.insert(0, DirectoryBasedExampleDatabase(_OWN))
    return databases[0] if len(databases) == 1 else MultiplexedDatabase(*databases)


def _parse(name: str) -> ExampleDatabase:
    kind, colon, place = name.partition(":")
    if not colon or not place or kind not in ("dir", "redis", "github"):
        raise DatabaseError(f"{name!r} names no example database: {FORMS}")
    if kind == "dir":
        return _directory(name, Path(place))
    return _redis(name, place) if kind == "redis" else _github(name, place)


def _directory(name: str, path: Path) -> ExampleDatabase:
    if path.exists() and not path.is_dir():
        raise DatabaseError(f"{name!r}: {path} is no directory")
    return DirectoryBasedExampleDatabase(path)


def _redis(name: str, url: str) -> ExampleDatabase:
    if not url.startswith(_REDIS_SCHEMES):
        raise DatabaseError(f"{name!r}: a URL begins with {', '.join(_REDIS_SCHEMES)}")
    if find_spec("redis") is None:
        raise DatabaseError(
            f"{name!r}: the package redis is missing; pip install 'splitbrain[redis]'"
        )
    from hypothesis.extra.redis import RedisExampleDatabase
    from redis import Redis

    client: Any = Redis
    try:
        return RedisExampleDatabase(client.from_url(url))
    except ValueError as error:
        raise DatabaseError(f"{name!r}: {error}") from error


def _github(name: str, place: str) -> ExampleDatabase:
    owner, slash, repository = place.partition("/")
    if not owner or not slash or not repository or "/" in repository:
        raise DatabaseError(f"{name!r}: a repository is written OWNER/REPO")
    # A path is named, as Hypothesis refuses to look for its own while pytest is being configured.
    # So each repository has one of its own, too: there artifacts are told apart by time alone.
    path = _ARTIFACTS / f"{owner}-{repository}"
    return ReadOnlyDatabase(GitHubArtifactDatabase(owner, repository, path=path))
