"""What a number of runs did, added up."""

from __future__ import annotations

import typing
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from checker.invariants import MONITORS
from checker.verdict import Validity
from nemesis.run import Run

CHECKED = (*MONITORS, "linearizability", "liveness", "corruption-detected", "no-exception")
"""What every run is checked for."""

# The kinds of failure of a run that ended its process, and of one that had to be ended with it.
DEATH = "process-died"
ENDLESS = "never-returned"
# Of the seeds of runs that are unknown so many are told.
_MOST_SEEDS = 10


@dataclass(slots=True)
class Tally:
    """Sums over runs; every figure counts what really happened."""

    runs: int = 0
    # Runs by validity, and the reasons of those that are unknown.
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    # Seeds of the first of these.
    unknown: list[int] = field(default_factory=list)
    # Failures by kind, one a run: the first.
    kinds: Counter[str] = field(default_factory=Counter)
    # Client operations by kind.
    invoked: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)
    # Faults by kind, and of these the runs in which they were seen to have an effect.
    injected: Counter[str] = field(default_factory=Counter)
    confirmed: Counter[str] = field(default_factory=Counter)
    # What else happened (Statistics.milestones), and in how many runs it did.
    milestones: Counter[str] = field(default_factory=Counter)
    # What became of that which the workload is about (Statistics.account).
    account: Counter[str] = field(default_factory=Counter)
    runs_with: Counter[str] = field(default_factory=Counter)
    elections: int = 0
    runs_with_leader_change: int = 0
    # Trace events judged by the monitors, simulated time in ns.
    judged: int = 0
    simulated_time: int = 0
    # Runs executed twice, to compare their traces.
    executed_twice: int = 0
    # Runs on whose histories lincheck gave a certificate that the verifier accepted.
    certified: int = 0
    # Seeds of runs that ended their process, and runs of which nobody knows what became of them.
    died: list[int] = field(default_factory=list)
    lost: int = 0
    least_operations: int | None = None
    least_faults: int | None = None

    def add(self, run: Run, seed: int) -> None:
        """Count one run, that of a seed."""
        statistics = run.statistics
        self.runs += 1
        self.verdicts[run.verdict.validity.value] += 1
        self.reasons.update(run.verdict.reasons)
        if run.verdict.validity is Validity.UNKNOWN:
            self._note_unknown([seed])
        if run.verdict.failures:
            self.kinds[run.verdict.failures[0].kind] += 1
        self.invoked.update(statistics.invoked)
        self.succeeded.update(statistics.succeeded)
        self.injected.update(statistics.injected)
        self.confirmed.update(statistics.confirmed)
        self.milestones.update(statistics.milestones)
        self.account.update(statistics.account)
        self.runs_with.update(statistics.milestones.keys())
        self.elections += statistics.elections
        self.runs_with_leader_change += statistics.leader_changes > 0
        self.judged += statistics.judged
        self.simulated_time += statistics.duration
        self._least(sum(statistics.invoked.values()), sum(statistics.injected.values()))

    def add_death(self, seed: int, kind: str) -> None:
        """Count a run that ended its process, or was ended with it: a failure."""
        self.runs += 1
        self.verdicts[Validity.INVALID.value] += 1
        self.kinds[kind] += 1
        self.died.append(seed)

    def add_lost(self, seeds: Sequence[int], reason: str) -> None:
        """Count runs of which nobody knows what became of them."""
        self.runs += len(seeds)
        self.lost += len(seeds)
        self.verdicts[Validity.UNKNOWN.value] += len(seeds)
        self.reasons[reason] += 1
        self._note_unknown(seeds)

    def merge(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.runs += other.runs
        for name in ("verdicts", "reasons", "kinds", "invoked", "succeeded", "injected"):
            getattr(self, name).update(getattr(other, name))
        for name in ("confirmed", "milestones", "account", "runs_with"):
            getattr(self, name).update(getattr(other, name))
        self.elections += other.elections
        self.runs_with_leader_change += other.runs_with_leader_change
        self.judged += other.judged
        self.simulated_time += other.simulated_time
        self.executed_twice += other.executed_twice
        self.certified += other.certified
        self.died = sorted([*self.died, *other.died])
        self.lost += other.lost
        self._note_unknown(other.unknown)
        self._least(other.least_operations, other.least_faults)

    def _note_unknown(self, seeds: Sequence[int]) -> None:
        self.unknown = sorted([*self.unknown, *seeds])[:_MOST_SEEDS]

    def _least(self, operations: int | None, faults: int | None) -> None:
        if operations is not None:
            least = self.least_operations
            self.least_operations = operations if least is None else min(least, operations)
        if faults is not None:
            least = self.least_faults
            self.least_faults = faults if least is None else min(least, faults)

    @property
    def validity(self) -> Validity:
        """That of all runs together, the worst: one run of which nobody can tell is enough for
        unknown, and so is it that there are none."""
        if self.verdicts[Validity.INVALID.value]:
            return Validity.INVALID
        if self.verdicts[Validity.UNKNOWN.value] or not self.runs:
            return Validity.UNKNOWN
        return Validity.VALID

    @property
    def operations(self) -> int:
        """Client operations invoked."""
        return self.invoked.total()

    @property
    def faults(self) -> int:
        """Faults injected."""
        return self.injected.total()


def _counted(kind: type, value: Any) -> Any:
    assert typing.get_origin(kind) is Counter
    return Counter(value)


_decode = msgspec.json.Decoder(Tally, dec_hook=_counted).decode


def encode_tally(tally: Tally) -> str:
    """As JSON."""
    return msgspec.json.encode(tally).decode()


def decode_tally(text: str) -> Tally:
    """The tally that was encoded so. Raises msgspec.ValidationError."""
    return _decode(text)
