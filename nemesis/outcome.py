"""What came of running a schedule: history, trace, verdict, and what really happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from checker import lincheck
from checker.accounting import Account
from checker.history import Event, History, HistoryError
from checker.lincheck import Budget, check
from checker.models import get_model
from checker.trace import TraceEvent, encode_trace
from checker.verdict import Failure, Validity, Verdict, merge, unknown
from nemesis.faults import FAULTS
from nemesis.schedule import Schedule
from nemesis.workloads import Workload

# Configurations that lincheck may hold before it answers unknown: never seen to be reached by a
# schedule of the usual size, and no clock is asked, so the verdict is the same on every machine.
CONFIGURATIONS = 2_000_000


@dataclass(frozen=True, slots=True)
class Statistics:
    """What really happened in a run."""

    # Client operations by kind: invoked, and succeeded.
    invoked: dict[str, int]
    succeeded: dict[str, int]
    # Faults by kind: injected, and seen to do something (messages dropped, bytes lost ...).
    injected: dict[str, int]
    effects: dict[str, int]
    elections: int
    # Trace events judged, events of the simulation, ns of simulated time.
    judged: int
    simulated_events: int
    duration: int
    lincheck_configurations: int = 0
    # What else happened, by name: configurations committed, snapshots taken and installed,
    # transfers, reads by lease, sessions that expired.
    milestones: dict[str, int] = field(default_factory=dict)
    # What became of that which the workload is about, by name (checker.accounting).
    account: dict[str, int] = field(default_factory=dict)

    @property
    def leader_changes(self) -> int:
        """Elections after the first."""
        return max(0, self.elections - 1)

    @property
    def confirmed(self) -> list[str]:
        """Kinds of faults that were injected and seen to do something."""
        return sorted(kind for kind in self.injected if self.effects.get(effect_of(kind)))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the servers' logs tell of the operations that the history leaves open: how many have
    happened, never did, or stay open; and what lincheck says of the history with that. ``lost`` are
    operations that were acknowledged, and are in no log. ``reason`` is why the logs tell nothing,
    where they cannot be relied on."""

    happened: int
    never: int
    open: int
    validity: Validity
    lost: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A schedule, what it led to, and the verdict."""

    schedule: Schedule
    variant: str
    verdict: Verdict
    history: list[Event]
    trace: list[TraceEvent]
    members: tuple[str, ...]
    statistics: Statistics
    model: str = field(default="kv")

    def trace_bytes(self) -> bytes:
        """The trace as it is saved; equal for equal runs."""
        return encode_trace(self.members, self.trace)


def effect_of(kind: str) -> str:
    """What is seen in a cluster's effects if a fault, or a macro-step, of this kind has one."""
    return FAULTS[kind].effect or "" if kind in FAULTS else kind


def vacuity(statistics: Statistics) -> Verdict:
    """A run in which nothing was attacked, or nothing succeeded, proves nothing."""
    reasons = []
    if not statistics.invoked:
        reasons.append("no client operation was performed")
    for kind in statistics.invoked:
        if not statistics.succeeded.get(kind):
            reasons.append(f"no {kind} ever succeeded")
    if not statistics.confirmed:
        reasons.append("nothing was attacked: no fault was seen to have an effect")
    return unknown(*reasons) if reasons else merge([])


def account_of(history: Sequence[Event], workload: Workload) -> Account:
    """What the workload says of a history, beside its model. Where an answer makes no sense, which
    the model refuses, nothing can be counted."""
    try:
        return workload.account(History(history))
    except HistoryError as error:
        return Account({}, unknown(f"nothing can be counted: {error}"))


def check_with_evidence(history: Sequence[Event], model: str) -> lincheck.Verdict:
    """As check_history; evidence is made where it is needed."""
    verdict = check_history(history, model)
    if verdict.validity is Validity.INVALID:
        verdict = check_history(history, model, certificate=True)
    return verdict


def check_history(
    history: History | Sequence[Event],
    model: str,
    *,
    certificate: bool = False,
    budget: Budget | None = None,
) -> lincheck.Verdict:
    """What lincheck says of a history alone, within ``budget``, or else that of a simulated run.

    What was asked for is what a workload asks, so a history that the model refuses holds an answer
    that makes no sense: no order of the operations explains that one.
    """
    if budget is None:
        budget = Budget(seconds=None, configurations=CONFIGURATIONS)
    try:
        return check(history, get_model(model), budget=budget, certificate=certificate)
    except HistoryError as error:
        failure = Failure(lincheck.KIND, f"an answer makes no sense: {error}")
        return lincheck.Verdict(Validity.INVALID, (failure,))
