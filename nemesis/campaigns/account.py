"""The accounts of campaigns, read from a ledger while others may write it: never a write.

What is done does not change, so what was added up once is kept, and only later batches are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
import sqlalchemy as sql
from sqlalchemy.engine import Connection

from nemesis.campaigns.errors import LedgerBroken
from nemesis.campaigns.gaps import gaps_between
from nemesis.campaigns.ledger import Cause
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.tables import BATCHES, CAMPAIGNS, CAUSES, DONE
from nemesis.search.tally import Tally, decode_tally

Typed = TypeVar("Typed")

# No time that can be written down is so late, in s since 1970.
_FOR_EVER = 1e11
_READ = {
    CAMPAIGNS: ("name", "settings", "next_seed", "begun"),
    BATCHES: ("campaign", "first", "runs", "state", "tally", "seconds", "worker", "ended"),
    CAUSES: ("campaign", *Cause._fields),
}


class Recorded(NamedTuple):
    """A batch that is done: of so many seeds, of which so many were counted and so many failed;
    how long its worker took, in s, and who that was; when it was recorded, in s since 1970, if that
    is known."""

    first: int
    seeds: int
    runs: int
    failed: int
    seconds: float
    worker: str
    ended: float | None


class Planned(NamedTuple):
    """Seeds that were handed out, and are not accounted for."""

    first: int
    runs: int


class _Done(NamedTuple):
    """What is read of a batch that is done."""

    first: int
    runs: int
    tally: str
    seconds: Annotated[float, msgspec.Meta(ge=0, lt=_FOR_EVER)]
    worker: str
    ended: Annotated[float, msgspec.Meta(ge=0, lt=_FOR_EVER)] | None


@dataclass(frozen=True)
class Account:
    """What a ledger says of one campaign."""

    name: str
    settings: Settings
    # As ISO 8601 has it.
    begun: str
    tally: Tally
    # By first seed.
    done: Mapping[int, Recorded]
    planned: list[Planned]
    # The most frequent first.
    causes: list[Cause]
    # What is wrong, in words: seeds that nobody accounts for, or that two do.
    gaps: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Workers' time."""
        return sum(batch.seconds for batch in self.done.values())

    @property
    def seeds_planned(self) -> int:
        """How many seeds were handed out, and are not accounted for."""
        return sum(batch.runs for batch in self.planned)

    @property
    def last_activity(self) -> float | None:
        """When a batch was last recorded, in s since 1970, if that is known."""
        times = (batch.ended for batch in self.done.values() if batch.ended is not None)
        return max(times, default=None)


def read_accounts(connection: Connection, known: Mapping[str, Account]) -> list[Account]:
    """Those of all campaigns of a ledger, in the order of their names. ``known``: what was read
    earlier. Raises LedgerBroken, and what SQLAlchemy raises."""
    _demand_tables(connection)
    fields = [CAMPAIGNS.c[each] for each in _READ[CAMPAIGNS]]
    rows = connection.execute(sql.select(*fields).order_by(CAMPAIGNS.c.name)).all()
    return [_account(connection, row, known.get(row.name)) for row in rows]


def _demand_tables(connection: Connection) -> None:
    present = sql.inspect(connection)
    tables = set(present.get_table_names())
    for table, needed in _READ.items():
        if table.name not in tables:
            raise LedgerBroken(f"it has no table {table.name}: no campaign has begun in it")
        columns = {column["name"] for column in present.get_columns(table.name)}
        for column in needed:
            if column not in columns:
                raise LedgerBroken(
                    f"it is of another version: the table {table.name} has no column {column}; "
                    "splitbrain campaign adds it when it goes on"
                )


def _account(connection: Connection, row: sql.Row[Any], known: Account | None) -> Account:
    name, encoded, next_seed, begun = _typed([row], tuple[str, str, int, str])[0]
    try:
        settings = msgspec.json.decode(encoded, type=Settings)
    except msgspec.DecodeError as error:
        raise LedgerBroken(
            f"the campaign {name} has settings of another version: {error}"
        ) from error
    of_this = BATCHES.c.campaign == name
    found = connection.execute(
        sql.select(BATCHES.c.first, BATCHES.c.runs, BATCHES.c.state).where(of_this)
    )
    batches = _typed(found, tuple[int, int, str])
    ended = {first for first, _, state in batches if state == DONE}
    tally, done = Tally(), dict[int, Recorded]()
    if known is not None and known.begun == begun and ended.issuperset(known.done):
        tally.merge(known.tally)
        done.update(known.done)
    new = ended.difference(done)
    if new:
        fields = [BATCHES.c[each] for each in _Done._fields]
        rows = connection.execute(
            sql.select(*fields)
            .where(of_this, BATCHES.c.first >= min(new))
            .order_by(BATCHES.c.first)
        )
        for batch in _typed((each for each in rows if each.first in new), _Done):
            counted = _decoded(batch)
            tally.merge(counted)
            done[batch.first] = _recorded(batch, counted)
    planned = sorted(Planned(first, runs) for first, runs, _ in batches if first not in ended)
    accounted: list[tuple[int, int, int | None]] = [(*each, None) for each in planned]
    accounted += [(each.first, each.seeds, each.runs) for each in done.values()]
    accounted.sort(key=lambda each: each[0])
    gaps = gaps_between(settings.seed, next_seed, accounted)
    causes = _causes(connection, name)
    return Account(name, settings, begun, tally, done, planned, causes, gaps)


def _typed(rows: Iterable[Any], kind: type[Typed]) -> list[Typed]:
    """The rows, if their values are of these types: SQLite keeps whatever it is given."""
    try:
        return msgspec.convert([tuple(row) for row in rows], list[kind])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise LedgerBroken(f"it holds what no campaign writes: {error}") from error


def _recorded(batch: _Done, tally: Tally) -> Recorded:
    return Recorded(
        batch.first,
        batch.runs,
        tally.runs,
        tally.kinds.total(),
        batch.seconds,
        batch.worker,
        batch.ended,
    )


def _decoded(batch: _Done) -> Tally:
    try:
        return decode_tally(batch.tally)
    except msgspec.DecodeError as error:
        raise LedgerBroken(
            f"the batch of seed {batch.first} has a broken tally: {error}"
        ) from error


def _causes(connection: Connection, name: str) -> list[Cause]:
    fields = [CAUSES.c[each] for each in Cause._fields]
    rows = connection.execute(
        sql.select(*fields)
        .where(CAUSES.c.campaign == name)
        .order_by(CAUSES.c.seen.desc(), CAUSES.c.cause)
    )
    return _typed(rows, Cause)
