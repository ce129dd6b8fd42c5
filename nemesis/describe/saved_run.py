"""The report of a saved run, from what its directory holds and from running it again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from shlex import quote
from typing import NamedTuple

from checker import lincheck
from checker.events import printable
from checker.formats import parse_history, read_history
from checker.invariants import MONITORS
from checker.lincheck import KIND, Budget
from checker.models import get_model
from checker.report.data import (
    Counterexample,
    Failed,
    Figure,
    Losses,
    Messages,
    Report,
    ScheduleStep,
    Span,
    VerdictShown,
    Words,
)
from checker.report.events import nodes_of, trace_shown
from checker.report.messages import MESSAGES_MAX, messages_shown
from checker.report.operations import operations_shown
from checker.report.sentences import paragraph
from checker.report.shown import Shortener
from checker.trace import decode_trace
from checker.verdict import Failure, Validity
from nemesis.cluster.real import REAL_CLUSTERS
from nemesis.counted import counted
from nemesis.describe.bands import bands_of, skews_of
from nemesis.describe.recording import Recorded, StepSeen, record, record_named, tell
from nemesis.describe.steps import describe_step
from nemesis.describe.story import NO_COMMAND, command_words, describe
from nemesis.describe.verdicts import evidence_of, promise_shown, shortened_notes
from nemesis.describe.words import sentences
from nemesis.errors import NemesisError
from nemesis.outcome import CONFIGURATIONS, Statistics, check_history
from nemesis.replay import replay_command
from nemesis.search.workers import alone
from nemesis.store import HISTORY, RESOLVED, TRACE, Saved
from nemesis.subjects.own import variant_of
from nemesis.subjects.registry import is_own, subject_named

# What looking for an order to draw may cost; a verdict has been given already.
_SECONDS = 10
# So many steps of a schedule are shown: the last ones.
_STEPS_MAX = 2_000


class _Again(NamedTuple):
    """What running it again has given, or why it was not."""

    recorded: Recorded | None
    steps: tuple[ScheduleStep, ...]
    note: str | None


class SavedRun:
    """Makes the report of a saved run."""

    def __init__(self, saved: Saved, trusted: Collection[str]) -> None:
        self._trusted = trusted
        directory, results = saved.directory, saved.results
        self._saved = saved
        self._results = results
        self._shortener = Shortener()
        self._history = parse_history(saved.history, source=str(directory / HISTORY))
        self._judged = self._judge()
        self._is_resolved = False
        if any(each.kind == KIND for each in results.failures) and not self._judged.failures:
            self._resolve()
        self._shown = operations_shown(self._history, self._shortener)
        header, self._events = decode_trace(directory / TRACE, saved.trace.splitlines())
        self._kind = results.variant.partition(" ")[0]
        # Real servers may have other names than the schedule has.
        others = () if self._kind in REAL_CLUSTERS else saved.schedule.knobs.servers
        self._nodes = nodes_of((*header.members, *others), self._events)
        self._places = {name: at for at, name in enumerate(self._nodes)}

    def _judge(self) -> lincheck.Verdict:
        budget = Budget(seconds=_SECONDS, configurations=CONFIGURATIONS)
        model = self._results.model
        return check_history(self._history, model, certificate=True, budget=budget)

    def _resolve(self) -> None:
        """What convicts may be what the servers' logs tell of operations left open."""
        resolved = self._saved.directory / RESOLVED
        if resolved.is_file():
            self._history = read_history(resolved)
            self._judged = self._judge()
            self._is_resolved = True

    def report(self) -> Report:
        """All of it."""
        saved, results, shown, events = self._saved, self._results, self._shown, self._events
        model = get_model(results.model)
        judged = self._judged
        order, counterexample = evidence_of(judged, self._history, model, shown, self._shortener)
        failed_at = self._place_of(results.failures[0].evidence) if results.failures else None
        trace = trace_shown(self._nodes, events, _entry_words, self._shortener, failed_at)
        again = self._again()
        end = max(shown.end, events[-1].time if events else 0, results.statistics.duration)
        calm = None if again.recorded is None else again.recorded.calm
        faults_end = end if calm is None else calm
        told = self._history.events
        return Report(
            title=printable(saved.directory.name),
            subject=self._tested(),
            verdict=self._verdict(counterexample),
            end=end,
            unit=shown.unit,
            command=printable(self._command()),
            model=results.model,
            nodes=self._nodes,
            operations=shown.columns,
            linearization=order,
            counterexample=counterexample,
            bands=bands_of(told, events, self._places, faults_end, self._shortener),
            reigns=trace.reigns,
            trace=trace.trace if events else None,
            standing=trace.standing if events else (),
            messages=self._messages(again.recorded, trace.trace.first),
            steps=again.steps[-_STEPS_MAX:],
            losses=_losses(again),
            skews=skews_of(saved.schedule.faults, told, self._places, faults_end),
            figures=_figures_of(results.statistics),
            notes=self._notes(again, trace.trace.first, judged),
        )

    def _tested(self) -> str:
        if self._kind in REAL_CLUSTERS:
            return f"a real cluster: {self._results.variant}"
        whose = "the Raft" if is_own(self._results.variant) else "the subject"
        return f"{whose} {self._results.variant}, simulated"

    def _command(self) -> str:
        saved = self._saved.directory
        if self._kind in REAL_CLUSTERS:
            return f"splitbrain check {quote(str(saved / HISTORY))} --explain"
        return replay_command(saved, self._results.variant)

    # -- The verdict -------------------------------------------------------------------------------

    def _verdict(self, counterexample: Counterexample | None) -> VerdictShown:
        results = self._results
        failures = tuple(
            self._failed(
                Failure(
                    each.kind,
                    self._shortener.sentence(each.message),
                    each.time,
                    each.node,
                    each.evidence,
                ),
                counterexample,
            )
            for each in results.failures
        )
        reasons = tuple(map(self._shortener.sentence, results.reasons))
        if failures:
            words = failures[0].words
        elif results.validity is Validity.VALID:
            words = self._why_valid()
        else:
            words = (Span(text=f"Nobody can tell: {'; '.join(reasons)}."),)
        return VerdictShown(
            validity=results.validity.value,
            paragraph=words,
            failures=failures,
            reasons=reasons,
        )

    def _failed(self, failure: Failure, counterexample: Counterexample | None) -> Failed:
        proof = counterexample if failure.kind == KIND else None
        if proof is not None:
            words = proof.sentence
        else:
            words = paragraph(failure, self._events, self._places, _entry_words)
        return Failed(
            kind=failure.kind,
            message=failure.message,
            words=words,
            promise=promise_shown(failure.kind),
            time=failure.time if proof is None else proof.time,
            nodes=_nodes_of(failure, self._places),
            event=self._place_of(failure.evidence),
            operations=() if proof is None else proof.operations,
        )

    def _place_of(self, evidence: Mapping[str, object]) -> int | None:
        """The place in the trace that a failure names."""
        place = evidence.get("sequence")
        return place if isinstance(place, int) and 0 <= place < len(self._events) else None

    def _why_valid(self) -> Words:
        statistics = self._results.statistics
        # Those at the end, when no fault is left, are among them.
        outcomes = [operation.outcome for operation in self._shown.operations]
        asked, done = len(outcomes), outcomes.count("ok")
        text = (
            f"Nothing was violated. Clients asked for {counted(asked, 'operation')}, of which "
            f"{done:,} succeeded, and some order of them explains every answer "
            f"(model {self._results.model})"
        )
        if self._events:
            text += (
                f"; {counted(statistics.judged, 'event')} of {counted(len(self._nodes), 'node')} "
                f"were judged by {len(MONITORS)} monitors"
            )
        faults = ", ".join(f"{kind} {statistics.injected[kind]:,}" for kind in statistics.confirmed)
        text += f". Faults that were seen to have an effect: {faults}."
        if statistics.elections:
            changed = statistics.leader_changes
            times = "once" if changed == 1 else f"{changed:,} times"
            text += f" The leader {f'changed {times}' if changed else 'never changed'}."
        return (Span(text=text),)

    # -- Running it again --------------------------------------------------------------------------

    def _again(self) -> _Again:
        schedule = self._saved.schedule
        if self._kind in REAL_CLUSTERS:
            note = "Messages are not known: real servers do not tell of them."
            return _Again(None, self._plain_steps(), note)
        name = self._results.variant
        if ":" in name and name not in self._trusted:
            note = f"Messages are not known: {name} is run only if that is asked for (--subject)."
            return _Again(None, self._plain_steps(), note)
        try:
            if is_own(name):
                recorded = record(schedule, subject_named(name))
            else:
                # Native code of others may end its process.
                recorded = alone(record_named, schedule, name)
        except NemesisError as error:
            return _Again(None, self._plain_steps(), f"Messages are not known: {error}.")
        if recorded.run.trace_bytes() != self._saved.trace:
            return _Again(
                None,
                self._plain_steps(),
                "Messages are not known: run again, this schedule goes another way than was saved "
                "(another version of splitbrain saved it).",
            )
        told = [""] * len(recorded.steps)
        if schedule.is_macro:
            told = sentences(describe(recorded.run, variant_of(subject_named(name), "steps drive")))
        steps = tuple(map(_step, recorded.steps, told))
        return _Again(recorded, steps, None)

    def _plain_steps(self) -> tuple[ScheduleStep, ...]:
        """The steps as they are written, where nobody knows when each was done."""
        return tuple(ScheduleStep(line=describe_step(each)) for each in self._saved.schedule.steps)

    def _messages(self, recorded: Recorded | None, first: int) -> Messages | None:
        if recorded is None:
            return None
        return messages_shown(self._places, recorded.messages, tell, first)

    def _notes(self, again: _Again, first: int, judged: lincheck.Verdict) -> tuple[str, ...]:
        notes = [] if again.note is None else [again.note]
        if self._is_resolved:
            notes.append("Operations left open are shown as the servers' logs tell of them.")
        if self._results.has_died:
            notes.append("What clients and servers did is not known: it went with the process.")
        elif not self._events:
            notes.append("There is no trace: these servers do not tell what happens inside.")
        if first:
            notes.append(
                f"Of the trace the last {len(self._events) - first:,} events are shown, of "
                f"{len(self._events):,}."
            )
        if len(again.steps) > _STEPS_MAX:
            notes.append(f"Of {len(again.steps):,} steps the last {_STEPS_MAX:,} are shown.")
        if again.recorded is not None and len(again.recorded.messages) > MESSAGES_MAX:
            count = len(again.recorded.messages)
            notes.append(f"Of {count:,} messages the last {MESSAGES_MAX:,} at most are shown.")
        if judged.validity is Validity.UNKNOWN:
            notes.append(f"No order of the operations is shown: {'; '.join(judged.reasons)}.")
        return (*notes, *shortened_notes(self._shortener))


def _entry_words(command: bytes) -> str:
    """What an entry holds; of a Raft that is not ours it may be anything."""
    words = command_words(command)
    return f"{len(command):,} bytes" if words == NO_COMMAND else words


def _losses(again: _Again) -> Losses | None:
    if again.recorded is None or not again.recorded.losses:
        return None
    time, lost = zip(*again.recorded.losses, strict=True)
    return Losses(time=time, lost=lost)


def _step(step: StepSeen, words: str) -> ScheduleStep:
    return ScheduleStep(
        line=step.line, words=words, time=step.time, first=step.first, last=step.last
    )


def _nodes_of(failure: Failure, places: Mapping[str, int]) -> tuple[int, ...]:
    """The nodes that a failure names."""
    named: Sequence[object] = (
        failure.node,
        *failure.evidence.get("leaders", ()),
        *failure.evidence.get("nodes", ()),
    )
    return tuple(
        dict.fromkeys(places[name] for name in named if isinstance(name, str) and name in places)
    )


def _figures_of(statistics: Statistics) -> tuple[Figure, ...]:
    """What happened, counted."""
    groups = {
        "operations asked for": statistics.invoked,
        "operations that succeeded": statistics.succeeded,
        "faults injected": statistics.injected,
        "effects seen": statistics.effects,
        "what else happened": {"elections": statistics.elections, **statistics.milestones},
        "account": statistics.account,
    }
    return tuple(
        Figure(group=group, name=name, value=f"{count:,}")
        for group, counts in groups.items()
        for name, count in counts.items()
    )
