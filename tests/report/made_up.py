"""Reports of traces that are made up: a message of each fate, and a long run."""

from __future__ import annotations

from checker.report.data import Failed, Report, Span, VerdictShown
from checker.report.events import plain_command, trace_shown
from checker.report.messages import Seen, Told, messages_shown
from checker.report.shown import Shortener
from checker.trace import (
    Appended,
    Committed,
    Persisted,
    RoleChanged,
    Started,
    TermChanged,
    TraceEvent,
    VoteGranted,
)

NODES = ("n1", "n2", "n3")
FATES = ("delivered", "delayed", "duplicate", "lost", "cut", "down", "held")


def of_fates(nodes: tuple[str, ...] = NODES) -> Report:
    """A message of each fate."""
    events: list[TraceEvent] = []
    for name in nodes:
        events.append(Started(len(events), 0, name, 1, None))
        events.append(Persisted(len(events), 0, name, 1, None, 0))
    seen = [
        Seen(nodes[0], nodes[1], Told("append", 1, f"message {at}", "append"), at * 1000, 6, fate)
        for at, fate in enumerate(FATES)
    ]
    for each in seen:
        if each.fate not in ("lost", "cut", "held"):
            each.arrived, each.arrived_at = each.sent + 500, 6
    return _report(nodes, events, seen)


def long_run(count: int) -> Report:
    """Three nodes, and a new leader after every hundred entries."""
    events: list[TraceEvent] = []
    seen: list[Seen] = []
    term = index = time = 0
    for name in NODES:
        events.append(Started(len(events), 0, name, 0, None))
    while len(events) < count:
        term += 1
        leader = NODES[term % 3]
        time += 200_000_000
        for name in NODES:
            events.append(TermChanged(len(events), time, name, term))
            events.append(RoleChanged(len(events), time, name, "follower", term))
            events.append(VoteGranted(len(events), time, name, term, leader))
        events.append(RoleChanged(len(events), time, leader, "leader", term))
        for _ in range(100):
            index += 1
            time += 1_000_000
            for name in NODES:
                if name != leader:
                    fate = "lost" if index % 10 == 0 else "delivered"
                    told = Told("append", term, f"append {index}", f"append {index}")
                    place = len(events)
                    seen.append(Seen(leader, name, told, time, place, fate))
                    if fate == "delivered":
                        seen[-1].arrived, seen[-1].arrived_at = time, place
                events.append(Appended(len(events), time, name, index, term, b""))
                events.append(Persisted(len(events), time, name, term, leader, index))
        for name in NODES:
            events.append(Committed(len(events), time, name, index))
    return _report(NODES, events, seen, accused=50_000)


def _report(
    nodes: tuple[str, ...],
    events: list[TraceEvent],
    seen: list[Seen],
    accused: int | None = None,
) -> Report:
    shown = trace_shown(nodes, events, plain_command, Shortener(), most=len(events))
    words = (Span(text="It was made up."),)
    failed = (Failed(kind="made-up", message="It was made up.", words=words, event=accused),)
    return Report(
        title="made up",
        subject="nothing",
        verdict=VerdictShown(
            validity="valid" if accused is None else "invalid",
            paragraph=words,
            failures=() if accused is None else failed,
        ),
        end=events[-1].time,
        nodes=nodes,
        trace=shown.trace,
        reigns=shown.reigns,
        messages=messages_shown(
            {name: at for at, name in enumerate(nodes)}, seen, lambda told: told, most=len(seen)
        ),
    )
