"""A schedule performed on real processes, in wall-clock time, and what the judges say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field

from checker.history import Event
from checker.invariants import Monitors
from checker.trace import RoleChanged, TraceError, TraceEvent
from checker.verdict import Failure, Validity, Verdict, invalid, merge, unknown
from nemesis.cluster.real.cluster import MILLISECOND, SECOND, RealCluster
from nemesis.cluster.real.disks import what_lacks
from nemesis.cluster.real.judging import judge_history
from nemesis.errors import UnsupportedFault
from nemesis.faults import ENDS, Fault
from nemesis.interrupts import unheard
from nemesis.outcome import (
    Evidence,
    Run,
    Statistics,
    account_of,
    effect_of,
    vacuity,
)
from nemesis.schedule import Operate, Schedule, Step
from nemesis.workloads import WORKLOADS

# How long the cluster has, after all faults have ended, in longest election time-outs, or in
# time-outs of an operation, if that is longer.
LIVENESS_BOUND = 30
# So many last operations can be performed within one bound, also on a slow machine.
_OPERATIONS_OF_A_BOUND = 500
# A longer time between two looks at the clock is one in which we stood still: by Ctrl-Z, or with
# the whole machine. So often that is believed; more often we are just slow, and the wait must end.
_STOOD_STILL = 5 * SECOND
_STOPS = 20
# How often who watches is told.
_WATCHING = 500 * MILLISECOND
# The part of the run that throughput and latency are of.
_RECENTLY = 2 * SECOND


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run goes. Times in ns; ``throughput`` in successful operations a second."""

    time: int
    duration: int
    phase: str
    ok: int
    failed: int
    unknown: int
    throughput: float
    median: int
    ninety_ninth: int
    active: tuple[str, ...]
    leader: str | None
    elections: int


@dataclass(slots=True)
class RealRun:
    """A run, and what lincheck says of its history alone."""

    run: Run
    history_validity: Validity
    # What the servers' logs tell, and the history with it; None where they cannot be read.
    evidence: Evidence | None = None
    resolved: list[Event] = field(default_factory=list)
    # How long operations took that succeeded, in ns, by quantile.
    latencies: dict[str, int] = field(default_factory=dict)


Watch = Callable[[Progress], None]


class RealExecution:
    """A schedule being performed on a cluster that was started."""

    def __init__(
        self,
        schedule: Schedule,
        cluster: RealCluster,
        watch: Watch | None = None,
        *,
        evidence_counts: bool = True,
    ) -> None:
        """``evidence_counts``: whether the run is convicted by what only its history with the
        evidence of the servers' logs shows."""
        self.schedule = schedule
        self.cluster = cluster
        self.workload = WORKLOADS[schedule.knobs.workload]
        self.injected: Counter[str] = Counter()
        self.invoked: Counter[str] = Counter()
        # Kinds of faults that were seen to do something while they lasted.
        self._confirmed: set[str] = set()
        self._watch = watch
        self._evidence_counts = evidence_counts
        self._told = 0
        self._phase = "attack"
        # Faults that last, and how often the effect of each had been seen before.
        self._active: dict[str, int] = {}
        self._duration = sum(step.wait for step in schedule.steps)
        # By when the cluster must have recovered, when that was looked at last, and how many stops
        # of ours are left that prolong it.
        self._end = self._looked = 0
        self._stops = _STOPS
        refuse_unsupported(schedule, cluster.kind, cluster.capabilities)

    def perform(self) -> RealRun:
        """Perform all steps, then see whether the cluster recovers; then judge. The cluster is
        closed. Ctrl-C ends the steps: what was done until then is kept, and judged; pressed again
        it does nothing until then."""
        cluster = self.cluster
        verdicts: list[Verdict] = []
        with ExitStack() as end:
            try:
                try:
                    self._perform_steps()
                    verdicts.append(self._liveness())
                except KeyboardInterrupt:
                    end.enter_context(unheard())
                    self._confirm()
                    cluster.end_faults()
                    seconds = cluster.now() / SECOND
                    verdicts.append(unknown(f"the run was interrupted after {seconds:.1f} s"))
                self._tell_effects()
            finally:
                # What was done is judged, also where Ctrl-C comes first now.
                end.enter_context(unheard())
                ended = cluster.now()
                cluster.close()
        return self._judge(verdicts, ended)

    # -- Steps -----------------------------------------------------------------------------------

    def _perform_steps(self) -> None:
        """Each at its time. Where one takes longer than the time until the next, all that follow
        are late by as much: nothing is done in a hurry that was meant to be done in peace."""
        cluster = self.cluster
        due = cluster.now()
        for step in self.schedule.steps:
            self._perform(step)
            due = max(due + step.wait, cluster.now())
            self._pass_until(due)
            if cluster.failures:
                return

    def _perform(self, step: Step) -> None:
        if isinstance(step, Operate):
            self.invoked[step.f] += 1
            self.cluster.submit(step)
        elif isinstance(step, Fault):
            self._inject(step)

    def _inject(self, fault: Fault) -> None:
        self._confirm()
        before = self.cluster.effects[effect_of(fault.kind)]
        hit, refused = fault.inject(self.cluster)
        history = self.cluster.history
        history.add("nemesis", "info", fault.kind, None, hit, refused)
        if type(fault).effect is None:
            for kind in [kind for kind in self._active if ENDS.get(kind) == fault.kind]:
                del self._active[kind]
                self.cluster.fault_ends(kind)
            self._tell_effects()
        elif refused is None:
            self.injected[fault.kind] += 1
            self._active[fault.kind] = before

    def _confirm(self) -> None:
        """An effect is owed to the faults that last now: two kinds may have the same."""
        self.cluster.observe()
        for kind, before in self._active.items():
            if self.cluster.effects[effect_of(kind)] > before:
                self._confirmed.add(kind)

    def _tell_effects(self) -> None:
        """What the faults were seen to do until now, in the history."""
        seen: dict[str, object] = dict(self.cluster.effects)
        links = self.cluster.hosts.traffic()
        if links:
            seen["links"] = links
        self.cluster.history.add("nemesis", "info", "effects", None, seen)

    def _pass_until(self, time: int) -> None:
        cluster = self.cluster
        while (left := time - cluster.now()) > 0:
            cluster.advance(min(left, _WATCHING))
            self._tell()

    def _tell(self) -> None:
        if self._watch is not None and self.cluster.now() - self._told >= _WATCHING:
            self._told = self.cluster.now()
            self._watch(self.progress())

    def progress(self) -> Progress:
        """How it goes now."""
        cluster = self.cluster
        now = cluster.now()
        latencies = cluster.latencies
        recent = latencies.newest(now - _RECENTLY)
        return Progress(
            time=now,
            duration=self._duration,
            phase=self._phase,
            ok=latencies.count["ok"],
            failed=latencies.count["fail"],
            unknown=latencies.count["info"],
            throughput=len(recent) * SECOND / min(_RECENTLY, max(1, now)),
            median=quantile(recent, 50),
            ninety_ninth=quantile(recent, 99),
            active=tuple(self._active),
            leader=cluster.leader(),
            elections=len(cluster.standing.elections),
        )

    # -- The end ---------------------------------------------------------------------------------

    def _liveness(self) -> Verdict:
        """All faults end; then the cluster must perform last operations within the bound: a write,
        reads of all keys, and whatever has not succeeded before. It has the bound once more for
        every so many of these: to read many keys, or to empty many queues, takes its time."""
        cluster = self.cluster
        self._phase = "recovery"
        self._confirm()
        self._active.clear()
        cluster.end_faults()
        # More was asked for than the cluster can do: what waits for a client says nothing of
        # whether it recovers.
        self.invoked.subtract(cluster.give_up_waiting())
        if cluster.failures:
            return merge([])
        knobs = self.schedule.knobs
        asked = (event.key for event in cluster.history.events if event.type == "invoke")
        keys = list(dict.fromkeys(key for key in asked if key is not None)) or ["k0"]
        bound = LIVENESS_BOUND * max(knobs.election_timeout_max, knobs.operation_timeout)
        groups = self.workload.last_operations((), keys, cluster.history.events)
        bound *= 1 + sum(map(len, groups)) // _OPERATIONS_OF_A_BOUND
        self._looked = cluster.now()
        self._end = self._looked + bound
        missing = self._perform_last(keys)
        while missing is not None and self._left() > 0 and not cluster.failures:
            cluster.move_clients_on()
            self._pass_until(cluster.now() + knobs.heartbeat_interval)
            missing = self._perform_last(keys)
        cluster.refresh()
        if missing is None or cluster.failures:
            return merge([])
        what = (
            f"{bound / SECOND:g} s after all faults had ended, the cluster had not performed a "
            f"last {missing}"
        )
        return invalid(Failure("liveness", what, cluster.now(), evidence={"missing": missing}))

    def _perform_last(self, keys: list[str]) -> str | None:
        """The kind of the first last operation that did not succeed, or None."""
        cluster = self.cluster
        kinds = [f for f in self.invoked if not cluster.succeeded[f]]
        if not self._await_clients():
            return "operation of before"
        for group in self.workload.last_operations(kinds, keys, cluster.history.events):
            wanted = Counter(operate.f for operate in group)
            wanted.update({f: cluster.succeeded[f] for f in wanted})
            for operate in group:
                cluster.submit(operate)
            self._await_clients()
            for f, count in wanted.items():
                if cluster.succeeded[f] < count:
                    return f
        return None

    def _await_clients(self) -> bool:
        cluster = self.cluster
        while (left := self._left()) > 0:
            if cluster.await_clients(cluster.now() + min(left, _WATCHING)):
                return True
            self._tell()
        return False

    def _left(self) -> int:
        """How long the cluster has to recover, in ns. While we stood still nobody asked it."""
        now = self.cluster.now()
        if now - self._looked > _STOOD_STILL and self._stops:
            self._stops -= 1
            self._end += now - self._looked
        self._looked = now
        return self._end - now

    def _judge(self, verdicts: list[Verdict], ended: int) -> RealRun:
        cluster = self.cluster
        try:
            trace: list[TraceEvent] = cluster.collect_trace()
        except TraceError as error:
            trace = []
            verdicts.append(unknown(f"the servers' traces cannot be judged: {error}"))
        monitors = Monitors(cluster.members)
        for event in trace:
            monitors.observe(event)
        failures = [*monitors.failures, *cluster.failures]
        if failures:
            verdicts.append(invalid(*failures))
        events = cluster.history.events
        judged = judge_history(events, self.workload, lambda: cluster.collect_logs(trace))
        account = account_of(events, self.workload)
        verdicts += [judged.history, account.verdict]
        if self._evidence_counts:
            verdicts.append(judged.by_evidence)
        # What was seen by asking now and then may lack some.
        elected = sum(isinstance(event, RoleChanged) and event.role == "leader" for event in trace)
        elections = elected if trace else len(cluster.standing.elections)
        statistics = Statistics(
            invoked=dict(self.invoked),
            succeeded=dict(cluster.succeeded),
            injected=dict(self.injected),
            effects=dict(cluster.effects),
            elections=elections,
            judged=len(trace),
            simulated_events=0,
            duration=ended,
            lincheck_configurations=judged.history.configurations,
            account=account.counts,
        )
        verdict = merge(verdicts)
        if not verdict.failures:
            verdict = merge([verdict, vacuity(statistics), self._without_effect()])
        run = Run(
            self.schedule,
            cluster.variant,
            verdict,
            cluster.history.events,
            trace,
            cluster.members,
            statistics,
            self.workload.model,
        )
        took = sorted(took for _, took in cluster.latencies.all)
        told = {f"p{percent}": quantile(took, percent) for percent in (50, 95, 99, 100)}
        return RealRun(run, judged.history.validity, judged.evidence, judged.resolved, told)

    def _without_effect(self) -> Verdict:
        """A fault that found nothing to hit, or was never seen to do anything, was none."""
        reasons = []
        attacks = {fault.kind for fault in self.schedule.faults if type(fault).effect is not None}
        for kind in sorted(attacks):
            if not self.injected[kind]:
                reasons.append(f"{kind} was never injected")
            elif kind not in self._confirmed:
                reasons.append(f"{kind} was injected, and never seen to have an effect")
        return unknown(*reasons) if reasons else merge([])


def refuse_unsupported(schedule: Schedule, kind: str, capabilities: Collection[str]) -> None:
    """Raise UnsupportedFault if the schedule has what a cluster of this kind cannot receive:
    beforehand, not when half of it is done."""
    if schedule.is_macro:
        raise UnsupportedFault("macro-steps are of the simulator: real time has none")
    for fault in schedule.faults:
        if fault.kind not in capabilities:
            known = ", ".join(sorted(capabilities))
            raise UnsupportedFault(
                f"the cluster {kind} cannot receive the fault {fault.kind}"
                f"{what_lacks(fault.kind)}; it can: {known}"
            )


def quantile(ordered: list[int], percent: int) -> int:
    """Of values in order: the one below which so many per cent lie; 0 if there are none."""
    if not ordered:
        return 0
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
