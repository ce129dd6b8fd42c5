"""One conductor at a time for each campaign: two would not share out its seeds.

On one machine a lock of the operating system, which no clock lets expire and which goes with its
holder, however that ends. Where several machines share a PostgreSQL, an advisory lock of the
session.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from nemesis.campaigns.errors import IsRunning
from nemesis.store import StoreUnwritable


@contextmanager
def only_conductor(engine: Engine, name: str, directory: Path) -> Iterator[None]:
    """Raises IsRunning if there is one already, StoreUnwritable."""
    with _on_this_machine(directory / "lock", name), _on_all(engine, name):
        yield


@contextmanager
def _on_this_machine(path: Path, name: str) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise StoreUnwritable(f"{path}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise StoreUnwritable(f"{path}: {error.strerror}") from error
            raise _running(name) from error
        yield


@contextmanager
def _on_all(engine: Engine, name: str) -> Iterator[None]:
    if engine.dialect.name != "postgresql":
        yield
        return
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Out of the pool, in which it would live on, and the lock with it.
        connection.detach()
        mine = connection.execute(sql.select(sql.func.pg_try_advisory_lock(number))).scalar_one()
        if not mine:
            raise _running(name)
        try:
            yield
        finally:
            # At once: a server notices only some time later that a session was closed. One that
            # cannot be asked any more has noticed.
            with suppress(SQLAlchemyError):
                connection.execute(sql.select(sql.func.pg_advisory_unlock(number)))


def _running(name: str) -> IsRunning:
    return IsRunning(f"the campaign {name} is being conducted by another process; it goes on there")
