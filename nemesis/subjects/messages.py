"""What replicas of foreign subjects send, as the simulated network wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from nemesis.subjects.subject import Addressed, Answering


class Envelope(NamedTuple):
    """A message with its sender and its receiver; what it says, the subject knows."""

    source: str
    target: str
    content: Any


class Produced(NamedTuple):
    """The outputs of one call."""

    messages: Sequence[Addressed]
    replies: Sequence[Answering]


NOTHING = Produced((), ())
