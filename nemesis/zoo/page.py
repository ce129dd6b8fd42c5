"""docs/zoo.md: how soon each bug is found, as a page. Made by ``splitbrain zoo run --page``."""

from __future__ import annotations

import statistics

from nemesis.zoo.record import SOON, Record, Row
from raft.bugs import BUGS

_HEADER = """# The zoo

{count} bugs that somebody's Raft really had, each a subclass of ours with one decision overridden
(`raft/bugs`). `splitbrain zoo list` names them, `splitbrain zoo show NAME` tells of one,
[bugs/](bugs/README.md) explains each by its shrunk run.

This page is made by the program; do not edit it:

<!-- test: with "docs/zoo.md" as "zoo.md vote-twice --seeds 1" -->
```bash
splitbrain zoo run --page docs/zoo.md{arguments}
```

A bug counts as found only if it is convicted by its own kind of failure. Executions are runs of
either vocabulary, macro-steps or operations and faults over time; s are of one core.

"""


def zoo_page(record: Record) -> str:
    """The page, as Markdown."""
    arguments = "" if record.strategy == "ensemble" else f" --strategy {record.strategy}"
    lines = [_HEADER.format(count=len(BUGS), arguments=arguments)]
    lines.append(summary(record) + "\n\n")
    lines.append(
        "| bug | found | executions, median | worst | s, median | worst | convicted by | steps, "
        "median | worst | shrunk in s |\n|---|---|---|---|---|---|---|---|---|---|\n"
    )
    lines += [_line(row) for row in record.rows]
    lines.append("\n## The hard tier\n\n")
    lines.append(
        f"Not found in every hunt, within {record.budget:,} executions: "
        f"{', '.join(record.missed)}.\n"
        if record.missed
        else f"Empty: every hunt found its bug within {record.budget:,} executions.\n"
    )
    return "".join(lines)


def summary(record: Record) -> str:
    """The round in a sentence or two."""
    rows = record.rows
    hunts = sum(row.hunts for row in rows)
    found = sum(row.found for row in rows)
    steps = [row.steps for row in rows if row.steps is not None]
    worst = max((row.steps_worst or 0 for row in rows), default=0)
    shrinks = [row.shrink_seconds for row in rows if row.shrink_seconds is not None]
    shrunk = (
        f" Shrunk to {statistics.median(steps):g} steps in the median, {worst} at most, in "
        f"{statistics.median(shrinks):.1f} s in the median."
        if steps
        else ""
    )
    return (
        f"{found} of {hunts} hunts found their bug within {record.budget:,} executions; "
        f"{record.soon} of {len(rows)} bugs within {SOON:,} in the median. The round took "
        f"{record.seconds / 60:.1f} minutes with {record.jobs} processes.{shrunk}"
    )


def _line(row: Row) -> str:
    worst = "missed" if row.executions_worst is None else f"{row.executions_worst:,}"
    cells = [
        f"[{row.bug}](bugs/{row.bug}.md)",
        f"{row.found} of {row.hunts}",
        number(row.executions),
        worst,
        f"{row.seconds:.2f}",
        f"{row.seconds_worst:.2f}",
        ", ".join(sorted(row.convicted_by)),
        number(row.steps),
        number(row.steps_worst),
        "" if row.shrink_seconds is None else f"{row.shrink_seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def number(value: float | None) -> str:
    """A count, with separators; empty for none."""
    return "" if value is None else f"{value:,g}" if value < 1e6 else f"{value:,.0f}"
