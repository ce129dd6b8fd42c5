"""Ledgers opened to be read alone: neither the database nor a file beside it is changed.

SQLite keeps what was written last in a second file, NAME-wal, until that is brought into the first,
and what several processes must agree on in a third, NAME-shm. Whoever opens the database as usual,
be it for reading, creates or changes these. So there are three ways, by what lies there:

    no NAME-wal, or an empty one   everything is in the first file: read as one that nobody changes
    NAME-wal and NAME-shm          somebody writes, or was killed: read with NAME-shm as it is; a
                                   writer is not kept waiting
    NAME-wal alone                 copied without the third: read from a copy of our own

Where somebody did change them meanwhile, they are read once more.

A PostgreSQL is told that the session only reads.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeVar
from urllib.parse import quote

import sqlalchemy as sql
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from nemesis.campaigns.errors import LedgerBroken

Read = TypeVar("Read")

# A file that changes while it is read is read again, so often at most.
_ATTEMPTS = 5
# How long a server has to answer, and whatever is asked to be read, in s.
_PATIENCE, _LONGEST = 5, 30
# After so many steps of SQLite's machine it looks at the time.
_STEPS = 100_000

_Stamp = tuple[tuple[int, int, int] | None, ...]


def read_file(file: Path, read: Callable[[Connection], Read]) -> Read:
    """What ``read`` makes of the ledger in a file of SQLite. Raises LedgerBroken."""
    for attempt in range(1, _ATTEMPTS + 1):
        before = _stamp(file)
        try:
            with _opened(file, before) as connection:
                found = read(connection)
        except (DatabaseError, LedgerBroken, OSError) as error:
            if _stamp(file) == before or attempt == _ATTEMPTS:
                raise _broken(error) from error
            continue
        if _is_shared(file, before) or _stamp(file) == before:
            return found
    raise LedgerBroken("it changes faster than it can be read")


def read_server(url: URL, read: Callable[[Connection], Read]) -> Read:
    """What ``read`` makes of the ledger in a PostgreSQL. Raises LedgerBroken."""
    options = (
        f"-c default_transaction_read_only=on -c statement_timeout={_LONGEST}s "
        "-c default_transaction_isolation=repeatable\\ read"
    )
    arguments = {"connect_timeout": _PATIENCE, "options": options}
    try:
        engine = sql.create_engine(url, connect_args=arguments, poolclass=NullPool)
        with engine.connect() as connection:
            return read(connection)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise _broken(error) from error


def database_url(text: str) -> URL:
    """A URL of SQLAlchemy's, of a kind that ledgers are kept in. Raises LedgerBroken."""
    try:
        url = sql.make_url(text)
        name = url.get_backend_name()
        url.get_dialect()
    except (ValueError, ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise LedgerBroken(
            f"--database: is no database that can be used: {error}; write postgresql+psycopg://... "
            "or sqlite:///FILE"
        ) from error
    if name == "postgresql" or (name == "sqlite" and url.database):
        return url
    raise LedgerBroken("--database: write postgresql+psycopg://... or sqlite:///FILE")


def _broken(error: Exception) -> LedgerBroken:
    if isinstance(error, LedgerBroken):
        return error
    reason = error.orig if isinstance(error, DatabaseError) else error
    words = " ".join(str(reason).split())
    return LedgerBroken(f"it cannot be read: {words or type(reason).__name__}")


# -- SQLite ----------------------------------------------------------------------------------------


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)


def _stamp(file: Path) -> _Stamp:
    """What would be another, had somebody written: of the database and of its log."""
    found: list[tuple[int, int, int] | None] = []
    for path in (file, _beside(file, "-wal")):
        try:
            status = path.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)


def _has_log(stamp: _Stamp) -> bool:
    log = stamp[1]
    return log is not None and log[1] > 0


def _is_shared(file: Path, stamp: _Stamp) -> bool:
    """Whether SQLite itself sees to it that what is read is of one moment."""
    return _has_log(stamp) and _beside(file, "-shm").exists()


@contextmanager
def _opened(file: Path, stamp: _Stamp) -> Iterator[Connection]:
    if not _has_log(stamp):
        with _connected(file, "immutable=1") as connection:
            yield connection
    elif _is_shared(file, stamp):
        with _connected(file, "readonly_shm=1") as connection:
            yield connection
    else:
        with tempfile.TemporaryDirectory(prefix="splitbrain-") as name:
            copy = Path(name) / file.name
            for ending in ("", "-wal"):
                shutil.copyfile(_beside(file, ending), _beside(copy, ending))
            with _connected(copy, "cache=private") as connection:
                yield connection


@contextmanager
def _connected(file: Path, how: str) -> Iterator[Connection]:
    engine = sql.create_engine(
        "sqlite://", creator=partial(_connect, file, how), poolclass=NullPool
    )
    with engine.connect() as connection:
        # One moment for all that is read.
        connection.exec_driver_sql("BEGIN")
        yield connection


def _connect(file: Path, how: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(file.absolute()))}?mode=ro&{how}"
    connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE)
    deadline = monotonic() + _LONGEST
    # Whoever made the file: it may say what is to be computed when it is read.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.set_progress_handler(lambda: monotonic() > deadline, _STEPS)
    return connection
