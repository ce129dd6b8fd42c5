"""The ledger of a campaign: every seed is handed out once, and accounted for once.

    campaigns   a row a campaign: its settings, and the first seed that was never handed out
    batches     seeds that were handed out: ``planned``, or ``done`` with a tally
    failures    every seed that failed, and its cause
    causes      each cause once: where its smallest run is saved, and how often it came
    corpus      schedules that showed what others did not; each batch names those it was handed

A batch is written down before it is handed out, and its result in one transaction, with those of
others that ended meanwhile. Whoever is killed in between leaves batches planned, which the next
session hands out again: nothing of them had been accounted for. What comes twice, as a worker that
was taken for dead may yet answer, counts once.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import sqlalchemy as sql
from msgspec import json
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from nemesis.campaigns.corpus_table import load_corpus, save_changes, schedules_of
from nemesis.campaigns.errors import LedgerBroken, OtherSettings
from nemesis.campaigns.gaps import gaps_between
from nemesis.campaigns.outcomes import Failure, Outcome, save_outcomes
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.tables import (
    BATCHES,
    CAMPAIGNS,
    CAUSES,
    DONE,
    PLANNED,
    create_tables,
)
from nemesis.errors import NemesisError
from nemesis.search.block import Block
from nemesis.search.corpus import Corpus, Entry
from nemesis.search.tally import Tally, decode_tally
from nemesis.store import StoreUnwritable

# How long a writer waits for another's transaction, in s.
_PATIENCE = 30.0
# What databases say of a disk that is full, fails, or may not be written.
_UNWRITABLE = ("disk is full", "No space left", "readonly", "disk I/O error")
_KEPT = (
    "; the runs that failed are in run directories of their own, whatever becomes of the database"
)


class Cause(NamedTuple):
    """A cause, and how many seeds failed by it. ``seed`` is the one whose run is saved."""

    cause: str
    kind: str
    message: str
    seed: int
    steps: int
    directory: str
    seen: int


class Totals(NamedTuple):
    """What a campaign has done in all its sessions."""

    tally: Tally
    # s of workers' time.
    seconds: float
    batches: int
    # Seeds that were handed out, and not accounted for yet.
    planned: int


def open_engine(url: str) -> Engine:
    """The database at a URL of SQLAlchemy. Raises LedgerBroken, StoreUnwritable."""
    try:
        # One connection, as the lock of who conducts (see locks) is its session's.
        made = sql.create_engine(
            url, connect_args=_arguments(url), pool_size=1, max_overflow=0, poolclass=QueuePool
        )
    except (ValueError, sql.exc.ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise LedgerBroken(
            f"{without_password(url)}: is no database that can be used: {error}; write "
            "postgresql+psycopg://... or sqlite:///FILE"
        ) from error
    if made.dialect.name == "sqlite":
        sql.event.listen(made, "connect", _on_connect)
    try:
        with _errors(made.url), made.begin() as connection:
            create_tables(connection)
    except NemesisError:
        made.dispose()
        raise
    return made


def examine(engine: Engine) -> None:
    """Read all of a database of SQLite, which would tell of a damaged page only when somebody comes
    by it; one of PostgreSQL looks after itself. Raises LedgerBroken."""
    if engine.dialect.name != "sqlite":
        return
    with _errors(engine.url), engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if found != "ok":
        raise LedgerBroken(f"{engine.url}: is damaged: {' '.join(found.split())}{_KEPT}")


def without_password(url: str) -> str:
    """The URL as it may be told, which logs keep; also one that is none."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)


def sqlite_url(file: Path) -> str:
    """That of a database in a file."""
    return f"sqlite:///{file.absolute()}"


def _arguments(url: str) -> dict[str, float]:
    return {"timeout": _PATIENCE} if url.startswith("sqlite") else {}


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    """What is committed is on the disk, and readers wait for no writer."""
    try:
        connection.execute("PRAGMA journal_mode = WAL").close()
        connection.execute("PRAGMA synchronous = FULL").close()
    except sqlite3.Error:
        # Nobody else would: it lived on, its file open, until it was collected.
        connection.close()
        raise


@contextmanager
def _errors(what: object) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        reason = " ".join(str(error.orig).split())
        if any(each in reason for each in _UNWRITABLE):
            raise StoreUnwritable(f"{what}: {reason}") from error
        raise LedgerBroken(f"{what}: {reason}{_KEPT}") from error
    except SQLAlchemyError as error:
        raise LedgerBroken(f"{what}: {error}") from error


class Ledger:
    """That of one campaign. To be written by one at a time (see locks)."""

    def __init__(self, engine: Engine, name: str, settings: Settings) -> None:
        """Begin a campaign, or go on with it. Raises OtherSettings if one of this name runs
        something else, LedgerBroken, StoreUnwritable."""
        self._engine = engine
        self.name = name
        self.settings = settings
        encoded = json.encode(settings).decode()
        with self._transaction() as connection:
            row = connection.execute(
                sql.select(CAMPAIGNS.c.settings).where(CAMPAIGNS.c.name == name)
            ).one_or_none()
            if row is None:
                connection.execute(
                    CAMPAIGNS.insert().values(
                        name=name,
                        settings=encoded,
                        next_seed=settings.seed,
                        begun=datetime.now(UTC).isoformat(timespec="seconds"),
                    )
                )
            else:
                begun = _decoded_settings(engine, name, row.settings)
                if begun != settings:
                    raise OtherSettings(
                        f"the campaign {name} was begun with {begun.unlike(settings)}, and is "
                        f"asked for with {settings.unlike(begun)}: give this one another --name"
                    )

    @staticmethod
    def settings_of(engine: Engine, name: str) -> Settings | None:
        """Those of a campaign that has begun; None if none of this name has. LedgerBroken."""
        with _errors(engine.url), engine.connect() as connection:
            found = connection.execute(
                sql.select(CAMPAIGNS.c.settings).where(CAMPAIGNS.c.name == name)
            ).scalar_one_or_none()
        return None if found is None else _decoded_settings(engine, name, found)

    @staticmethod
    def names(engine: Engine) -> list[str]:
        """Those of the campaigns that have begun. LedgerBroken."""
        with _errors(engine.url), engine.connect() as connection:
            return list(
                connection.execute(
                    sql.select(CAMPAIGNS.c.name).order_by(CAMPAIGNS.c.name)
                ).scalars()
            )

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _errors(self._engine.url), self._engine.begin() as connection:
            yield connection

    # -- Seeds -----------------------------------------------------------------------------------

    def plan(
        self, runs: int, entries_for: Callable[[int], Sequence[Entry]] = lambda first: ()
    ) -> Block:
        """Hand out the next seeds, so many (see plan_all)."""
        return self.plan_all([runs], entries_for)[0]

    def plan_all(
        self, sizes: Sequence[int], entries_for: Callable[[int], Sequence[Entry]]
    ) -> list[Block]:
        """Hand out the next seeds, in batches of so many, each with the entries of the corpus that
        are to be given to the batch of this first seed."""
        blocks, rows = [], []
        with self._transaction() as connection:
            of_this = CAMPAIGNS.c.name == self.name
            first = connection.execute(
                sql.select(CAMPAIGNS.c.next_seed).where(of_this).with_for_update()
            ).scalar_one()
            for runs in sizes:
                entries = entries_for(first)
                numbers = [entry.number for entry in entries]
                row = {"campaign": self.name, "first": first, "runs": runs, "state": PLANNED}
                rows.append(row | {"entries": json.encode(numbers).decode() if numbers else None})
                schedules = tuple(entry.schedule for entry in entries)
                blocks.append(Block(first, runs, first - self.settings.seed, entries=schedules))
                first += runs
            connection.execute(BATCHES.insert(), rows)
            connection.execute(CAMPAIGNS.update().where(of_this).values(next_seed=first))
        return blocks

    def unfinished(self) -> list[Block]:
        """What earlier sessions handed out, and nobody has accounted for."""
        with self._transaction() as connection:
            rows = connection.execute(
                sql.select(BATCHES.c.first, BATCHES.c.runs, BATCHES.c.entries)
                .where(BATCHES.c.campaign == self.name, BATCHES.c.state == PLANNED)
                .order_by(BATCHES.c.first)
            ).all()
            return [
                Block(
                    row.first,
                    row.runs,
                    row.first - self.settings.seed,
                    entries=self._entries(connection, row.first, row.entries),
                )
                for row in rows
            ]

    def _entries(self, connection: Connection, first: int, numbers: str | None) -> tuple[str, ...]:
        """What a batch was handed."""
        if numbers is None:
            return ()
        try:
            decoded = json.decode(numbers, type=list[int])
        except msgspec.DecodeError as error:
            raise LedgerBroken(
                f"{self._engine.url}: batch of seed {first} has broken entries: {error}"
            ) from error
        return schedules_of(connection, self.name, decoded)

    def corpus(self) -> Corpus:
        """The corpus as it is now."""
        with self._transaction() as connection:
            return load_corpus(connection, self.name)

    def record(
        self, block: Block, tally: Tally, failures: Sequence[Failure], seconds: float, worker: str
    ) -> bool:
        """Account for a batch. False, and nothing is changed, if that was done before."""
        outcome = Outcome(block, tally, failures, seconds, worker)
        return bool(self.record_all([outcome], Corpus()))

    def record_all(self, outcomes: Sequence[Outcome], corpus: Corpus) -> list[Outcome]:
        """Account for batches, and for what the corpus takes of them. Those that were not accounted
        for before: the others change nothing."""
        with self._transaction() as connection:
            new = save_outcomes(connection, self.name, outcomes)
            changes = corpus.changes(each for outcome in new for each in outcome.candidates)
            save_changes(connection, self.name, changes)
        corpus.take(changes)
        return new

    # -- What came of it -------------------------------------------------------------------------

    def causes(self) -> list[Cause]:
        """Each once, the most frequent first."""
        columns = [CAUSES.c[name] for name in Cause._fields]
        with self._transaction() as connection:
            rows = connection.execute(
                sql.select(*columns)
                .where(CAUSES.c.campaign == self.name)
                .order_by(CAUSES.c.seen.desc(), CAUSES.c.cause)
            ).all()
        return [Cause(*row) for row in rows]

    def totals(self) -> Totals:
        """The sums over all batches that are done."""
        total, seconds, planned, count = Tally(), 0.0, 0, 0
        with self._transaction() as connection:
            rows = connection.execute(
                sql.select(
                    BATCHES.c.first,
                    BATCHES.c.state,
                    BATCHES.c.runs,
                    BATCHES.c.tally,
                    BATCHES.c.seconds,
                ).where(BATCHES.c.campaign == self.name)
            )
            for row in rows:
                if row.state == PLANNED:
                    planned += row.runs
                    continue
                count += 1
                seconds += row.seconds
                total.merge(self._decoded(row.first, row.tally))
        return Totals(total, seconds, count, planned)

    def _decoded(self, first: int, tally: str) -> Tally:
        try:
            return decode_tally(tally)
        except msgspec.DecodeError as error:
            raise LedgerBroken(
                f"{self._engine.url}: batch of seed {first} has a broken tally: {error}"
            ) from error

    def gaps(self) -> list[str]:
        """What is wrong with the account, in words: seeds that were never handed out or twice, and
        batches whose tally is not of as many runs as they have seeds. Nothing: every seed is
        accounted for exactly once, or still planned."""
        with self._transaction() as connection:
            rows = connection.execute(
                sql.select(BATCHES).where(BATCHES.c.campaign == self.name).order_by(BATCHES.c.first)
            ).all()
            next_seed = connection.execute(
                sql.select(CAMPAIGNS.c.next_seed).where(CAMPAIGNS.c.name == self.name)
            ).scalar_one()
        accounted = [
            (row.first, row.runs, self._decoded(row.first, row.tally).runs)
            if row.state == DONE
            else (row.first, row.runs, None)
            for row in rows
        ]
        return gaps_between(self.settings.seed, next_seed, accounted)


def _decoded_settings(engine: Engine, name: str, encoded: str) -> Settings:
    try:
        return json.decode(encoded, type=Settings)
    except msgspec.DecodeError as error:
        raise LedgerBroken(
            f"{engine.url}: the settings of {name} cannot be read: {error}{_KEPT}"
        ) from error
