"""The paper's Figure 8, as a schedule of macro-steps: the same logs, and n1 to n5 for S1 to S5."""

from __future__ import annotations

from pathlib import Path

from checker.report.data import Report
from nemesis.macro.scenario import parse_schedule
from nemesis.replay import judge_history
from nemesis.report import report_of
from nemesis.run import run
from nemesis.store import save
from raft.bugs import BUGS

SCHEDULE = """
    with replicas=5 max_entries_per_append=1

    # Before: an entry of term 1 on all servers.
    elect n1 [n2 n3]
    replicate n1 [n2 n3 n4 n5]
    crash n1
    restart n1

    # (a) S1 is leader of term 2, and its entry reaches S2.
    elect n1 [n2 n5]
    replicate n1 [n2]

    # (b) S1 crashes; S5 is elected for term 3 by S3, S4 and itself, and has another entry 2.
    crash n1
    elect n5 [n3 n4]

    # (c) S5 crashes; S1 restarts, is elected for term 4, and brings its entry 2 to S3: to a majority.
    crash n5
    restart n1
    elect n1 [n3]
    elect n1 [n2 n3]
    replicate n1 [n3?]
    deliver n3 n1 append-reply newest
    deliver n1 n3 append newest

    # (d) S1 crashes; S5 is elected by S2, S3 and S4, and overwrites entry 2 with its own.
    crash n1
    restart n5
    elect n5 [n2]
    elect n5 [n2 n3 n4]
    replicate n5 [n2 n3 n4]
"""

# The logs, as terms of entries, from S1 to S5: as the paper has them, but for the entry with which
# a leader begins its term in (d).
LOGS = {
    "(a)": ("1 2", "1 2", "1", "1", "1"),
    "(b)": ("1 2", "1 2", "1", "1", "1 3"),
    "(c)": ("1 2 4", "1 2", "1 2", "1", "1 3"),
    "(d)": ("1 2 4", "1 3", "1 3", "1 3", "1 3 5"),
}
LEADERS = {"(a)": "n1", "(b)": "n5", "(c)": "n1", "(d)": "n5"}
DOWN = {"(a)": set(), "(b)": {"n1"}, "(c)": {"n5"}, "(d)": {"n1"}}


def figure8(folder: Path) -> Report:
    """Figure 8 on the Raft that commits entries of older terms by counting them, made in a folder:
    it is convicted in (d), where S5 commits its entry of term 3."""
    result = run(parse_schedule(SCHEDULE), BUGS["commit-of-old-term"].variant)
    directory = folder / "figure-8"
    save(directory, result, judge_history(result.history, result.model))
    return report_of(directory)
