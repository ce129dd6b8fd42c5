"""A result for people, in lines, and for programs, as JSON values."""

from __future__ import annotations

from typing import Any, Final

from checker.history import Operation
from checker.isolation.anomalies import Anomaly, meaning
from checker.isolation.check import IsolationResult
from checker.isolation.levels import forbids

LINES: Final = 40
"""The most lines that ``as_lines`` gives."""

_WIDTH: Final = 160


def as_lines(result: IsolationResult) -> list[str]:
    """The verdict, the levels, and the worst anomalies, in at most 40 lines."""
    lines = [
        f"{result.level}: {result.verdict.validity}",
        f"{result.committed} committed transactions, {result.dependencies} dependencies "
        f"({result.workload})",
    ]
    lines += [f"unknown: {_cut(reason)}" for reason in result.verdict.reasons[:5]]
    if result.counts:
        found = ", ".join(f"{kind} ({count})" for kind, count in result.counts.items())
        lines.append(_cut(f"found: {found}"))
        lines.append(f"weakest level violated: {', '.join(result.weakest_violated)}")
    possible = ", ".join(result.strongest_possible) or "none"
    lines.append(f"strongest level that may hold: {possible}")
    chosen = _one_of_each_kind(result)
    for at, anomaly in enumerate(chosen):
        described = ["", *_describe(anomaly, result.operations)]
        if len(lines) + len(described) > LINES - 1:
            lines.append(f"(and {len(chosen) - at} more kinds of anomalies)")
            break
        lines += described
    return lines[:LINES]


def _one_of_each_kind(result: IsolationResult) -> list[Anomaly]:
    """The first anomaly of each kind, those that violate the level first."""
    first = {anomaly.kind: anomaly for anomaly in reversed(result.anomalies)}
    order = dict.fromkeys(anomaly.kind for anomaly in result.anomalies)
    return [first[kind] for kind in sorted(order, key=lambda kind: not forbids(result.level, kind))]


def _describe(anomaly: Anomaly, operations: tuple[Operation, ...]) -> list[str]:
    lines = [_cut(f"{anomaly.kind}: {meaning(anomaly.kind)}")]
    for number, at in enumerate(anomaly.transactions[:8], 1):
        operation = operations[at]
        lines.append(_cut(f"  T{number} = event {operation.invocation}, {_worded(operation)}"))
    if anomaly.steps:
        lines += [_cut(f"  - {step.kind}: {step.why}") for step in anomaly.steps[:8]]
        if len(anomaly.steps) > 8:
            lines.append(f"  - and {len(anomaly.steps) - 8} more steps back to T1")
    else:
        lines.append(_cut(f"  - {anomaly.message}"))
    return lines


def _worded(operation: Operation) -> str:
    """The transaction in words: its small operations, with the answers of its reads."""
    if operation.f != "txn":
        return str(operation)
    told = operation.outcome == "ok"
    words = []
    for f, key, value in operation.result if told else operation.argument:
        if f != "r":
            words.append(f"{f} {key!r} {value!r}")
        elif told:
            words.append(f"r {key!r} -> {'nil' if value is None else repr(value)}")
        else:
            words.append(f"r {key!r}")
    text = f"process {operation.process}: {', '.join(words)}"
    return text if told else f"{text} -> {operation.outcome}"


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."


def as_json(result: IsolationResult) -> dict[str, Any]:
    """The result as JSON values; transactions are given by the index of their invocation."""
    operations = result.operations
    return {
        "verdict": result.verdict.validity.value,
        "level": result.level,
        "workload": result.workload,
        "reasons": list(result.verdict.reasons),
        "committed": result.committed,
        "dependencies": result.dependencies,
        "found": dict(result.counts),
        "weakest_violated": list(result.weakest_violated),
        "strongest_possible": list(result.strongest_possible),
        "anomalies": [
            {
                "kind": anomaly.kind,
                "meaning": meaning(anomaly.kind),
                "violates_level": forbids(result.level, anomaly.kind),
                "message": anomaly.message,
                "key": anomaly.key,
                "transactions": [_transaction(operations[at]) for at in anomaly.transactions],
                "steps": [
                    {
                        "source": operations[step.source].invocation,
                        "target": operations[step.target].invocation,
                        "kind": step.kind,
                        "rule": step.rule,
                        "key": step.key,
                        "before": step.before,
                        "after": step.after,
                        "witness": [operations[at].invocation for at in step.witness],
                        "why": step.why,
                    }
                    for step in anomaly.steps
                ],
                "facts": anomaly.facts,
            }
            for anomaly in result.anomalies
        ],
    }


def _transaction(operation: Operation) -> dict[str, Any]:
    told = operation.outcome == "ok"
    return {
        "event": operation.invocation,
        "process": operation.process,
        "f": operation.f,
        "key": operation.key,
        "outcome": operation.outcome,
        "value": operation.result if told else operation.argument,
    }
