"""The messages that are held: on their way for as long as a schedule likes, or for ever."""

from __future__ import annotations

from collections import Counter

from nemesis.macro.steps import MessageKind
from raft.consensus import (
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshot,
    InstallSnapshotReply,
    Message,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from raft.consensus.messages import ReadIndex, ReadIndexReply, TimeoutNow

KINDS: dict[type[Message], MessageKind] = {
    AppendEntries: "append",
    AppendEntriesReply: "append-reply",
    RequestVote: "vote",
    RequestVoteReply: "vote-reply",
    PreVote: "pre-vote",
    PreVoteReply: "pre-vote-reply",
    InstallSnapshot: "snapshot",
    InstallSnapshotReply: "snapshot-reply",
    TimeoutNow: "timeout-now",
    ReadIndex: "read-index",
    ReadIndexReply: "read-index-reply",
}
# Of the messages of one kind on one link, so many are kept: the newest.
_MOST = 32

Place = tuple[str, str, MessageKind]


class Post:
    """What is held, by link and kind, the oldest first."""

    __slots__ = ("_effects", "_held")

    def __init__(self, effects: Counter[str]) -> None:
        self._held: dict[Place, list[Message]] = {}
        self._effects = effects

    def hold(self, message: Message) -> None:
        """Keep a message back."""
        place = (message.source, message.target, KINDS[type(message)])
        held = self._held.setdefault(place, [])
        held.append(message)
        if len(held) > _MOST:
            del held[0]
        self._effects["hold"] += 1

    def places(self) -> list[Place]:
        """Where anything is held, in the order in which it first was."""
        return [place for place, held in self._held.items() if held]

    def held(self, place: Place) -> list[Message]:
        """What is held there, the oldest first."""
        return self._held.get(place, [])

    def take(self, place: Place, nth: int, *, copy: bool) -> Message | None:
        """The ``nth`` oldest message, -1 being the newest; None if there are not so many."""
        held = self._held.get(place)
        if not held or not -len(held) <= nth < len(held):
            return None
        self._effects["duplicate" if copy else "deliver"] += 1
        return held[nth] if copy else held.pop(nth)

    def lose_all(self) -> None:
        """Nothing that is held will arrive."""
        self._held.clear()
