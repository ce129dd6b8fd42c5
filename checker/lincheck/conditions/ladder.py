"""Which conditions a history keeps, and which is the strongest.

    linearizable ---> sequential ---> four session guarantees together ---> any of them
         |
         |----------> stale by at most delta ns     (the least delta is told; 0 is linearizable)
         '----------> one of the latest k versions  (the least k is told; 1 is linearizable)

What a condition implies is not judged again: a linearizable history keeps all of them, and one that
breaks a session guarantee is neither sequential nor linearizable. (A sequential history has an
order; let it be the arbitration, and let each read see what stands before it.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from checker.history import Event, History, Operation
from checker.lincheck.budget import Budget
from checker.lincheck.conditions.accesses import accesses_of
from checker.lincheck.conditions.finding import Finding, Judge, judge_by_frontier, portion
from checker.lincheck.conditions.orders import GUARANTEES
from checker.lincheck.conditions.sequential import SEQUENTIAL, sequential
from checker.lincheck.conditions.sessions import condition_name, judge_accesses
from checker.lincheck.conditions.staleness import Bound, least_delta, least_versions, times_of
from checker.lincheck.engine import NotApplicable
from checker.lincheck.parts import OperationError
from checker.models.model import Model
from checker.verdict import Validity

LINEARIZABLE = "linearizable"


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is known of each condition.

    ``findings``: linearizability, sequential consistency, all session guarantees together, each of
    them, and the greatest sets of them that hold. ``staleness`` in ns and ``versions`` are the
    least bounds. ``strongest``: the names of the conditions that hold and are implied by no other
    that does; the bounds are not among them. ``open``: conditions that are stronger than, or beside
    these, of which nothing is known.
    """

    findings: tuple[Finding, ...]
    staleness: Bound
    versions: Bound
    strongest: tuple[str, ...]
    open: tuple[str, ...]

    def __getitem__(self, condition: str) -> Finding:
        for finding in self.findings:
            if finding.condition == condition:
                return finding
        raise KeyError(condition)

    def evidence(self) -> dict[str, Any]:
        """All of it, made of JSON types."""
        return {
            "strongest": list(self.strongest),
            "open": list(self.open),
            "conditions": [
                {
                    "condition": each.condition,
                    "validity": each.validity.value,
                    "reason": each.reason,
                    "operations": [
                        {"invocation": operation.invocation, "operation": str(operation)}
                        for operation in each.operations
                    ],
                }
                for each in self.findings
            ],
            "staleness_ns": _evidence_of(self.staleness),
            "versions": _evidence_of(self.versions),
        }


def strongest(
    history: History | Iterable[Event],
    model: Model,
    budget: Budget | None = None,
    judge: Judge = judge_by_frontier,
) -> Ladder:
    """Judge a history by each condition.

    The budget is shared by all of them. ``judge`` decides linearizability. Raises HistoryError,
    with file and line, for a history that contradicts itself or an operation that the model does
    not know.
    """
    if not isinstance(history, History):
        history = History(history)
    operations = history.operations()
    share = portion(budget, 5)
    try:
        findings = _findings(operations, model, share, judge)
        if findings[0].validity is Validity.VALID:
            return Ladder(tuple(findings), Bound(0, None), Bound(1, 0), (LINEARIZABLE,), ())
        staleness = least_delta(operations, model, times_of(history), share, judge)
        versions = least_versions(operations, model, share, judge)
    except OperationError as error:
        raise history.error_at_index(error.reason, error.operation.invocation) from None
    return Ladder(tuple(findings), staleness, versions, *_summary(findings))


def _evidence_of(bound: Bound) -> dict[str, Any]:
    return {"least": bound.least, "above": bound.above, "reason": bound.reason}


def _findings(
    operations: Sequence[Operation], model: Model, share: Budget, judge: Judge
) -> list[Finding]:
    """Linearizability first, then sequential consistency, then session guarantees."""
    linearizable = judge(operations, model, share)
    if linearizable is Validity.VALID:
        names = [LINEARIZABLE, SEQUENTIAL, condition_name(frozenset(GUARANTEES)), *GUARANTEES]
        implied = "it is linearizable"
        return [
            Finding(name, Validity.VALID, implied if name != LINEARIZABLE else "") for name in names
        ]
    first = Finding(
        LINEARIZABLE,
        linearizable,
        "no order explains the answers in real time"
        if linearizable is Validity.INVALID
        else "the budget is exhausted",
    )
    guarantees = _guarantees(operations, model, share)
    broken = [each for each in guarantees if each.validity is Validity.INVALID]
    if broken:
        # The set of all comes first, and is broken if any is.
        second = Finding(
            SEQUENTIAL, Validity.INVALID, f"for {broken[0].reason}", broken[0].operations
        )
        if first.validity is Validity.UNKNOWN:
            first = Finding(LINEARIZABLE, Validity.INVALID, second.reason, second.operations)
        return [first, second, *guarantees]
    second = sequential(operations, model, share)
    if second.validity is Validity.VALID:
        guarantees = [
            each
            if each.validity is Validity.VALID
            else Finding(each.condition, Validity.VALID, "it is sequential")
            for each in guarantees
        ]
    elif second.validity is Validity.INVALID and first.validity is Validity.UNKNOWN:
        first = Finding(LINEARIZABLE, Validity.INVALID, second.reason, second.operations)
    return [first, second, *guarantees]


def _guarantees(operations: Sequence[Operation], model: Model, share: Budget) -> list[Finding]:
    """All together, each alone, and between them the greatest sets that hold or may hold."""
    everything = frozenset(GUARANTEES)
    try:
        accesses = accesses_of(operations, model)
    except NotApplicable as error:
        return [
            Finding(condition_name(guarantees), Validity.UNKNOWN, str(error))
            for guarantees in (everything, *map(_only, GUARANTEES))
        ]
    one = portion(share, 2 ** len(GUARANTEES) - 1)
    found: dict[frozenset[str], Finding] = {}
    for size in range(len(GUARANTEES), 0, -1):
        for chosen in combinations(GUARANTEES, size):
            guarantees = frozenset(chosen)
            above = [
                finding
                for more, finding in found.items()
                if more > guarantees and finding.validity is Validity.VALID
            ]
            if above:
                if size == 1:
                    reason = f"{above[0].condition} hold together"
                    name = condition_name(guarantees)
                    found[guarantees] = Finding(name, Validity.VALID, reason)
                continue
            found[guarantees] = judge_accesses(accesses, guarantees, one)
    return [
        finding
        for guarantees, finding in found.items()
        if finding.validity is not Validity.INVALID or len(guarantees) in (1, len(GUARANTEES))
    ]


def _only(guarantee: str) -> frozenset[str]:
    return frozenset([guarantee])


def _implies(condition: str, other: str) -> bool:
    """Whether a history that keeps the one keeps the other, which is another."""
    if condition == other or other == LINEARIZABLE:
        return False
    if condition == LINEARIZABLE:
        return True
    if other == SEQUENTIAL:
        return False
    return condition == SEQUENTIAL or set(other.split(" + ")) < set(condition.split(" + "))


def _summary(findings: Sequence[Finding]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The strongest conditions that hold, and those beyond them of which nothing is known."""
    hold = [each.condition for each in findings if each.validity is Validity.VALID]
    strongest_ = [name for name in hold if not any(_implies(other, name) for other in hold)]
    unknown = [each.condition for each in findings if each.validity is Validity.UNKNOWN]
    open_ = [name for name in unknown if not any(_implies(other, name) for other in hold)]
    return tuple(strongest_), tuple(open_)
