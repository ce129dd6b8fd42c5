"""Transactions, judged by a level of isolation."""

from __future__ import annotations

from time import monotonic
from typing import Final

from checker.history import History
from checker.isolation import as_json, as_lines
from checker.isolation import check as check_isolation
from checker.isolation.check import Workload
from nemesis.cli.check_report import Report
from nemesis.counted import counted

WORKLOADS: Final[tuple[Workload, ...]] = ("list-append", "rw-register")


def report_isolation(file: str, history: History, level: str, workload: str) -> Report:
    """Judge the transactions of a history."""
    started = monotonic()
    kind = next(each for each in WORKLOADS if each == workload)
    result = check_isolation(history, kind, level=level)
    seconds = monotonic() - started
    operations = len(history.operations())
    verdict = result.verdict
    return Report(
        file,
        verdict.validity,
        facts=f"{level}, {counted(operations, 'operation')}, {seconds:.2f} s",
        lines=tuple(as_lines(result)[1:]),
        data={
            "condition": level,
            "reasons": list(verdict.reasons),
            "failures": [{"kind": each.kind, "message": each.message} for each in verdict.failures],
            "operations": operations,
            "seconds": round(seconds, 6),
            "isolation": as_json(result),
        },
    )
