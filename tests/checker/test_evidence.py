"""What servers' logs prove of operations left open: enough to convict, and never a false alarm."""

from __future__ import annotations

from collections.abc import Hashable
from random import Random
from typing import Any

import pytest

from checker import evidence
from checker.evidence import (
    Completion,
    Entry,
    EvidenceError,
    Log,
    Record,
    Resolved,
    merge_logs,
    resolve,
)
from checker.history import MISMATCH, Event
from checker.lincheck import check
from checker.models import get_model
from checker.verdict import Validity

SEEDS = 400


class History:
    """Events as they happen, a process after an ``info`` under a new number."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(
        self, process: int, type_: str, f: str, key: str, value: Any, error: str | None = None
    ) -> None:
        number = len(self.events)
        self.events.append(Event(number, process, type_, f, key, value, 10 * number, error))


def content_of(event: Event) -> Hashable:
    """What is asked for, as the log holds it: nothing of a read."""
    if event.f == "read":
        return None
    value = tuple(event.value) if isinstance(event.value, list) else event.value
    return event.f, event.key, value


def as_written(event: Event, entry: Entry) -> Completion | None:
    return "ok", event.value, None


def judged(events: list[Event]) -> Validity:
    return check(events, get_model("cas-register")).validity


def log_of(*contents: Hashable, node: str = "n1", whole: bool = True) -> Log:
    """Of a server that has committed these, from index 1 on."""
    entries = {index: Entry(index, 1, each) for index, each in enumerate(contents, 1)}
    return Log(node, 0, entries, frozenset(entries.values()), whole)


def resolved(history: History, *logs: Log) -> Resolved:
    return resolve(history.events, merge_logs(logs), content_of, as_written)


def write(value: str) -> Hashable:
    return "write", "x", value


def a_write_that_nobody_has_seen(read: str | None) -> History:
    """A write is left open; another one, of another key, is acknowledged; then x is read."""
    history = History()
    history.add(0, "invoke", "write", "x", "a")
    history.add(0, "info", "write", "x", "a", "time-out")
    history.add(1, "invoke", "write", "y", "b")
    history.add(1, "ok", "write", "y", "b")
    history.add(2, "invoke", "read", "x", None)
    history.add(2, "ok", "read", "x", read)
    return history


OTHER = ("write", "y", "b")


def test_a_read_that_misses_what_has_happened_is_convicted_with_evidence_alone() -> None:
    history = a_write_that_nobody_has_seen(None)
    found = resolved(history, log_of(write("a"), OTHER))
    assert (found.count("happened"), found.count("never"), found.count("open")) == (1, 0, 0)
    assert judged(history.events) is Validity.VALID
    assert judged(found.events) is Validity.INVALID
    # Had it seen it, nothing would be wrong.
    right = resolved(a_write_that_nobody_has_seen("a"), log_of(write("a"), OTHER))
    assert judged(right.events) is Validity.VALID


def test_it_has_happened_before_what_follows_in_the_log_was_acknowledged() -> None:
    history = a_write_that_nobody_has_seen(None)
    found = resolved(history, log_of(write("a"), OTHER))
    assert found.resolutions[0].index == 1
    assert found.resolutions[0].before == history.events[3]
    told = [(event.process, event.type) for event in found.events]
    assert told[:4] == [(0, "invoke"), (1, "invoke"), (0, "ok"), (1, "ok")]
    assert [event.index for event in found.events] == list(range(len(found.events)))
    # Where it stands after the other one, nothing tells by when: the read may come before it.
    later = resolved(history, log_of(OTHER, write("a")))
    assert later.resolutions[0].before is None
    assert later.events[-1].type == "ok"
    assert judged(later.events) is Validity.VALID


def test_what_was_acknowledged_and_is_in_no_log_is_lost() -> None:
    history = a_write_that_nobody_has_seen("a")
    history.add(3, "invoke", "write", "z", "c")
    history.add(3, "ok", "write", "z", "c")
    third = ("write", "z", "c")
    assert resolved(history, log_of(write("a"), OTHER, third)).lost == []
    found = resolved(history, log_of(write("a"), OTHER))
    assert [each.key for each in found.lost] == ["z"]
    # Not if it may still be committed, or a log is not whole.
    held = Log("n2", 0, {}, frozenset((Entry(3, 1, third),)))
    assert resolved(history, log_of(write("a"), OTHER), held).lost == []
    assert resolved(history, log_of(write("a"), OTHER, whole=False)).lost == []


def test_nothing_is_missed_in_logs_that_hold_nothing_of_its_kind() -> None:
    history = a_write_that_nobody_has_seen(None)
    found = resolved(history, log_of(("put", "y", "b")))
    assert (found.count("open"), found.lost) == (1, [])


def test_who_reads_what_never_happened_is_convicted_with_evidence_alone() -> None:
    history = a_write_that_nobody_has_seen("a")
    found = resolved(history, log_of(OTHER), log_of(OTHER, node="n2"))
    assert found.count("never") == 1
    assert judged(history.events) is Validity.VALID
    assert judged(found.events) is Validity.INVALID
    right = resolved(a_write_that_nobody_has_seen(None), log_of(OTHER))
    assert judged(right.events) is Validity.VALID


def test_an_operation_that_was_never_completed_is_resolved_as_well() -> None:
    history = a_write_that_nobody_has_seen(None)
    del history.events[1]
    assert resolved(history, log_of(write("a"), OTHER)).count("happened") == 1
    never = resolved(history, log_of(OTHER))
    assert never.count("never") == 1
    assert never.events[-1].type == "fail"


def entry(index: int, term: int, value: str) -> Entry:
    return Entry(index, term, write(value))


HELD_BY_ONE = Log(
    "n2", 0, {1: Entry(1, 1, OTHER)}, frozenset((Entry(1, 1, OTHER), entry(2, 1, "a")))
)
GAP = Log("n1", 0, {2: Entry(2, 1, OTHER)}, frozenset((Entry(2, 1, OTHER),)))


@pytest.mark.parametrize(
    "logs",
    [
        pytest.param((log_of(write("a"), write("a"), OTHER),), id="performed twice"),
        pytest.param((log_of(OTHER), HELD_BY_ONE), id="may still be committed"),
        pytest.param((log_of(OTHER), log_of(OTHER, whole=False)), id="a log is damaged"),
        pytest.param((GAP,), id="a committed entry is missing"),
        pytest.param((), id="no logs"),
    ],
)
def test_what_is_not_certain_stays_open(logs: tuple[Log, ...]) -> None:
    history = a_write_that_nobody_has_seen(None)
    found = resolved(history, *logs)
    assert (found.count("happened"), found.count("never"), found.count("open")) == (0, 0, 1)
    assert found.events == history.events


def test_what_was_asked_for_twice_stays_open() -> None:
    history = a_write_that_nobody_has_seen(None)
    history.add(3, "invoke", "write", "x", "a")
    history.add(3, "ok", "write", "x", "a")
    assert resolved(history, log_of(write("a"), OTHER)).count("open") == 1
    # In no log: then neither has happened.
    lost = resolved(history, log_of(OTHER))
    assert lost.count("never") == 1
    assert [each.process for each in lost.lost] == [3]


def test_an_entry_that_was_replaced_was_never_performed() -> None:
    replaced = Log("n2", 0, {}, frozenset((entry(1, 1, "a"),)))
    committed = {1: Entry(1, 2, OTHER)}
    kept = Log("n1", 0, committed, frozenset(committed.values()))
    assert resolved(a_write_that_nobody_has_seen(None), kept, replaced).count("never") == 1


def test_what_stood_in_the_log_before_it_was_asked_for_stays_open() -> None:
    history = a_write_that_nobody_has_seen(None)
    history.add(3, "invoke", "write", "x", "c")
    found = resolved(history, log_of(write("c"), OTHER))
    assert [each.fate for each in found.resolutions] == ["never", "open"]


def test_logs_that_contradict_each_other_prove_nothing() -> None:
    with pytest.raises(EvidenceError, match="n2 has committed another entry at index 1"):
        merge_logs((log_of(OTHER), log_of(write("a"), node="n2")))
    other = Log("n2", 0, {}, frozenset((entry(1, 1, "a"),)))
    with pytest.raises(EvidenceError, match="two entries at index 1 are of term 1"):
        merge_logs((log_of(OTHER), other))


# -- Clusters by chance ------------------------------------------------------------------------------


class Asked:
    """An operation under way."""

    def __init__(self, process: int, f: str, value: Any) -> None:
        self.process = process
        self.f = f
        self.value = value
        self.is_proposed = False
        self.has_given_up = False
        self.answer: tuple[str, Any, str | None] | None = None

    @property
    def content(self) -> Hashable:
        return content_of(Event(0, 0, "invoke", self.f, "x", self.value))


class Cluster:
    """A replicated register that does everything right, with clients that lose patience, leaders
    that lose what is not committed, and servers that do not know how far the others are."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.history = History()
        self.log: list[tuple[int, Asked]] = []
        self.ever: dict[tuple[int, int], Asked] = {}
        self.term = 1
        self.commit = 0
        self.value: str | None = None
        self.performed: set[Asked] = set()
        self.asked: list[Asked] = []
        self.processes = 0
        self.values = 0
        for _ in range(150):
            self.random.choice(
                [
                    *(self.ask, self.ask, self.propose, self.propose, self.perform, self.perform),
                    *(self.answer, self.answer, self.answer, self.give_up, self.change_leader),
                ]
            )()

    def ask(self) -> None:
        if sum(not each.has_given_up for each in self.asked) >= 4:
            return
        f = self.random.choice(("read", "write", "write", "cas"))
        value: Any = None
        if f != "read":
            self.values += 1
            value = f"v{self.values}"
        if f == "cas":
            value = [f"v{self.random.randint(max(1, self.values - 4), self.values)}", value]
        self.asked.append(Asked(self.processes, f, value))
        self.history.add(self.processes, "invoke", f, "x", value)
        self.processes += 1

    def propose(self) -> None:
        waiting = [each for each in self.asked if each.f != "read" and not each.is_proposed]
        if waiting:
            asked = self.random.choice(waiting)
            asked.is_proposed = True
            self.log.append((self.term, asked))
            self.ever[len(self.log), self.term] = asked

    def perform(self) -> None:
        if self.commit == len(self.log):
            return
        _, asked = self.log[self.commit]
        self.commit += 1
        self.performed.add(asked)
        asked.answer = ("ok", asked.value, None)
        if asked.f == "write":
            self.value = asked.value
        elif self.value == asked.value[0]:
            self.value = asked.value[1]
        else:
            asked.answer = ("fail", asked.value, MISMATCH)

    def answer(self) -> None:
        for asked in self.asked:
            if asked.f == "read" and asked.answer is None and self.random.random() < 0.3:
                asked.answer = ("ok", self.value, None)
        answered = [each for each in self.asked if each.answer and not each.has_given_up]
        if answered:
            asked = self.random.choice(answered)
            assert asked.answer is not None
            type_, value, error = asked.answer
            self.history.add(asked.process, type_, asked.f, "x", value, error)
            self.asked.remove(asked)

    def give_up(self) -> None:
        waiting = [each for each in self.asked if not each.has_given_up]
        if waiting:
            asked = self.random.choice(waiting)
            asked.has_given_up = True
            self.history.add(asked.process, "info", asked.f, "x", asked.value, "time-out")

    def change_leader(self) -> None:
        self.term += 1
        del self.log[self.random.randint(self.commit, len(self.log)) :]

    def logs(self) -> list[Log]:
        logs = []
        present = {index: Entry(index, term, asked.content)
                   for index, (term, asked) in enumerate(self.log, 1)}  # fmt: skip
        lost = [Entry(index, term, asked.content) for (index, term), asked in self.ever.items()]
        for node in ("n1", "n2", "n3"):
            known = self.random.randint(max(0, self.commit - 3), self.commit)
            if node == "n1" and self.random.random() < 0.7:
                known = self.commit
            committed = {index: present[index] for index in range(1, known + 1)}
            appended = set(committed.values())
            # What is committed is on two of three; of the rest anything may be anywhere.
            if node != "n3":
                appended |= {present[index] for index in range(1, self.commit + 1)}
            appended |= {each for each in lost if self.random.random() < 0.5}
            logs.append(Log(node, 0, committed, frozenset(appended)))
        return logs


def completion_by(record: Record) -> Any:
    """Performs the log to tell what became of a compare-and-set."""
    value: str | None = None
    answers: dict[int, bool] = {}
    for index in sorted(record.committed):
        content = record.committed[index].content
        assert isinstance(content, tuple)
        f, _, argument = content
        answers[index] = f == "write" or argument[0] == value
        if answers[index]:
            value = argument if f == "write" else argument[1]

    def completion_of(event: Event, entry: Entry) -> Completion:
        if answers[entry.index]:
            return "ok", event.value, None
        return "fail", event.value, MISMATCH

    return completion_of


def resolved_by_chance(seed: int, alter: Any = None) -> tuple[Cluster, Resolved]:
    cluster = Cluster(seed)
    record = merge_logs(cluster.logs())
    if alter is not None:
        record = alter(record)
    events = cluster.history.events
    return cluster, resolve(events, record, content_of, completion_by(record))


def test_nothing_right_is_ever_convicted_and_what_is_told_is_true() -> None:
    fates: dict[str, int] = {"happened": 0, "never": 0, "open": 0}
    for seed in range(SEEDS):
        cluster, found = resolved_by_chance(seed)
        assert judged(cluster.history.events) is Validity.VALID, seed
        assert judged(found.events) is Validity.VALID, seed
        assert found.lost == [], seed
        performed = {each.content for each in cluster.performed}
        for each in found.resolutions:
            fates[each.fate] += 1
            if each.fate != "open":
                invocation = Event(0, 0, "invoke", each.operation.f, "x", each.operation.argument)
                assert (content_of(invocation) in performed) == (each.fate == "happened"), seed
    assert min(fates.values()) > 100, fates


def test_a_completion_that_is_told_too_early_would_be_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted: by the first acknowledgement of anything, wherever it stands in the log."""
    monkeypatch.setattr(
        evidence._Bounds, "after",
        lambda bounds, index, end: min((at for _, at in bounds._of), default=end),
    )  # fmt: skip
    verdicts = [judged(resolved_by_chance(seed)[1].events) for seed in range(100)]
    assert Validity.INVALID in verdicts


def test_a_log_that_lies_would_be_caught() -> None:
    """Planted: an entry that was committed is told to be another one, so that its operation is said
    never to have happened."""

    def lie(record: Record) -> Record:
        committed = {
            index: Entry(index, each.term, ("write", "x", f"lie {index}"))
            if index % 5 == 0
            else each
            for index, each in record.committed.items()
        }
        return record._replace(committed=committed)

    verdicts = [judged(resolved_by_chance(seed, lie)[1].events) for seed in range(100)]
    assert Validity.INVALID in verdicts
