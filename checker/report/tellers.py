"""What made a failure so, as the trace tells it: who voted, who committed first, what was in a log.

Each kind of failure has a teller of its own. It is given the facts that the monitor has saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from checker.report.data import Span
from checker.report.events import CommandWords
from checker.report.states import Node, states_after
from checker.trace import (
    Appended,
    Applied,
    Committed,
    ConfigurationChanged,
    Persisted,
    RoleChanged,
    Started,
    Stopped,
    TermChanged,
    TermExposed,
    TraceEvent,
    TransferStarted,
    VoteGranted,
)

MILLISECOND = 1_000_000


@dataclass(slots=True)
class Scene:
    """The trace up to a failure, and what the nodes were right before it."""

    events: Sequence[TraceEvent]
    nodes: Sequence[str]
    command_words: CommandWords
    # The place of the event at which it failed; past the last one if none is named.
    place: int
    before: dict[str, Node] = field(init=False)

    def __post_init__(self) -> None:
        self.before = states_after(self.nodes, self.events[: self.place])

    def after(self) -> dict[str, Node]:
        """What the nodes were right after the failure."""
        return states_after(self.nodes, self.events[: self.place + 1])

    def earlier(self, kind: type[Any], **facts: Any) -> list[tuple[int, Any]]:
        """The events of this kind with these fields, up to the failure, with their places."""
        return [
            (place, event)
            for place, event in enumerate(self.events[: self.place + 1])
            if isinstance(event, kind)
            and all(getattr(event, name) == value for name, value in facts.items())
        ]

    def first(self, kind: type[Any], **facts: Any) -> tuple[int, Any] | None:
        """The first of them."""
        found = self.earlier(kind, **facts)
        return found[0] if found else None

    def entry(self, node: str, index: int) -> str | None:
        """What a node had in its log there: "x=1 of term 2"."""
        for at, term, command in self.before[node].log:
            if at == index:
                return f"{self.command_words(command)} of term {term}"
        return None


Told = Iterable[str | Span]
"""Pieces of sentences: words, and what leads somewhere else than to a node."""

TELLERS: dict[str, Callable[[Scene, dict[str, Any], str], Told]] = {}


def _tells(*kinds: str) -> Callable[[Any], Any]:
    def register(teller: Any) -> Any:
        for kind in kinds:
            TELLERS[kind] = teller
        return teller

    return register


def leads(place: int, text: str) -> Span:
    return Span(text=text, event=place)


def _listed(names: Iterable[str]) -> str:
    words = list(dict.fromkeys(names))
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


# -- Elections -------------------------------------------------------------------------------------


def _votes(scene: Scene, term: int, candidate: str) -> Told:
    votes = scene.earlier(VoteGranted, term=term, candidate=candidate)
    if not votes:
        yield "without a vote that anybody saw"
        return
    yield f"with the vote{'s' * (len(votes) > 1)} of "
    yield leads(votes[-1][0], _listed(event.node for _, event in votes))


@_tells("election-safety")
def _two_leaders(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    term, (first, second) = facts["term"], facts["leaders"]
    yield f" {first} was elected "
    yield from _votes(scene, term, first)
    yield f", and {second} "
    yield from _votes(scene, term, second)
    yield "."
    granted: dict[str, set[str]] = {}
    for _, vote in scene.earlier(VoteGranted, term=term):
        granted.setdefault(vote.node, set()).add(vote.candidate)
    both = [name for name, candidates in granted.items() if len(candidates) > 1]
    if both:
        yield f" {_listed(both)} voted for both."
    else:
        yield f" Nobody voted for both in term {term}."


@_tells("one-vote-a-term")
def _two_votes(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    term, first = facts["term"], facts["candidates"][0]
    vote = scene.first(VoteGranted, node=node, term=term, candidate=first)
    if vote is not None:
        yield f" The vote for {first} had left {node} "
        yield leads(vote[0], f"at {vote[1].time / MILLISECOND:,.3f} ms")
        starts = [each for each in scene.earlier(Started, node=node) if each[0] > vote[0]]
        if starts:
            yield "; it was started again "
            yield leads(starts[-1][0], f"at {starts[-1][1].time / MILLISECOND:,.3f} ms")
            yield f", with {_vote_words(starts[-1][1].voted_for)} of term {starts[-1][1].term}"
        yield "."


def _vote_words(candidate: str | None) -> str:
    return "no vote" if candidate is None else f"a vote for {candidate}"


@_tells("monotonic-term")
def _term_went_back(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    high = facts["terms"][0]
    seen = scene.first(TermExposed, node=node, term=high) or scene.first(
        TermChanged, node=node, term=high
    )
    if seen is not None:
        what = "sent its first message of" if isinstance(seen[1], TermExposed) else "came to"
        yield f" {node} {what} term {high} "
        yield leads(seen[0], f"at {seen[1].time / MILLISECOND:,.3f} ms")
        yield "."


@_tells("leader-completeness")
def _leader_lacks(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    index, term = facts["index"], facts["term"]
    yield " It was elected "
    yield from _votes(scene, term, node)
    yield "; "
    first = next(((at, each) for at, each in scene.earlier(Committed) if each.index >= index), None)
    if first is not None:
        yield f"entry {index} was committed first by {first[1].node} "
        yield leads(first[0], f"at {first[1].time / MILLISECOND:,.3f} ms")
        yield ". "
    holders = [name for name, state in scene.before.items() if scene.entry(name, index)]
    own = scene.entry(node, index)
    yield f"Then {_listed(holders) if holders else 'nobody'} had an entry there"
    yield f", {node} {own}." if own else f", {node} none."


@_tells("elected-by-quorum", "voters-lead")
def _not_by_quorum(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    votes = scene.earlier(VoteGranted, term=facts["term"], candidate=node)
    if votes:
        yield " Those who voted for it in this term: "
        yield leads(votes[-1][0], _listed(event.node for _, event in votes))
        yield "."
    changed = scene.earlier(ConfigurationChanged, node=node)
    if changed:
        yield " Its configuration is in effect since "
        yield leads(changed[-1][0], f"{changed[-1][1].time / MILLISECOND:,.3f} ms")
        yield "."


# -- Logs ------------------------------------------------------------------------------------------


@_tells("own-term-commit")
def _old_term(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    index = facts["index"]
    holders = [name for name in scene.before if scene.entry(name, index)]
    if not holders:
        # Where it is at all, a snapshot has taken its place.
        return
    own = scene.entry(node, index)
    yield f" Entry {index}{f' ({own})' if own else ''} was in the logs of {_listed(holders)}"
    yield ", yet a leader of a term in between that lacks it can still be elected, and overwrite it"
    yield " (Figure 8 of the paper)."


@_tells("state-machine-safety")
def _two_entries(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    index = facts["index"]
    others = [name for name in facts.get("nodes", ()) if name != node]
    for other in others:
        first = next(
            ((at, e) for at, e in scene.earlier(Committed, node=other) if e.index >= index), None
        )
        if first is not None:
            yield f" {other} had committed index {index} "
            yield leads(first[0], f"at {first[1].time / MILLISECOND:,.3f} ms")
            yield "."
    found = [(name, scene.entry(name, index)) for name in (*others, node)]
    told = [f"{name} has {entry}" for name, entry in found if entry]
    if told:
        yield f" At index {index} {'; '.join(told)}."


@_tells("leader-append-only", "monotonic-commit", "applied-within-commit")
def _own_log(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    for kind, verb in ((Committed, "committed"), (Applied, "applied")):
        found = scene.earlier(kind, node=node)
        if found and found[-1][0] != scene.place:
            yield f" Before, {node} had last {verb} entry {found[-1][1].index} "
            yield leads(found[-1][0], f"at {found[-1][1].time / MILLISECOND:,.3f} ms")
            yield "."
            return
    yield f" Its log had {_entries(scene, node)}."


def _entries(scene: Scene, node: str, most: int = 6) -> str:
    log = scene.before[node].log
    told = ", ".join(f"{index} of term {term}" for index, term, _ in log[-most:])
    if not log:
        return "no entries"
    return f"the entries ... {told}" if len(log) > most else f"the entries {told}"


@_tells("log-matching")
def _logs_differ(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    for name in dict.fromkeys((*facts.get("nodes", ()), node)):
        yield f" The log of {name} had {_entries(scene, name)}."


@_tells("committed-on-majority")
def _not_on_majority(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    index = facts["index"]
    by = next(((at, e) for at, e in scene.earlier(Committed) if e.index >= index), None)
    if by is not None:
        yield f" {by[1].node} committed it first, "
        yield leads(by[0], f"at {by[1].time / MILLISECOND:,.3f} ms")
        yield "."
    in_memory = [
        name
        for name in scene.before
        if name not in facts["holders"] and scene.before[name].is_up and scene.entry(name, index)
    ]
    if in_memory:
        them = "it" if len(in_memory) == 1 else "them"
        yield f" {_listed(in_memory)} had an entry there in memory, so a crash of {them} loses it."
    persisted = scene.earlier(Persisted, node=node)
    if persisted and persisted[-1][0] == scene.place:
        yield f" Now the disk of {node} holds its log up to entry {persisted[-1][1].last_index}."


@_tells("exactly-once")
def _twice(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    first, second = facts["indices"]
    applied = scene.first(Applied, index=first, session=facts["session"], executed=True)
    told = [(at, scene.entry(node, at)) for at in (first, second)]
    words = [f"entry {at} is {entry}" for at, entry in told if entry]
    if words:
        yield f" In the log of {node} {' and '.join(words)}."
    if applied is not None:
        yield f" The first was executed by {applied[1].node} "
        yield leads(applied[0], f"at {applied[1].time / MILLISECOND:,.3f} ms")
        yield "."


# -- The rest --------------------------------------------------------------------------------------


@_tells("lease-safety")
def _lease(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    index, term = facts["committed_index"], facts["terms"][1]
    for at, event in scene.earlier(Committed):
        if event.index >= index and event.node != node:
            yield f" {event.node} committed index {event.index} "
            yield leads(at, f"at {event.time / MILLISECOND:,.3f} ms")
            yield "."
            break
    elected = scene.first(RoleChanged, role="leader", term=term)
    if elected is not None:
        yield f" {elected[1].node} led term {term} since "
        yield leads(elected[0], f"{elected[1].time / MILLISECOND:,.3f} ms")
        yield "."


@_tells("no-proposals-in-transfer")
def _in_transfer(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    started = scene.earlier(TransferStarted, node=node)
    if started:
        yield " It had begun to hand over "
        yield leads(started[-1][0], f"at {started[-1][1].time / MILLISECOND:,.3f} ms")
        yield "."


@_tells("one-change-at-a-time", "overlapping-quorums", "learners-apart", "same-configuration")
def _configurations(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    indices = facts.get("indices") or [facts.get("index")]
    for index in dict.fromkeys(indices):
        appended = scene.first(Appended, index=index, command=b"")
        changed = scene.first(ConfigurationChanged, index=index)
        if index and appended is not None and changed is not None:
            yield f" The configuration of index {index} came into effect first on "
            yield f"{changed[1].node}, "
            yield leads(changed[0], f"at {changed[1].time / MILLISECOND:,.3f} ms")
            yield "."


@_tells("same-state", "snapshot-of-applied", "monotonic-snapshot", "compaction-behind-snapshot")
def _states(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    after = scene.after()
    for name in dict.fromkeys((*facts.get("nodes", ()), node)):
        state = after.get(name)
        if state is not None:
            base = f"; its log begins after entry {state.base}" if state.base else ""
            yield f" {name} has applied the entries up to {state.applied}{base}."


@_tells("liveness", "acknowledged-without-majority")
def _at_the_end(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    for name, state in scene.before.items():
        yield f" At the end {name} {_end_words(state)}."
    elected = scene.earlier(RoleChanged, role="leader")
    if elected:
        yield f" The last to be elected was {elected[-1][1].node}, in term {elected[-1][1].term}, "
        yield leads(elected[-1][0], f"at {elected[-1][1].time / MILLISECOND:,.3f} ms")
        yield "."
    else:
        yield " Nobody was ever elected."


def _end_words(state: Node) -> str:
    if not state.is_up:
        return "is down"
    return f"is a {state.role} of term {state.term}, with {_log_words(state)}"


def _log_words(state: Node) -> str:
    if not state.last_index:
        return "an empty log"
    return f"a log up to entry {state.last_index}, committed up to {state.commit}"


@_tells("unhandled-exception", "corruption-undetected")
def _process(scene: Scene, facts: dict[str, Any], node: str) -> Told:
    stopped = scene.earlier(Stopped, node=node)
    if stopped and stopped[-1][0] != scene.place:
        yield f" {node} had gone down last "
        yield leads(stopped[-1][0], f"at {stopped[-1][1].time / MILLISECOND:,.3f} ms")
        yield f": {stopped[-1][1].reason}."
    last = [(at, e) for at, e in enumerate(scene.events[: scene.place]) if e.node == node]
    if last:
        yield f" The last event of {node} before that: "
        yield leads(last[-1][0], _event_words(last[-1][1]))
        yield "."


def _event_words(event: TraceEvent) -> str:
    index = getattr(event, "index", None)
    kind = str(type(event).__struct_config__.tag)
    return kind if index is None else f"{kind} {index}"
