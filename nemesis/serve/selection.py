"""Which runs of the catalogue are shown, in which order, and how many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from nemesis.serve.catalogue import BROKEN, UNFINISHED, Row
from nemesis.serve.errors import BadQuery

PAGE = 100
VERDICTS = ("valid", "invalid", "unknown", UNFINISHED, BROKEN)
# Worst first.
_RANK = {verdict: at for at, verdict in enumerate((BROKEN, "invalid", "unknown", UNFINISHED))}
COLUMNS: Mapping[str, Callable[[Row], Any]] = {
    "name": lambda row: row.path,
    "time": lambda row: row.time,
    "verdict": lambda row: _RANK.get(row.verdict, len(_RANK)),
    "kind": lambda row: row.kinds,
    "subject": lambda row: row.subject,
    "operations": lambda row: row.operations,
    "duration": lambda row: row.duration,
}
# Columns whose greatest values people want to see first.
_DESCENDING = frozenset(("time", "operations", "duration"))


class Selection(NamedTuple):
    """What a visitor wants to see. Every word of ``text`` must occur somewhere in a row."""

    text: str = ""
    verdict: str = ""
    kind: str = ""
    subject: str = ""
    sort: str = "time"
    is_descending: bool = True
    page: int = 1

    def query(self, **changes: object) -> dict[str, str]:
        """The query of an address that selects this, with these changes."""
        changed = self._replace(**changes)  # type: ignore[arg-type]
        order = "down" if changed.is_descending else "up"
        every = {
            "text": changed.text,
            "verdict": changed.verdict,
            "kind": changed.kind,
            "subject": changed.subject,
            "sort": changed.sort,
            "order": order,
            "page": str(changed.page),
        }
        return {name: value for name, value in every.items() if value}

    def by(self, column: str) -> dict[str, str]:
        """The query that sorts by this column: the other way round if it does already."""
        if column == self.sort:
            return self.query(is_descending=not self.is_descending, page=1)
        return self.query(sort=column, is_descending=column in _DESCENDING, page=1)


class Selected(NamedTuple):
    """What is shown of the rows: one page of those that were wanted, and what else there is."""

    rows: list[Row]
    wanted: int
    of: int
    page: int
    pages: int
    # What may be chosen from: kinds of failures, subjects.
    kinds: list[str]
    subjects: list[str]


def parse_selection(query: Mapping[str, str]) -> Selection:
    """Raises BadQuery."""
    sort = query.get("sort") or "time"
    if sort not in COLUMNS:
        raise BadQuery(f"sort={sort}: runs are sorted by {', '.join(COLUMNS)}")
    verdict = query.get("verdict", "")
    if verdict and verdict not in VERDICTS:
        raise BadQuery(f"verdict={verdict}: it is one of {', '.join(VERDICTS)}")
    order = query.get("order") or ("down" if sort in _DESCENDING else "up")
    if order not in ("up", "down"):
        raise BadQuery(f"order={order}: it is up or down")
    page = query.get("page") or "1"
    if not (page.isascii() and page.isdecimal() and len(page) < 10 and int(page)):
        raise BadQuery(f"page={page}: it is a number, from 1 on")
    return Selection(
        text=query.get("text", "").strip(),
        verdict=verdict,
        kind=query.get("kind", ""),
        subject=query.get("subject", ""),
        sort=sort,
        is_descending=order == "down",
        page=int(page),
    )


def select(rows: Sequence[Row], wanted: Selection) -> Selected:
    """The page of rows that is wanted; the last one, if there are fewer."""
    words = wanted.text.lower().split()
    found = [row for row in rows if _fits(row, wanted, words)]
    found.sort(key=lambda row: row.path)
    found.sort(key=COLUMNS[wanted.sort], reverse=wanted.is_descending)
    pages = max(1, -(-len(found) // PAGE))
    page = min(wanted.page, pages)
    return Selected(
        found[(page - 1) * PAGE : page * PAGE],
        len(found),
        len(rows),
        page,
        pages,
        sorted({kind for row in rows for kind in row.kinds}),
        sorted({row.subject for row in rows if row.subject}),
    )


def _fits(row: Row, wanted: Selection, words: list[str]) -> bool:
    if wanted.verdict and row.verdict != wanted.verdict:
        return False
    if wanted.kind and wanted.kind not in row.kinds:
        return False
    if wanted.subject and row.subject != wanted.subject:
        return False
    if not words:
        return True
    parts = (row.path, row.verdict, row.words, row.subject, row.model, *row.kinds, *row.faults)
    text = " ".join(parts).lower()
    return all(word in text for word in words)
