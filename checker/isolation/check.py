"""Checking the isolation of transactions: infer, look for cycles, name the levels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from checker.history import History, HistoryError, Operation
from checker.isolation.anomalies import Anomaly, Collector, Step
from checker.isolation.cycles import Cycle, data_components, find_cycles, on_cycles
from checker.isolation.graph import NAMES
from checker.isolation.levels import LEVELS, forbids, require_level, strongest, violated, weakest
from checker.isolation.list_append import ListAppend
from checker.isolation.order import add_process_order, add_real_time
from checker.isolation.register import Register
from checker.isolation.transactions import LIST_APPEND, TransactionError, Transactions, parse
from checker.isolation.workload import COMMITTED, Inference
from checker.verdict import VALID, Failure, Verdict, invalid, unknown

Workload = Literal["list-append", "rw-register"]


@dataclass(frozen=True, slots=True)
class IsolationResult:
    """A verdict on one level, with all anomalies found, whatever level they violate.

    ``counts`` says how many of each kind were found; ``anomalies`` are the first of each kind, and
    for cycles the shortest ones. ``weakest_violated``: levels violated that imply no other violated
    one. ``strongest_possible``: levels not violated that no other such level implies; nothing
    proves that they hold. ``committed`` transactions, ``dependencies`` between them.
    """

    verdict: Verdict
    workload: str
    level: str
    anomalies: tuple[Anomaly, ...]
    counts: dict[str, int]
    weakest_violated: tuple[str, ...]
    strongest_possible: tuple[str, ...]
    committed: int
    dependencies: int
    operations: tuple[Operation, ...] = field(repr=False)


def check(
    history: History | Iterable[Operation],
    workload: Workload = "list-append",
    *,
    level: str = "strict-serializable",
    sequential_keys: bool = False,
    linearizable_keys: bool = False,
    limit: int = 8,
) -> IsolationResult:
    """Whether the transactions kept to this level of isolation, as far as their reads tell.

    Invalid if and only if an anomaly was found that the level forbids; unknown if nothing could be
    inferred, or a key had to be left out. ``sequential_keys`` and ``linearizable_keys`` are
    promises of the system about single registers (see register); list-append needs none. At most
    ``limit`` anomalies of a kind are described.

    Raises HistoryError, with file and line, for a history that contradicts itself or an operation
    that the workload does not know; UnknownLevelError; ValueError for an unknown workload.
    """
    require_level(level)
    operations = history.operations() if isinstance(history, History) else tuple(history)
    try:
        transactions = parse(operations, workload)
    except TransactionError as error:
        event = error.operation.invocation
        if isinstance(history, History):
            raise history.error_at_index(error.reason, event) from None
        raise HistoryError(f"operation of event {event}: {error.reason}") from None
    collector = Collector(limit)
    inference: Inference
    if workload == LIST_APPEND:
        inference = ListAppend(transactions, collector)
    else:
        inference = Register(
            transactions,
            collector,
            sequential_keys=sequential_keys,
            linearizable_keys=linearizable_keys,
        )
    dependencies = sum(map(len, inference.graph.out[: len(transactions.all)]))
    _add_cycles(inference, operations, collector)
    anomalies = tuple(each for group in _in_order(collector) for each in group)
    levels = violated(collector.counts)
    committed = sum(each.outcome == "ok" for each in transactions.all)
    return IsolationResult(
        verdict=_verdict(history, anomalies, level, inference, committed, dependencies),
        workload=workload,
        level=level,
        anomalies=anomalies,
        counts={kind: collector.counts[kind] for kind in sorted(collector.counts, key=_severity)},
        weakest_violated=weakest(levels),
        strongest_possible=strongest(each for each in LEVELS if each not in levels),
        committed=committed,
        dependencies=dependencies,
        operations=operations,
    )


def _severity(kind: str) -> tuple[int, str]:
    """Anomalies that violate weaker levels come first."""
    return next(at for at, level in enumerate(LEVELS) if forbids(level, kind)), kind


def _in_order(collector: Collector) -> list[list[Anomaly]]:
    return [collector.found[kind] for kind in sorted(collector.found, key=_severity)]


def _verdict(
    history: History | Iterable[Operation],
    anomalies: tuple[Anomaly, ...],
    level: str,
    inference: Inference,
    committed: int,
    dependencies: int,
) -> Verdict:
    guilty = [anomaly for anomaly in anomalies if forbids(level, anomaly.kind)]
    if guilty:
        times = {}
        if isinstance(history, History):
            times = {event.index: event.time for event in history.events}
        all_ = inference.transactions.all
        return invalid(
            *(
                Failure(
                    kind=each.kind,
                    message=each.message,
                    time=times.get(all_[each.transactions[-1]].event or 0),
                    evidence={
                        "transactions": [all_[at].event for at in each.transactions],
                        "key": each.key,
                        "steps": [step.why for step in each.steps],
                    },
                )
                for each in guilty
            )
        )
    reasons = list(inference.reasons)
    if not committed:
        reasons.append("no transaction committed, so there is nothing to check")
    elif not dependencies:
        reasons.append("no read tells of any write, so nothing could be inferred")
    return unknown(*reasons) if reasons else VALID


def _add_cycles(
    inference: Inference, operations: tuple[Operation, ...], collector: Collector
) -> None:
    """Add the anomalies that are cycles, and those that only transactions on cycles can have."""
    graph, all_ = inference.graph, inference.transactions.all
    nodes = [at for at, status in enumerate(inference.status) if status == COMMITTED]
    add_real_time(graph, nodes, all_)
    left = on_cycles(graph)
    if not left:
        return
    part = graph.part(left)
    mine = [all_[at] for at in left[: part.transactions]]
    add_process_order(part, range(part.transactions), mine)
    part.strongest_first()
    for members in data_components(part):
        inference.suspect([left[at] for at in members])
    for cycle in find_cycles(part, lambda one, other: mine[one].process == mine[other].process):
        if collector.wants(cycle.kind):
            steps = tuple((left[one], left[other], kind) for one, other, kind in cycle.steps)
            collector.add(_cycle(inference, operations, Cycle(cycle.kind, steps)))


def _cycle(inference: Inference, operations: tuple[Operation, ...], cycle: Cycle) -> Anomaly:
    """A cycle with the reason of each of its steps."""
    numbers = {source: number for number, (source, _, _) in enumerate(cycle.steps, 1)}

    def name(at: int) -> str:
        return f"T{numbers[at]}"

    transactions = inference.transactions
    steps = []
    for source, target, kind in cycle.steps:
        word = NAMES[kind]
        if word in ("process", "realtime"):
            steps.append(
                _order_step(
                    transactions, operations, source, target, word, name(source), name(target)
                )
            )
        else:
            steps.append(inference.explain(source, target, word, name))
    return Anomaly(
        kind=cycle.kind,
        workload=transactions.workload,
        message="; ".join(step.why for step in steps),
        transactions=tuple(step.source for step in steps),
        steps=tuple(steps),
    )


def _order_step(
    transactions: Transactions,
    operations: tuple[Operation, ...],
    source: int,
    target: int,
    kind: str,
    one: str,
    other: str,
) -> Step:
    first, second = transactions.all[source], transactions.all[target]
    ended = operations[first.position].completion
    events = f"(event {ended}) before {other} began (event {second.event})"
    if kind == "process":
        why = f"process {first.process} ended {one} {events}"
    else:
        why = f"{one} had ended {events}"
    return Step(first.position, second.position, kind, why, kind)
