"""A report of many operations, made up, for tests and benches of the page."""

from __future__ import annotations

import random

from checker.report.data import (
    Band,
    Figure,
    Linearization,
    Operations,
    Reign,
    Report,
    Skew,
    Span,
    VerdictShown,
)

MS = 1_000_000
FUNCTIONS = ("get", "put", "cas", "append")
KEYS = tuple("abcdefghijklmnop")
ERRORS = ("timed-out", "mismatch", "no-leader")
NODES = ("n1", "n2", "n3", "n4", "n5")


def large(count: int, clients: int = 12, seed: int = 1) -> Report:
    """``count`` operations of ``clients`` clients, in the order in which they began. Every third
    second something is wrong: operations take longer, fail, or are never answered."""
    draw = random.Random(seed)
    free = [draw.randrange(5 * MS) for _ in range(clients)]
    process = list(range(clients))
    rows: list[tuple[int, int, int, int, int, int, str, str, int]] = []
    while len(rows) < count:
        client = min(range(clients), key=free.__getitem__)
        start = free[client]
        is_bad = start // 1_000_000_000 % 3 == 2
        took = int(draw.lognormvariate(1.0, 0.8) * MS * (6 if is_bad else 1))
        kind = draw.choices((0, 1, 2), (80, 8, 12) if is_bad else (97, 0.3, 2.7))[0]
        f, key = draw.randrange(4), draw.randrange(len(KEYS))
        value = "" if f == 0 else str(len(rows))
        result = str(draw.randrange(1000)) if f == 0 and kind == 0 else ""
        error = -1 if kind == 0 else 0 if kind == 1 else draw.randrange(1, 3)
        if kind == 1:
            took = 100 * MS
        rows.append((process[client], f, key, kind, start, start + took, value, result, error))
        free[client] = start + took + draw.randrange(MS)
        if kind == 1:
            process[client] = max(process) + 1
    end = max(row[5] for row in rows)
    order = sorted(range(count), key=lambda at: rows[at][5])
    bands = tuple(
        Band(
            kind=kind,
            words=words,
            start=second * 10**9,
            end=(second + 1) * 10**9,
            nodes=(second % 5,),
        )
        for second, (kind, words) in enumerate(
            [
                ("partition", "n1 n2 are cut off"),
                ("crash", "n2 is down"),
                ("clock", "the clock of n3 runs fast"),
            ]
            * (end // 3_000_000_000 + 1)
        )
        if second % 3 == 2 and second * 10**9 < end
    )
    reigns = tuple(
        Reign(node=at % 5, term=at + 1, start=begin, end=min(end, begin + 2_900_000_000))
        for at, begin in enumerate(range(150 * MS, end, 3_000_000_000))
    )
    columns = list(zip(*rows, strict=True))
    return Report(
        title=f"{count} operations",
        subject="made up",
        end=end,
        nodes=NODES,
        verdict=VerdictShown(
            validity="valid",
            paragraph=(
                Span(text="Every promise was kept, by "),
                Span(text="n1", node=0),
                Span(text=" and the others. The first operation was "),
                Span(text="this one", operation=0),
                Span(text="."),
            ),
        ),
        operations=Operations(
            processes=tuple(map(str, range(max(process) + 1))),
            functions=FUNCTIONS,
            keys=KEYS,
            errors=ERRORS,
            process=list(columns[0]),
            f=list(columns[1]),
            key=list(columns[2]),
            type=list(columns[3]),
            start=list(columns[4]),
            end=list(columns[5]),
            value=list(columns[6]),
            result=list(columns[7]),
            error=list(columns[8]),
        ),
        linearization=Linearization(order=order, time=[rows[at][5] for at in order]),
        bands=bands,
        reigns=reigns,
        skews=tuple(
            Skew(node=node, time=(0, end // 2, end), offset=(0, node * 40 * MS, -node * 5 * MS))
            for node in range(3)
        ),
        figures=(
            Figure(group="effects seen", name="partition", value="12"),
            Figure(group="disk", name="bytes lost", value="4096"),
        ),
    )
