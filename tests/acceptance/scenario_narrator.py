"""What scenarios print: messages, and what servers tell of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from raft.consensus import Entry, Message
from raft.consensus.configuration import Configuration
from raft.consensus.messages import ReadIndex, ReadIndexReply
from raft.observer import Observer

# As in raft.consensus.follower_reads.
NUMBERS_A_LIFE = 1 << 40


def text_of(value: Any) -> str:
    """A field of a message, as people write it."""
    if isinstance(value, Entry):
        what = text_of(value.configuration) if value.configuration else value.command.decode()
        return f"{value.index}/{value.term} {what}".rstrip()
    if isinstance(value, Configuration):
        parts = [f"voters={' '.join(value.voters)}"]
        for name in ("outgoing", "learners", "learners_next"):
            if getattr(value, name):
                parts.append(f"{name}={' '.join(getattr(value, name))}")
        if not value.leave_automatically:
            parts.append("leave_automatically=False")
        return f"({' '.join(parts)})"
    if isinstance(value, tuple):
        return f"[{', '.join(map(text_of, value))}]"
    if isinstance(value, bytes):
        return value.decode()
    return str(value)


class Describer:
    """Puts messages into words, each a line.

    The numbers of reads in messages are random in each life of a server, so that none comes twice:
    the lives are counted here as they are met.
    """

    def __init__(self) -> None:
        self._lives: dict[str, list[int]] = {}

    def describe(self, message: Message) -> str:
        """Source and target, kind, and the fields that say something."""
        return " ".join(self._words(message))

    def _words(self, message: Message) -> Iterator[str]:
        yield f"{message.source}->{message.target}"
        yield type(message).__name__
        if isinstance(message, ReadIndex | ReadIndexReply):
            yield from self._words_of_read(message)
            return
        for name in message.__struct_fields__[2:]:
            value = getattr(message, name)
            if value is True:
                yield name
            elif value or name == "term":
                yield f"{name}={text_of(value)}"

    def _words_of_read(self, message: ReadIndex | ReadIndexReply) -> Iterator[str]:
        reader = message.source if isinstance(message, ReadIndex) else message.target
        life, number = divmod(message.read_id, NUMBERS_A_LIFE)
        lives = self._lives.setdefault(reader, [])
        if life not in lives:
            lives.append(life)
        yield f"term={message.term}"
        yield f"read_id={number}"
        if lives.index(life):
            yield f"life={lives.index(life) + 1}"
        if isinstance(message, ReadIndexReply):
            yield f"read_index={message.read_index}"


class Narrator(Observer):
    """Writes down what a server tells of itself."""

    __slots__ = ("_add", "_name")

    def __init__(self, name: str, add: Callable[[str], None]) -> None:
        self._name = name
        self._add = add

    def _say(self, what: str) -> None:
        self._add(f"{self._name} {what}")

    def term_changed(self, term: int) -> None:
        self._say(f"enters term {term}")

    def role_changed(self, role: str, term: int) -> None:
        self._say(f"is {role} in term {term}")

    def appended(self, index: int, term: int, command: bytes) -> None:
        self._say(f"appends {index}/{term} {command.decode()}".rstrip())

    def truncated(self, index: int) -> None:
        self._say(f"truncates from {index}")

    def committed(self, index: int) -> None:
        self._say(f"commits {index}")

    def configuration_changed(self, index: int, configuration: Configuration) -> None:
        self._say(f"adopts configuration {index} {text_of(configuration)}")

    def snapshot_taken(self, index: int, term: int, digest: str) -> None:
        self._say(f"takes snapshot {index}/{term}")

    def snapshot_restored(self, index: int, term: int, digest: str, last_index: int) -> None:
        self._say(f"restores snapshot {index}/{term}, log to {last_index}")

    def compacted(self, index: int) -> None:
        self._say(f"compacts to {index}")

    def lease_read(self, index: int, term: int) -> None:
        self._say(f"reads at {index} by its lease of term {term}")

    def transfer_started(self, target: str) -> None:
        self._say(f"hands over to {target}")

    def transfer_ended(self, outcome: str) -> None:
        self._say(f"hand-over {outcome}")
