"""Running a schedule: what it does to a cluster, what is recorded, and what the judges say.

``run`` is a pure function of schedule and subject. ``Execution`` is the same in steps, for those
who decide on the next step only after they have seen the last (Hypothesis).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from checker.history import Event
from checker.lincheck import KIND
from checker.verdict import Failure, Verdict, invalid, merge, unknown
from nemesis.cluster.sim import SimulatedCluster
from nemesis.errors import UnsupportedFault
from nemesis.faults import Fault
from nemesis.macro.execution import run_macro_steps
from nemesis.outcome import (
    Run,
    Statistics,
    account_of,
    check_history,
    check_with_evidence,
    vacuity,
)
from nemesis.schedule import MILLISECOND, Knobs, Operate, Schedule, Step
from nemesis.subjects.bearing import unbearable
from nemesis.subjects.own import Tested, subject_of, variant_of
from nemesis.workloads import WORKLOADS
from raft.consensus.quorums import has_quorum
from raft.replica import HEALTHY

__all__ = [
    "IS_COMPILED",
    "LIVENESS_BOUND",
    "SHOWN_AT_THE_END",
    "Execution",
    "Run",
    "Statistics",
    "check_history",
    "run",
]

# Whether this is the compiled form of the module (make compiled).
IS_COMPILED = not __file__.endswith(".py")

# How long the cluster has, after all faults have ended, in longest election time-outs, or in halves
# of what an operation may take, if that is longer.
LIVENESS_BOUND = 30
# As much of it as a brief run waits for.
_BRIEFLY = 3
# After so many ns it is looked again whether the cluster is at rest.
_SETTLING = 10 * MILLISECOND
# Kinds of failures that only show at the end of a run.
SHOWN_AT_THE_END = frozenset({KIND, "liveness", "acknowledged-without-majority", "same-state"})
# How long it has to elect its first leader before the first step.
_WARM_UP = 20


class Execution:
    """A schedule being run on a simulated cluster."""

    def __init__(
        self,
        knobs: Knobs,
        seed: int,
        tested: Tested = HEALTHY,
        on_event: Callable[[Event], None] | None = None,
        watch: Callable[[SimulatedCluster], None] | None = None,
    ) -> None:
        """``watch`` is shown the cluster before anything happens in it."""
        subject = subject_of(tested)
        # As far as the subject can be configured by them.
        self.knobs = knobs = subject.knobs(knobs)
        self.workload = WORKLOADS[knobs.workload]
        self.cluster = SimulatedCluster(knobs, seed, subject, on_event)
        if watch is not None:
            watch(self.cluster)
        self.injected: Counter[str] = Counter()
        self.invoked: Counter[str] = Counter()
        self._keys: dict[str, None] = {}
        self._steps: list[Step] = []
        self._seed = seed
        self._subject = subject
        self._configurations = 0
        self._account: dict[str, int] = {}
        self._await_leader(_WARM_UP * knobs.election_timeout_max)

    @property
    def failures(self) -> list[Failure]:
        """What the monitors and the cluster have found so far."""
        return [*self.cluster.monitors.failures, *self.cluster.failures]

    def perform(self, step: Step) -> bool:
        """Do one step and let its time pass. False if something is wrong now: then stop."""
        self._steps.append(step)
        cluster = self.cluster
        if isinstance(step, Operate):
            self._submit(step)
        elif isinstance(step, Fault):
            self._inject(step)
        if step.wait:
            cluster.advance(step.wait)
        return not (cluster.monitors.failures or cluster.failures)

    def _submit(self, operate: Operate) -> None:
        self.invoked[operate.f] += 1
        if operate.key is not None:
            self._keys[operate.key] = None
        self.cluster.submit(operate)

    def _inject(self, fault: Fault) -> None:
        if not fault.is_simulated:
            raise UnsupportedFault(
                f"the cluster sim cannot receive the fault {fault.kind}: real ones can"
            )
        if fault.kind not in self.cluster.capabilities:
            raise unbearable(self._subject, [fault.kind])
        hit, refused = fault.inject(self.cluster)
        if refused is None and type(fault).effect is not None:
            self.injected[fault.kind] += 1
        self.cluster.history.add("nemesis", "info", fault.kind, None, hit, refused)

    # -- The end ---------------------------------------------------------------------------------

    def finish(self, *, brief: bool = False) -> Run:
        """Liveness phase, then the verdict; the cluster is closed.

        If ``brief``, only its beginning, and the history is not checked: enough to see whether a
        monitor convicts again, never enough for a valid verdict.
        """
        verdicts = []
        if not self.failures:
            verdicts.append(self._begin_liveness() if brief else self._liveness())
        if self.failures:
            verdicts.append(invalid(*self.failures))
        elif not brief:
            verdicts.append(self._check_history())
        verdict = merge(verdicts)
        if not verdict.failures:
            verdict = merge([verdict, vacuity(self.statistics())])
        self.cluster.close()
        return Run(
            Schedule(seed=self._seed, knobs=self.knobs, steps=tuple(self._steps)),
            self._subject.name,
            verdict,
            self.cluster.history.events,
            self.cluster.trace.events,
            self.cluster.members,
            self.statistics(),
            self.workload.model,
        )

    def statistics(self) -> Statistics:
        """What has happened so far."""
        cluster = self.cluster
        return Statistics(
            invoked=dict(self.invoked),
            succeeded=dict(cluster.succeeded),
            injected=dict(self.injected),
            effects=dict(cluster.effects),
            elections=len(cluster.trace.elections),
            judged=len(cluster.trace.events),
            simulated_events=cluster.queue.executed,
            duration=cluster.now(),
            lincheck_configurations=self._configurations,
            milestones=cluster.trace.all_milestones(),
            account=self._account,
        )

    def _await_leader(self, bound: int) -> None:
        """Let time pass until somebody leads, or ``bound`` ns have."""
        cluster = self.cluster
        end = cluster.now() + bound
        while not cluster.trace.elections and cluster.now() < end:
            cluster.advance(self.knobs.heartbeat_interval)

    def _liveness(self) -> Verdict:
        """All faults end; then a majority must elect a leader and perform last operations within
        the bound: a write, reads of all keys, and whatever has not succeeded before. After that all
        members must come to the same state.

        Which majority: servers may have different configurations in effect, a removed one an old
        one for good. Where the disks that are lost leave all of them a quorum, the cluster must be
        available; where they leave none of them one, it must not be.
        """
        cluster = self.cluster
        cluster.end_faults()
        quorums = self._quorums()
        must_be_available = bool(quorums) and all(quorums)
        may_be_available = any(quorums)
        # What clients still had to do takes its time, in a large cluster of which few are members.
        cluster.await_clients(cluster.now() + cluster.unfinished * self.knobs.operation_timeout)
        end = cluster.now() + self._bound
        kinds = self._missing
        missing = self._perform_last(self._last_operations(kinds), end)
        while missing is not None and cluster.now() < end and not self.failures:
            # From the first again: an operation that timed out may have happened after all, and
            # those after it build on it.
            missing = self._perform_last(self._last_operations(kinds), end)
        if self.failures:
            return merge([])
        if missing is None and may_be_available:
            return self._settle(cluster.now() + self._bound)
        if missing is None:
            what = (
                f"of no configuration a quorum has its disks: {sorted(self._alive)} do; yet "
                "operations were acknowledged"
            )
            return invalid(Failure("acknowledged-without-majority", what, cluster.now()))
        # A change that was asked for before may have made what is lost too much.
        if must_be_available and all(self._quorums()):
            what = (
                f"{self._bound // MILLISECOND} ms after all faults had ended, the cluster had "
                f"not performed a last {missing}"
            )
            return invalid(Failure("liveness", what, cluster.now(), evidence={"missing": missing}))
        return merge([])

    @property
    def _alive(self) -> set[str]:
        """The servers whose disks are not lost."""
        return {status.name for status in self.cluster.status() if not status.is_lost}

    def _quorums(self) -> list[bool]:
        """Of each configuration that is in effect anywhere, whether those leave it a quorum."""
        alive = self._alive
        return [has_quorum(each, alive) for each in self.cluster.configurations()]

    @property
    def _bound(self) -> int:
        """How long the cluster may take, in ns: time for elections, and for clients that find out
        whom to ask."""
        knobs = self.knobs
        return LIVENESS_BOUND * max(knobs.election_timeout_max, knobs.operation_timeout // 2)

    def _settle(self, end: int) -> Verdict:
        """Joint configurations are left, learners that wait for a promotion are promoted or given
        up, and all members have applied the same: then their states are compared."""
        cluster = self.cluster
        while not cluster.has_settled():
            if cluster.now() >= end:
                what = (
                    f"{self._bound // MILLISECOND} ms after the last operation, the members "
                    "had not applied all that the leader has, or a change was still under way"
                )
                return invalid(Failure("liveness", what, cluster.now()))
            cluster.advance(_SETTLING)
        cluster.tell_states()
        return merge([])

    def _begin_liveness(self) -> Verdict:
        """Does what ``_liveness`` does at first: what is convicted here is convicted there."""
        self.cluster.end_faults()
        operations = self._last_operations(self._missing)
        end = self.cluster.now() + _BRIEFLY * self.knobs.election_timeout_max
        self.cluster.await_clients(end)
        if self.cluster.now() < end:
            self._perform_last(operations[:1], end)
        return unknown("the run was not judged to its end")

    @property
    def _missing(self) -> list[str]:
        """Kinds of operations of which none has succeeded."""
        return [f for f in self.invoked if not self.cluster.succeeded[f]]

    def _last_operations(self, kinds: list[str]) -> list[list[Operate]]:
        keys = list(self._keys) or ["x"]
        return self.workload.last_operations(kinds, keys, self.cluster.history.events)

    def _perform_last(self, groups: list[list[Operate]], end: int) -> str | None:
        """Perform the groups one after the other, those of a group at once; the kind of the first
        that did not succeed, or None."""
        cluster = self.cluster
        cluster.await_clients(end)
        for group in groups:
            wanted = Counter(operate.f for operate in group)
            wanted.update({f: cluster.succeeded[f] for f in wanted})
            for operate in group:
                cluster.submit(operate)
            cluster.await_clients(end)
            for f, count in wanted.items():
                if cluster.succeeded[f] < count:
                    return f
        return None

    def _check_history(self) -> Verdict:
        events = self.cluster.history.events
        verdict = check_with_evidence(events, self.workload.model)
        self._configurations = verdict.configurations
        account = account_of(events, self.workload)
        self._account = account.counts
        return merge([verdict, account.verdict])


def run(
    schedule: Schedule,
    tested: Tested = HEALTHY,
    on_event: Callable[[Event], None] | None = None,
    *,
    brief: bool = False,
) -> Run:
    """Run a schedule; a pure function of schedule and subject, which may be a variant of our own
    Raft. One of macro-steps runs on the stepped cluster, any other on the simulated one.

    With ``brief`` only what shows before the end is judged (see ``Execution.finish``). Raises
    UnsupportedFault for a fault that the subject does not claim to bear, NotOurOwn for macro-steps
    on another Raft than ours.
    """
    if schedule.is_macro:
        return run_macro_steps(schedule, variant_of(tested, "macro-steps drive"), on_event)
    execution = Execution(schedule.knobs, schedule.seed, tested, on_event)
    try:
        for step in schedule.steps:
            if not execution.perform(step):
                break
        return execution.finish(brief=brief)
    finally:
        execution.cluster.close()
