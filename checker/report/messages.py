"""The messages of a run as the columns of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from checker.report.data import Messages
from checker.report.shown import Table

FATES = ("delivered", "delayed", "duplicate", "lost", "cut", "down", "held")
_FATE_OF = {fate: position for position, fate in enumerate(FATES)}

MESSAGES_MAX = 20_000
"""So many messages are shown at most: the last ones."""


class Told(NamedTuple):
    """What is told of a message: its kind ("append"), its term, all of it in words, and a label,
    for an arrow."""

    kind: str
    term: int
    words: str
    label: str


@dataclass(slots=True)
class Seen:
    """One copy of a message: see checker.report.data.Messages. ``original``: a place in the same
    list, or -1. Equal words have equal labels."""

    source: str
    target: str
    message: Any
    sent: int
    sent_at: int
    fate: str = "held"
    arrived: int = -1
    arrived_at: int = -1
    original: int = -1


def messages_shown(
    places: Mapping[str, int],
    seen: Sequence[Seen],
    tell: Callable[[Any], Told],
    first: int = 0,
    most: int = MESSAGES_MAX,
) -> Messages:
    """The last ``most`` of the messages that were sent, or arrived, from this place in the trace
    on; ``places`` are those of the nodes."""
    wanted = [at for at, each in enumerate(seen) if max(each.sent_at, each.arrived_at) >= first]
    wanted = wanted[-most:]
    rows = {at: row for row, at in enumerate(wanted)}
    kinds, texts = Table(), Table()
    shown = [seen[at] for at in wanted]
    told = [tell(each.message) for each in shown]
    labels = {each.words: each.label for each in told}
    return Messages(
        kind=[kinds.position(each.kind) for each in told],
        words=[texts.position(each.words) for each in told],
        kinds=kinds.words,
        texts=texts.words,
        labels=tuple(labels[words] for words in texts.words),
        fates=FATES,
        source=[places[each.source] for each in shown],
        target=[places[each.target] for each in shown],
        term=[each.term for each in told],
        sent=[each.sent for each in shown],
        sent_at=[each.sent_at for each in shown],
        arrived=[each.arrived for each in shown],
        arrived_at=[each.arrived_at for each in shown],
        fate=[_FATE_OF[each.fate] for each in shown],
        original=[rows.get(each.original, -1) for each in shown],
    )
