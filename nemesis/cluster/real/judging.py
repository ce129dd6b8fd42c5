"""What is said of a real run's history: alone, and with what the servers' logs tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from checker import lincheck
from checker.evidence import EvidenceError, Log, Resolved
from checker.history import Event, HistoryError
from checker.lincheck import Budget
from checker.verdict import Failure, Validity, Verdict, invalid, merge
from nemesis.cluster.real.evidence import with_evidence
from nemesis.outcome import Evidence, check_history
from nemesis.workloads import Workload

# How long lincheck may take for a history, in s.
JUDGING = 120.0
BY_EVIDENCE = "linearizability-by-evidence"
"""The kind of a failure that the history alone does not show."""
LOST = "acknowledged-then-lost"
"""The kind of a failure that needs no history of reads: the log of the cluster lacks a write."""


class Judged(NamedTuple):
    """``history`` is the verdict on the history alone, ``by_evidence`` on what only the servers'
    logs show; ``resolved`` is the history with that, empty where there are no logs."""

    history: lincheck.Verdict
    evidence: Evidence | None
    resolved: list[Event]
    by_evidence: Verdict


def judge_history(
    events: Sequence[Event], workload: Workload, collect_logs: Callable[[], list[Log]]
) -> Judged:
    """Judge a history with the logs that ``collect_logs`` gives; none, or EvidenceError, where they
    cannot be relied on.

    First the one with what they tell: it leaves less open, which is quicker. An order that explains
    it explains the history alone as well, whatever the logs are worth: an operation that has
    happened may be ``info`` there, and one that never did may be left out.
    """
    reason = None
    resolved: Resolved | None = None
    try:
        logs = collect_logs()
        if logs:
            resolved = with_evidence(events, workload, logs)
    except (EvidenceError, HistoryError) as error:
        reason = str(error)
    if resolved is None:
        alone = _check(events, workload)
        told = None
        if reason is not None:
            left = sum(each.type == "info" and each.process != "nemesis" for each in events)
            told = Evidence(0, 0, left, alone.validity, reason=reason)
        return Judged(alone, told, [], merge([]))
    happened, never = resolved.count("happened"), resolved.count("never")
    verdict = _check(resolved.events, workload)
    alone = verdict
    if verdict.validity is not Validity.VALID and (happened or never):
        alone = _check(events, workload)
        if alone.validity is Validity.INVALID:
            verdict = alone
    evidence = Evidence(
        happened, never, resolved.count("open"), verdict.validity, len(resolved.lost)
    )
    failures = [*_failures_by_evidence(verdict, alone), *_losses(resolved)]
    shown = invalid(*failures) if failures else merge([])
    return Judged(alone, evidence, resolved.events, shown)


def _failures_by_evidence(verdict: Verdict, alone: Verdict) -> list[Failure]:
    if alone.validity is Validity.INVALID:
        return []
    return [
        replace(each, kind=BY_EVIDENCE, message=f"by the servers' logs: {each.message}")
        for each in verdict.failures
    ]


def _losses(resolved: Resolved) -> list[Failure]:
    if not resolved.lost:
        return []
    what = f"acknowledged, and in no server's log: {resolved.lost[0]}"
    return [Failure(LOST, what, evidence={"operations": [str(each) for each in resolved.lost]})]


def _check(events: Sequence[Event], workload: Workload) -> lincheck.Verdict:
    """What lincheck says, with its evidence where it convicts."""
    budget = Budget(seconds=JUDGING)
    verdict = check_history(events, workload.model, budget=budget)
    if verdict.validity is Validity.INVALID:
        convicted = check_history(events, workload.model, budget=budget, certificate=True)
        # Where there is no time left for the evidence, it is convicted without.
        verdict = convicted if convicted.failures else verdict
    return verdict
