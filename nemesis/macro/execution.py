"""Running macro-steps on a stepped cluster, and what the judges say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from checker.history import Event
from checker.verdict import Failure, Verdict, invalid, merge
from nemesis.cluster.stepped import SteppedCluster
from nemesis.macro import steps as macro
from nemesis.macro.settle import settle
from nemesis.macro.steps import MacroStep
from nemesis.outcome import Run, Statistics, account_of, check_with_evidence, vacuity
from nemesis.schedule import MILLISECOND, Knobs, Operate, Schedule
from nemesis.workloads import WORKLOADS
from raft.replica import HEALTHY, Variant

# What counts as an attack, by the name of its effect: messages that are held or come late or twice,
# crashes, files that are gone or wrong, a disk that is full.
ATTACKS = (
    "hold",
    "deliver",
    "duplicate",
    "crash",
    "fail-power",
    "lost-file",
    "bit-flip",
    "full-disk",
)


class MacroExecution:
    """A schedule of macro-steps being run."""

    def __init__(
        self,
        knobs: Knobs,
        variant: Variant = HEALTHY,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.knobs = knobs
        self.workload = WORKLOADS[knobs.workload]
        self.cluster = SteppedCluster(knobs, variant, on_event)
        self.invoked: Counter[str] = Counter()
        self.steps: list[MacroStep] = []
        self._keys: dict[str, None] = {}
        self._variant = variant
        self._configurations = 0
        self._account: dict[str, int] = {}

    @property
    def failures(self) -> list[Failure]:
        """What the monitors and the cluster have found so far."""
        return [*self.cluster.monitors.failures, *self.cluster.failures]

    def perform(self, step: MacroStep) -> bool:
        """Do one step. False if something is wrong now: then stop."""
        self.steps.append(step)
        cluster = self.cluster
        match step:
            case macro.Elect():
                cluster.elect(step.node, step.voters, step.unanswered, hasty=step.hasty)
            case macro.Replicate():
                cluster.replicate(step.node, step.peers, step.unanswered)
            case macro.Propose():
                self._propose(step)
            case macro.Deliver():
                place = (step.source, step.target, step.message)
                if cluster.nodes[step.target].replica is not None:
                    message = cluster.post.take(place, step.nth, copy=step.copy)
                    if message is not None:
                        cluster.deliver(message)
            case _:
                self._perform_rare(step)
        return not cluster.has_failed

    def _perform_rare(self, step: MacroStep) -> None:
        cluster = self.cluster
        match step:
            case macro.Retry():
                cluster.retry(step.node, step.client, unanswered=step.unanswered)
            case macro.Crash():
                cluster.crash(step.node)
            case macro.Restart():
                cluster.nodes[step.node].start()
            case macro.FailPower():
                cluster.nodes[step.node].fail_power(step.syncs, torn=step.torn)
            case macro.Wait():
                cluster.wait(step.milliseconds * MILLISECOND, step.nodes or cluster.servers)
            case macro.Snapshot():
                cluster.take_snapshot(step.node)
            case macro.ChangeMembers():
                cluster.change_members(step.node, step.changes, step.transition)
            case macro.TransferTo():
                cluster.transfer(step.node, step.target, step.voters, held=step.held)
            case macro.Stall():
                cluster.nodes[step.node].stall()
            case macro.Perform():
                cluster.perform(step.node, step.work)
            case macro.LoseFile():
                cluster.nodes[step.node].lose_file(step.file)
            case macro.FlipBit():
                cluster.nodes[step.node].flip_bit(step.file)
            case macro.FillDisk():
                cluster.nodes[step.node].disk.free = 0
            case macro.Settle():
                settle(self.cluster, self._last_operations())
            case _:
                raise TypeError(f"{type(step).__name__} is no macro-step")

    def _propose(self, step: macro.Propose) -> None:
        if self.cluster.nodes[step.node].replica is None:
            return
        self.invoked[step.f] += 1
        if step.key is not None:
            self._keys[step.key] = None
        operate = Operate(client=step.client, f=step.f, key=step.key, value=step.value)
        self.cluster.propose(step.node, operate, unanswered=step.unanswered)

    def _last_operations(self) -> list[Operate]:
        """A read, a write, whatever has not succeeded before, and reads of all keys.

        The read comes first as it brings no entry of its own: a leader that needs one of its term
        before it may read (thesis, 6.4) must have seen to that itself.
        """
        missing = [f for f in self.invoked if not self.cluster.succeeded[f]]
        events = self.cluster.history.events
        groups = self.workload.last_operations(missing, list(self._keys) or ["x"], events)
        operations = [
            msgspec.structs.replace(operate, client=0)
            for group in (groups[-1][:1], *groups)
            for operate in group
        ]
        self.invoked.update(operate.f for operate in operations)
        return operations

    def finish(self) -> Run:
        """The verdict, and all that it rests on."""
        if self.failures:
            verdict = invalid(*self.failures)
        else:
            verdict = self._check_history()
            if not verdict.failures:
                verdict = merge([verdict, vacuity(self.statistics())])
        cluster = self.cluster
        return Run(
            Schedule(knobs=self.knobs, steps=tuple(self.steps)),
            self._variant.name,
            verdict,
            cluster.history.events,
            cluster.trace.events,
            cluster.members,
            self.statistics(),
            self.workload.model,
        )

    def _check_history(self) -> Verdict:
        events = self.cluster.history.events
        verdict = check_with_evidence(events, self.workload.model)
        self._configurations = verdict.configurations
        account = account_of(events, self.workload)
        self._account = account.counts
        # Merged: what lincheck says holds its model, which cannot leave the process.
        return merge([verdict, account.verdict])

    def statistics(self) -> Statistics:
        """What has happened so far."""
        cluster = self.cluster
        return Statistics(
            invoked=dict(self.invoked),
            succeeded=dict(cluster.succeeded),
            injected={name: cluster.effects[name] for name in ATTACKS if cluster.effects[name]},
            effects=dict(cluster.effects),
            elections=len(cluster.trace.elections),
            judged=len(cluster.trace.events),
            simulated_events=cluster.delivered,
            duration=cluster.time.now,
            lincheck_configurations=self._configurations,
            milestones=cluster.trace.all_milestones(),
            account=self._account,
        )


def run_macro_steps(
    schedule: Schedule,
    variant: Variant = HEALTHY,
    on_event: Callable[[Event], None] | None = None,
) -> Run:
    """Run a schedule of macro-steps; a pure function of schedule and variant."""
    execution = MacroExecution(schedule.knobs, variant, on_event)
    for step in schedule.steps:
        assert isinstance(step, MacroStep)
        if not execution.perform(step):
            break
    return execution.finish()
