"""The tables of a ledger (nemesis.campaigns.ledger), in SQLite or PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sql
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from nemesis.campaigns.errors import LedgerBroken

PLANNED, DONE = "planned", "done"
"""What a batch is."""

# The advisory lock of who creates the tables; any number that nobody else uses.
_CREATION = 0x73706C6974627261

_metadata = sql.MetaData()
CAMPAIGNS = sql.Table(
    "campaigns",
    _metadata,
    sql.Column("name", sql.String, primary_key=True),
    sql.Column("settings", sql.String, nullable=False),
    sql.Column("next_seed", sql.BigInteger, nullable=False),
    sql.Column("begun", sql.String, nullable=False),
)
BATCHES = sql.Table(
    "batches",
    _metadata,
    sql.Column("campaign", sql.String, primary_key=True),
    sql.Column("first", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("runs", sql.Integer, nullable=False),
    sql.Column("state", sql.String, nullable=False, index=True),
    sql.Column("tally", sql.String),
    sql.Column("seconds", sql.Float),
    sql.Column("worker", sql.String),
    # When it was recorded, in s since 1970; unknown of batches of earlier versions.
    sql.Column("ended", sql.Float),
    # The entries of the corpus that it was handed, a list of their numbers as JSON.
    sql.Column("entries", sql.String),
)
FAILURES = sql.Table(
    "failures",
    _metadata,
    sql.Column("campaign", sql.String, primary_key=True),
    sql.Column("seed", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("cause", sql.String, nullable=False),
)
CAUSES = sql.Table(
    "causes",
    _metadata,
    sql.Column("campaign", sql.String, primary_key=True),
    sql.Column("cause", sql.String, primary_key=True),
    sql.Column("kind", sql.String, nullable=False),
    sql.Column("message", sql.String, nullable=False),
    sql.Column("seed", sql.BigInteger, nullable=False),
    sql.Column("steps", sql.Integer, nullable=False),
    sql.Column("directory", sql.String, nullable=False),
    sql.Column("seen", sql.Integer, nullable=False),
)

CORPUS = sql.Table(
    "corpus",
    _metadata,
    sql.Column("campaign", sql.String, primary_key=True),
    sql.Column("number", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("signature", sql.String, nullable=False),
    sql.Column("schedule", sql.String, nullable=False),
    sql.Column("steps", sql.Integer, nullable=False),
    sql.Column("seen", sql.Integer, nullable=False),
    # Not, if a smaller schedule has taken its place.
    sql.Column("is_current", sql.Boolean, nullable=False),
)


def create_tables(connection: Connection) -> None:
    """Unless they are there: also where several processes begin at once. Columns that an earlier
    version did not have are added, so that its campaigns go on. Raises LedgerBroken if some tables
    are gone."""
    # Two that create a table at once, if it does not exist, or add a column, may still collide.
    if connection.dialect.name == "postgresql":
        connection.execute(sql.select(sql.func.pg_advisory_xact_lock(_CREATION)))
    elif connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    # All but the corpus, which earlier versions did not have.
    names = set(_metadata.tables) - {CORPUS.name}
    missing = names - set(sql.inspect(connection).get_table_names())
    if missing and missing != names:
        raise LedgerBroken(
            f"{connection.engine.url}: has no table {', '.join(sorted(missing))}: what it held is "
            "lost, and nobody can account for it; give the campaign another --name or database"
        )
    for table in _metadata.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
        _add_columns(connection, table)


def _add_columns(connection: Connection, table: sql.Table) -> None:
    known = sql.inspect(connection).get_columns(table.name)
    present = {column["name"] for column in known}
    for column in table.columns:
        if column.name not in present:
            what = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {what}")
