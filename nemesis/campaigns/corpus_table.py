"""The corpus of a campaign in its ledger (nemesis.search.corpus).

An entry that gave way to a smaller schedule stays: a batch that was handed it names it, and must be
able to run again as it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from nemesis.campaigns.errors import LedgerBroken
from nemesis.campaigns.tables import CORPUS
from nemesis.search.corpus import Corpus, Entry


def load_corpus(connection: Connection, name: str) -> Corpus:
    """That of a campaign, as it is now."""
    columns = [CORPUS.c[field] for field in Entry._fields]
    of_this = CORPUS.c.campaign == name
    rows = connection.execute(
        sql.select(*columns).where(of_this, CORPUS.c.is_current).order_by(CORPUS.c.number)
    ).all()
    last = connection.execute(sql.select(sql.func.max(CORPUS.c.number)).where(of_this)).scalar()
    return Corpus([Entry(*row) for row in rows], 0 if last is None else last + 1)


def save_changes(connection: Connection, name: str, changes: Iterable[Entry]) -> None:
    """What has become of the corpus (Corpus.changes)."""
    of_this = CORPUS.c.campaign == name
    for entry in changes:
        same = of_this & (CORPUS.c.number == entry.number)
        if connection.execute(CORPUS.update().where(same).values(seen=entry.seen)).rowcount:
            continue
        before = of_this & (CORPUS.c.signature == entry.signature)
        connection.execute(CORPUS.update().where(before).values(is_current=False))
        connection.execute(
            CORPUS.insert().values(campaign=name, is_current=True, **entry._asdict())
        )


def schedules_of(connection: Connection, name: str, numbers: Sequence[int]) -> tuple[str, ...]:
    """The schedules of these entries, in this order. Raises LedgerBroken if there is none of a
    number."""
    rows = connection.execute(
        sql.select(CORPUS.c.number, CORPUS.c.schedule).where(
            CORPUS.c.campaign == name, CORPUS.c.number.in_(numbers)
        )
    )
    found = {row.number: row.schedule for row in rows}
    missing = [number for number in numbers if number not in found]
    if missing:
        raise LedgerBroken(
            f"the campaign {name} has handed out entries {missing} of its corpus, and does not "
            "have them"
        )
    return tuple(found[number] for number in numbers)
