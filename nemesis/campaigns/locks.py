"""One conductor at a time for each campaign: two would not share out its seeds.

On one machine a lock of the operating system, which no clock lets expire and which goes with its
holder, however that ends. Where several machines share a PostgreSQL, an advisory lock of the very
session that writes the ledger (see open_engine): whoever loses the one can do nothing more in the
other, and no conductor goes on that does not hold the lock.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from nemesis.campaigns.errors import IsRunning
from nemesis.store import StoreUnwritable

LOCK = "lock"
"""The file that whoever conducts a campaign on this machine holds."""
# What the system says of a lock that another process holds.
_HELD = (errno.EAGAIN, errno.EACCES)
# Somebody may only be looking whether it is held: it is asked for so often, after so many s.
_ATTEMPTS, _BETWEEN = 5, 0.02


@contextmanager
def only_conductor(engine: Engine, name: str, directory: Path) -> Iterator[None]:
    """Raises IsRunning if there is one already, StoreUnwritable."""
    with _on_this_machine(directory / LOCK, name), _on_all(engine, name):
        yield


@contextmanager
def _on_this_machine(path: Path, name: str) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise StoreUnwritable(f"{path}: {error.strerror}") from error
    with file:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in _HELD:
                    raise StoreUnwritable(f"{path}: {error.strerror}") from error
                if attempt == _ATTEMPTS:
                    raise _running(name) from error
                sleep(_BETWEEN)
        yield


def is_conducted_here(directory: Path) -> bool | None:
    """Whether somebody on this machine conducts the campaign in this folder now; None if that
    cannot be told. Whoever looks shares the lock for a moment, so a conductor asks more than
    once."""
    try:
        file = os.open(directory / LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return True if error.errno in _HELD else None
    finally:
        os.close(file)
    return False


def conducted_anywhere(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of the campaigns of a PostgreSQL that somebody conducts now."""
    # A key of 64 bits is shown as two of 32 (PostgreSQL's manual, pg_locks).
    held = connection.execute(
        sql.text(
            "select (classid::bigint << 32) | objid::bigint from pg_locks where locktype = "
            "'advisory' and objsubid = 1 and granted and database = (select oid from pg_database "
            "where datname = current_database())"
        )
    )
    keys = set(held.scalars())
    return {name for name in names if _key(name) in keys}


@contextmanager
def _on_all(engine: Engine, name: str) -> Iterator[None]:
    if engine.dialect.name != "postgresql":
        yield
        return
    number = _key(name)
    if not _asked(engine, sql.func.pg_try_advisory_lock(number)):
        raise _running(name)
    try:
        yield
    finally:
        # At once: a server notices only some time later that a session was closed. One that cannot
        # be asked any more has noticed.
        with suppress(SQLAlchemyError):
            _asked(engine, sql.func.pg_advisory_unlock(number))


def _asked(engine: Engine, function: sql.Function[bool]) -> bool:
    with engine.begin() as connection:
        return connection.execute(sql.select(function)).scalar_one()


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _running(name: str) -> IsRunning:
    return IsRunning(f"the campaign {name} is being conducted by another process; it goes on there")
