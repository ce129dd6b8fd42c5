"""A Hypothesis state machine over the simulated cluster.

Rules: one for each family of client operations and of faults, each of which lets time pass as well
(a rule of its own for time finds things forty times later). After each rule the monitors must not
have convicted; at the end comes the liveness phase, and lincheck judges the history.

What fails is shrunk by the project's own shrinker and saved, so Hypothesis need not shrink it.
"""

from __future__ import annotations

from typing import ClassVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from nemesis.faults import FAULTS
from nemesis.run import Execution
from nemesis.schedule import MILLISECOND, Advance
from nemesis.search.generate import ANYTHING, LOSSES, OPERATORS, Only, draw_knobs, may_be_drawn
from nemesis.search.judged_machine import JudgedMachine
from nemesis.search.strategies import SEEDS, HypothesisChooser
from nemesis.subjects.own import subject_of
from nemesis.workloads import Values

# Explaining traces every line (4 to 25 times slower), and shrinking is done structurally.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
STATEFUL = settings(deadline=None, phases=PHASES, print_blob=True, report_multiple_bugs=False)

_WAITS = st.one_of(
    st.integers(0, 40).map(lambda ms: ms * MILLISECOND),
    st.integers(100, 600).map(lambda ms: ms * MILLISECOND),
)
_ENDS = ("restart", "heal", "resume", "leave-joint", "promote-server")
_KEYS = ("x", "y", "z")


class ClusterMachine(JudgedMachine):
    """Subclass it to choose a ``variant`` of Raft, or a subject of others in its place, or what it
    must keep to (``only``)."""

    only: ClassVar[Only] = ANYTHING

    execution: Execution

    @initialize(data=st.data(), seed=SEEDS)
    def start(self, data: st.DataObject, seed: int) -> None:
        """Draw what is fixed for the run, start the cluster, and use it: a run without operations
        proves nothing."""
        self.values = Values()
        subject = subject_of(self.variant)
        knobs = subject.knobs(draw_knobs(HypothesisChooser(data.draw), self.only))
        self.execution = Execution(knobs, seed, self.variant)
        self._operate(data, 0, reads=False)
        self._operate(data, 0, reads=True)

    def _operate(self, data: st.DataObject, wait: int, *, reads: bool) -> None:
        execution = self.execution
        workload = execution.workload
        kinds = [f for f in workload.operations if (f in workload.reads) == reads]
        chooser = HypothesisChooser(data.draw)
        client = chooser.integer(0, execution.knobs.clients - 1)
        step = workload.draw(chooser, kinds, _KEYS, client, self.values, wait)
        execution.perform(step)

    @rule(data=st.data(), wait=_WAITS)
    def read(self, data: st.DataObject, wait: int) -> None:
        """A client reads."""
        self._operate(data, wait, reads=True)

    @rule(data=st.data(), wait=_WAITS)
    def write(self, data: st.DataObject, wait: int) -> None:
        """A client writes."""
        self._operate(data, wait, reads=False)

    def _attack(self, names: tuple[str, ...], data: st.DataObject, wait: int) -> None:
        chooser = HypothesisChooser(data.draw)
        allowed = self.only.faults
        knobs = self.execution.knobs
        chosen = [
            name
            for name in names
            if name in self.execution.cluster.capabilities
            and (allowed is None or name in allowed)
            and may_be_drawn(name, knobs)
        ]
        if chosen:
            self.execution.perform(FAULTS[chooser.pick(chosen)].draw(chooser, wait))
        else:
            self.execution.perform(Advance(wait=wait))

    @rule(data=st.data(), wait=_WAITS)
    def cut_network(self, data: st.DataObject, wait: int) -> None:
        """Links are cut."""
        self._attack(("partition", "grudge"), data, wait)

    @rule(data=st.data(), wait=_WAITS)
    def spoil_network(self, data: st.DataObject, wait: int) -> None:
        """Links lose, double, reorder or delay."""
        self._attack(("loss", "duplicate", "reorder", "delay", "slow-link"), data, wait)

    @rule(data=st.data(), wait=_WAITS)
    def stop_process(self, data: st.DataObject, wait: int) -> None:
        """Processes crash or pause."""
        self._attack(("crash", "crash-all", "pause"), data, wait)

    @rule(data=st.data(), wait=_WAITS)
    def spoil_disk(self, data: st.DataObject, wait: int) -> None:
        """Disks fail in one of their ways."""
        disks = ("unsynced-loss", "torn-write", "full-disk", "slow-disk", *LOSSES)
        self._attack(disks, data, wait)

    @rule(data=st.data(), wait=_WAITS)
    def spoil_clock(self, data: st.DataObject, wait: int) -> None:
        """Clocks go wrong."""
        self._attack(("clock-jump", "clock-offset", "clock-drift"), data, wait)

    @rule(data=st.data(), wait=_WAITS)
    def operate(self, data: st.DataObject, wait: int) -> None:
        """Operators change the membership, hand over, restart."""
        self._attack(OPERATORS, data, wait)

    @rule(data=st.data(), wait=_WAITS)
    def repair(self, data: st.DataObject, wait: int) -> None:
        """Something is mended."""
        can = self.execution.cluster.capabilities
        ends = [name for name in _ENDS if name in can]
        chooser = HypothesisChooser(data.draw)
        mended = FAULTS[chooser.pick(ends)].draw(chooser, wait) if ends else Advance(wait=wait)
        self.execution.perform(mended)

    @invariant()
    def promises_are_kept(self) -> None:
        """No monitor has convicted."""
        if self.execution.failures:
            self.end()
