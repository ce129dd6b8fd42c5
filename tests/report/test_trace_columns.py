"""The trace of a report: its columns tell what the trace tells, also where it was cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.report.data import Entry, NodeState, Trace
from checker.report.events import KINDS, TraceShown, nodes_of, trace_shown
from checker.report.shown import Shortener
from checker.trace import (
    Appended,
    Compacted,
    ConfigurationChanged,
    RoleChanged,
    SnapshotRestored,
    Started,
    Stopped,
    TraceEvent,
    read_trace,
)
from nemesis.describe.story import command_words

HISTORIES = Path(__file__).parents[2] / "histories"
RUNS = (
    "zoo-commit-of-old-term",
    "zoo-suffix-after-snapshot-kept",
    "zoo-joint-left-too-early",
    "commit-of-old-term-own-term-commit-2009",
    "zoo-chunks-mixed",
    "zoo-demoted-at-once",
    "append-truncates-state-machine-safety-3003",
    "zoo-conflicts-kept",
    "zoo-new-leader-rolls-back",
)


def read(name: str) -> tuple[tuple[str, ...], list[TraceEvent]]:
    header, events = read_trace(HISTORIES / name / "trace.jsonl")
    return nodes_of(header.members, events), events


def shown(name: str, most: int = 60_000) -> tuple[TraceShown, list[TraceEvent]]:
    nodes, events = read(name)
    return trace_shown(nodes, events, command_words, Shortener(), most=most), events


@pytest.mark.parametrize("name", RUNS)
def test_times_nodes_and_kinds_are_those_of_the_trace(name: str) -> None:
    told, events = shown(name)
    trace = told.trace
    nodes = read(name)[0]
    now = trace.began
    for at, event in enumerate(events):
        now += trace.time[at]
        assert now == event.time
        assert nodes[trace.node[at]] == event.node
        assert KINDS[trace.kind[at]] == type(event).__struct_config__.tag
        for field in ("index", "term"):
            if hasattr(event, field):
                assert getattr(trace, field)[at] == getattr(event, field)


def test_these_runs_have_every_event_that_changes_a_node() -> None:
    kinds = {str(type(event).__struct_config__.tag) for name in RUNS for event in read(name)[1]}
    assert kinds >= {
        "started", "stopped", "term-changed", "role-changed", "appended", "truncated", "persisted",
        "committed", "applied", "configuration-changed", "snapshot-restored", "compacted",
    }  # fmt: skip


def folded(trace: Trace, count: int) -> list[NodeState]:
    """The states after so many of the columns' rows, as the page finds them: from the columns and
    the states before them alone."""
    nodes = [_Fold(state) for state in trace.initial]
    for at in range(count):
        nodes[trace.node[at]].take(trace, at)
    return [node.state() for node in nodes]


class _Fold:
    def __init__(self, state: NodeState) -> None:
        self.facts = {name: getattr(state, name) for name in state.__struct_fields__}
        self.log = list(state.log)

    def state(self) -> NodeState:
        return NodeState(**{**self.facts, "log": tuple(self.log)})

    def take(self, trace: Trace, at: int) -> None:
        facts = self.facts
        kind, index, term = trace.kinds[trace.kind[at]], trace.index[at], trace.term[at]
        text = trace.texts[trace.text[at]] if trace.text[at] >= 0 else ""
        other = trace.node2[at]
        if kind == "started":
            self.log = []
            facts.update(
                is_up=True, role="follower", term=term, voted_for=other, commit=0, applied=0,
                durable=0, base=0, configuration="",
            )  # fmt: skip
        elif kind == "stopped":
            facts["is_up"] = False
        elif kind == "term-changed":
            facts.update(term=term, voted_for=-1)
        elif kind == "role-changed":
            facts.update(role=text, term=term)
        elif kind == "appended":
            self.log.append(Entry(index=index, term=term, text=text))
        elif kind == "truncated":
            self.keep(facts["base"], index - 1)
        elif kind == "persisted":
            facts.update(durable=index, voted_for=other)
        elif kind == "committed":
            facts["commit"] = index
        elif kind == "applied":
            facts["applied"] = index
        elif kind == "configuration-changed":
            facts["configuration"] = text
        elif kind == "snapshot-restored":
            facts.update(commit=max(facts["commit"], index), applied=index)
            self.keep(index, trace.number[at])
        elif kind == "compacted":
            self.keep(index, self.log[-1].index if self.log else facts["base"])

    def keep(self, base: int, last: int) -> None:
        self.facts["base"] = base
        self.facts["durable"] = min(self.facts["durable"], last)
        self.log = [entry for entry in self.log if base < entry.index <= last]


@pytest.mark.parametrize("name", RUNS)
def test_a_cut_trace_begins_with_what_the_whole_one_leads_to(name: str) -> None:
    whole, events = shown(name)
    for most in (0, 1, 7, len(events) // 2, len(events)):
        cut = shown(name, most)[0].trace
        assert cut.first == len(events) - most
        assert cut.total == len(events)
        assert list(cut.initial) == folded(whole.trace, cut.first)
        assert folded(cut, most) == folded(whole.trace, len(events))
        assert list(shown(name)[0].standing) == folded(whole.trace, len(events))


def test_an_entry_with_a_configuration_says_who_votes() -> None:
    events: list[TraceEvent] = [
        Started(0, 0, "n1", 0, None),
        Appended(1, 0, "n1", 1, 1, b""),
        Appended(2, 0, "n1", 2, 1, b""),
        ConfigurationChanged(3, 0, "n1", 2, ("n1", "n2"), ("n1",), ("n3",)),
        Started(4, 1, "n2", 0, None),
        # A restart finds it, and is told of the configuration later.
        Appended(5, 1, "n2", 1, 1, b""),
        Appended(6, 1, "n2", 2, 1, b""),
    ]
    trace = trace_shown(("n1", "n2", "n3"), events, lambda _: "no-op", Shortener()).trace
    told = [trace.texts[trace.text[at]] for at in (1, 2, 5, 6)]
    assert told == ["no-op", "{n1 → n1 n2 + n3}", "no-op", "{n1 → n1 n2 + n3}"]


def test_reigns_end_with_the_role_or_the_process() -> None:
    events: list[TraceEvent] = [
        Started(0, 0, "n1", 0, None),
        RoleChanged(1, 10, "n1", "leader", 1),
        RoleChanged(2, 20, "n2", "leader", 2),
        RoleChanged(3, 30, "n1", "follower", 2),
        Stopped(4, 40, "n2", "crashed"),
        RoleChanged(5, 50, "n1", "leader", 3),
    ]
    reigns = trace_shown(("n1", "n2"), events, str, Shortener()).reigns
    assert [(each.node, each.term, each.start, each.end) for each in reigns] == [
        (0, 1, 10, 30),
        (1, 2, 20, 40),
        (0, 3, 50, None),
    ]
    assert [(each.first, each.last) for each in reigns] == [(1, 3), (2, 4), (5, None)]


def test_a_snapshot_and_a_compaction_shorten_the_log() -> None:
    events: list[TraceEvent] = [
        Started(0, 0, "n1", 0, None),
        *(Appended(at, 0, "n1", at, 1, b"") for at in range(1, 6)),
        Compacted(6, 0, "n1", 2),
        SnapshotRestored(7, 0, "n1", 4, 1, "d", 5),
    ]
    for place, base, log in ((5, 0, [1, 2, 3, 4, 5]), (6, 2, [3, 4, 5]), (7, 4, [5])):
        told = trace_shown(("n1",), events, str, Shortener(), place).standing[0]
        assert (told.base, [entry.index for entry in told.log]) == (base, log)
