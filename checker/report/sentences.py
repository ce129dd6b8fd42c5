"""A failure in plain words that lead to the nodes, events and operations that they name.

What a monitor says is one sentence. What made it so stands in the trace: who voted, who committed
first, what was in a log. Each kind of failure has its own way to find that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from checker.report.data import Span, Words
from checker.report.events import CommandWords
from checker.report.states import Node
from checker.report.tellers import MILLISECOND, TELLERS, Scene, Told, leads
from checker.trace import Stopped, TraceEvent
from checker.verdict import Failure


class Writer:
    """Puts words together; names of nodes lead to them."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places
        names = sorted(places, key=len, reverse=True)
        self._names = re.compile(
            r"(?<![\w.-])(" + "|".join(map(re.escape, names)) + r")(?![\w-])" if names else r"(?!)"
        )

    def text(self, text: str) -> list[Span]:
        """Plain words."""
        spans = []
        for at, part in enumerate(self._names.split(text)):
            if at % 2:
                spans.append(Span(text=part, node=self._places[part]))
            elif part:
                spans.append(Span(text=part))
        return spans

    def sentence(self, text: str) -> list[Span]:
        """A message as a sentence: nodes keep their small letters."""
        text = text.rstrip(".")
        spans = self.text(text)
        if spans and spans[0].node is None:
            first = spans[0].text
            if first.startswith("commitIndex"):
                first = f"the {first}"
            spans[0] = Span(text=first[:1].upper() + first[1:])
        return [*spans, Span(text=".")]


def paragraph(
    failure: Failure,
    events: Sequence[TraceEvent],
    places: Mapping[str, int],
    command_words: CommandWords,
) -> Words:
    """What happened, what made it so, and what the node was at that moment."""
    writer = Writer(places)
    words = writer.sentence(failure.message)
    scene = Scene(events, tuple(places), command_words, _place(failure, events))
    teller = TELLERS.get(failure.kind)
    if teller is not None:
        words += _told(writer, teller, scene, failure)
    words += _pieces(writer, _moment(scene, failure))
    return tuple(words)


def _place(failure: Failure, events: Sequence[TraceEvent]) -> int:
    """Where in the trace it failed: at the event that is named, or when its node went down, or
    else at the end."""
    named = failure.evidence.get("sequence")
    if isinstance(named, int) and 0 <= named < len(events):
        return named
    own = [(at, event) for at, event in enumerate(events) if event.node == failure.node]
    return own[-1][0] if own and isinstance(own[-1][1], Stopped) else len(events)


def _told(writer: Writer, teller: Any, scene: Scene, failure: Failure) -> list[Span]:
    try:
        return _pieces(writer, teller(scene, failure.evidence, failure.node or ""))
    except (KeyError, IndexError, TypeError, ValueError):
        # Facts that another version saved, or another program, may be others: rather no sentence
        # than half of one.
        return []


def _pieces(writer: Writer, told: Told) -> list[Span]:
    words: list[Span] = []
    for piece in told:
        words += writer.text(piece) if isinstance(piece, str) else [piece]
    return words


def _moment(scene: Scene, failure: Failure) -> Told:
    """When it was, and what the node was right before."""
    if failure.time is not None:
        at = scene.place
        text = f"{failure.time / MILLISECOND:,.3f} ms after the start"
        yield " It was found "
        yield leads(at, text) if at < len(scene.events) else Span(text=text, time=failure.time)
    node = scene.before.get(failure.node or "")
    if node is not None and node.is_up:
        yield " Right before, " if failure.time is None else ", when "
        yield f"{failure.node} {_standing(node)}"
    elif failure.time is None:
        return
    yield "."


def _standing(node: Node) -> str:
    what = "the leader" if node.role == "leader" else f"a {node.role}"
    log = f"a log up to entry {node.last_index}" if node.last_index else "an empty log"
    known = f"knew of commitments up to {node.commit}" if node.commit else "knew of no commitment"
    return f"was {what} of term {node.term}, had {log} and {known}"
