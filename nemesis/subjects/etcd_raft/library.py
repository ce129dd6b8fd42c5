"""The shim as Python sees it: a node, its doors, and what they answer (shim/encode.go)."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, Final

import msgspec

from nemesis.subjects.errors import SubjectFailed

# Numbers of the core (raftpb.MessageType, raftpb.EntryType, raft.StateType).
NORMAL: Final = 0
VOTE: Final = 5
VOTE_RESPONSE: Final = 6
PROPOSAL: Final = 2
READ_INDEX: Final = 15
PRE_VOTE: Final = 17
PRE_VOTE_RESPONSE: Final = 18
LEADER: Final = 2


class Configuration(msgspec.Struct, frozen=True, array_like=True):
    """A ConfState: the members by their numbers."""

    voters: tuple[int, ...]
    outgoing: tuple[int, ...]
    learners: tuple[int, ...]
    learners_next: tuple[int, ...]
    leaves_automatically: bool


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A Snapshot."""

    last_index: int
    last_term: int
    configuration: Configuration
    data: bytes


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An Entry."""

    index: int
    term: int
    kind: int
    data: bytes


class Message(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Message: what one has to know who looks into none, and all of it, as protobuf."""

    target: int
    kind: int
    term: int
    is_rejection: bool
    content: bytes

    @property
    def tells_term(self) -> bool:
        """Whether its term is its sender's: not that of a pre-vote, nor of a grant of one."""
        if self.kind == PRE_VOTE_RESPONSE:
            return self.is_rejection
        return self.kind not in (PROPOSAL, READ_INDEX, PRE_VOTE)


class ReadState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A ReadState: who asked by this context may read at this index."""

    index: int
    context: bytes


class Changed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The configuration that the entry at this index has brought into effect."""

    index: int
    configuration: Configuration


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state of a node, and, if ``has_ready``, the Ready that is to be handled and advanced."""

    has_ready: bool
    # A proposal was refused.
    was_dropped: bool
    term: int
    vote: int
    commit_index: int
    leader: int
    role: int
    votes: int
    last_index: int
    # In how many ticks something comes of one.
    ticks_until_due: int
    must_sync: bool
    snapshot: Snapshot | None
    entries: tuple[Entry, ...]
    messages: tuple[Message, ...]
    committed: tuple[Entry, ...]
    reads: tuple[ReadState, ...]
    configuration: Configuration
    # To whom the leadership is being transferred; 0 if it is not.
    successor: int
    changed: tuple[Changed, ...]


_decode: Final = msgspec.msgpack.Decoder(Answer).decode

_NUMBER: Final = ctypes.c_int64
_UNSIGNED: Final = ctypes.c_uint64
_BYTES: Final = (ctypes.c_char_p, _NUMBER)
# What each door takes; those that answer also take the space for it.
_PREPARATIONS: Final[dict[str, tuple[Any, ...]]] = {
    "Create": (),
    "Count": (),
    "Close": (_NUMBER,),
    "Snapshot": (_NUMBER, _UNSIGNED, _UNSIGNED, *_BYTES, *_BYTES),
    "Entry": (_NUMBER, _UNSIGNED, _UNSIGNED, _NUMBER, *_BYTES),
}
_DOORS: Final[dict[str, tuple[Any, ...]]] = {
    "Again": (),
    "Start": (
        *(_NUMBER, _UNSIGNED, _UNSIGNED, _NUMBER, _NUMBER, _NUMBER, _NUMBER, _NUMBER),
        *(_UNSIGNED, _UNSIGNED, _NUMBER, _UNSIGNED, _UNSIGNED, _UNSIGNED, _UNSIGNED),
    ),
    "Tick": (_NUMBER, _NUMBER),
    "Step": (_NUMBER, _NUMBER, *_BYTES),
    "Propose": (_NUMBER, _NUMBER, *_BYTES),
    "ReadIndex": (_NUMBER, _NUMBER, *_BYTES),
    "Transfer": (_NUMBER, _NUMBER, _UNSIGNED),
    "Change": (_NUMBER, _NUMBER, _NUMBER, *_BYTES),
    "Advance": (_NUMBER,),
    "Compact": (_NUMBER, _UNSIGNED, _UNSIGNED, *_BYTES),
}


class Library:
    """The shim, loaded: once in a process, and never to be forked."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        self._doors: dict[str, Any] = {}
        for name, takes in (*_PREPARATIONS.items(), *_DOORS.items()):
            door = library[f"Splitbrain{name}"]
            door.argtypes = takes if name in _PREPARATIONS else (*takes, ctypes.c_char_p, _NUMBER)
            door.restype = None if name == "Close" else _NUMBER
            self._doors[name] = door
        self._space = ctypes.create_string_buffer(1 << 16)

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return int(self._doors["Count"]())

    def door(self, name: str) -> Any:
        """The door itself: to be called with what it takes alone."""
        return self._doors[name]

    def enter(self, door: Any, *arguments: Any) -> Answer:
        """Go through a door that answers. Raises SubjectFailed if the core panics."""
        length = door(*arguments, self._space, len(self._space))
        if length >= 0:
            return _decode(self._answered(length))
        raise SubjectFailed(f"panic: {self._text(-1 - length)}")

    def prepare(self, name: str, *arguments: Any) -> int:
        """Go through a door that does not. Raises SubjectFailed if the core panics."""
        result = int(self._doors[name](*arguments))
        if result < 0:
            length = self._doors["Again"](self._space, len(self._space))
            raise SubjectFailed(f"panic: {self._text(length)}")
        return result

    def _text(self, length: int) -> str:
        return bytes(self._answered(length)).decode(errors="replace")

    def _answered(self, length: int) -> memoryview:
        if length > len(self._space):
            self._space = ctypes.create_string_buffer(2 * length)
            self._doors["Again"](self._space, len(self._space))
        return memoryview(self._space)[:length]


class Node:
    """One RawNode, from ``start`` until ``close``."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._number = library.prepare("Create")
        self._tick = library.door("Tick")
        self._step = library.door("Step")
        self._propose = library.door("Propose")
        self._read_index = library.door("ReadIndex")
        self._advance = library.door("Advance")

    def close(self) -> None:
        """Free it. Nothing else may follow."""
        if self._number:
            self._library.door("Close")(self._number)
            self._number = 0

    # -- Before the start ------------------------------------------------------------------------

    def load_snapshot(self, index: int, term: int, members: Configuration, data: bytes) -> None:
        """The log begins after this snapshot."""
        sets = (members.voters, members.outgoing, members.learners, members.learners_next)
        counts = bytes((*map(len, sets), members.leaves_automatically))
        state = counts + bytes(member for some in sets for member in some)
        self._library.prepare("Snapshot", self._number, index, term, *_sized(state), *_sized(data))

    def load_entry(self, entry: Entry) -> None:
        """The next entry of the log."""
        self._library.prepare(
            "Entry", self._number, entry.index, entry.term, entry.kind, *_sized(entry.data)
        )

    def start(
        self,
        *,
        identity: int,
        seed: int,
        election_ticks: int,
        heartbeat_ticks: int,
        pre_vote: bool,
        check_quorum: bool,
        lease_reads: bool,
        max_bytes_per_message: int,
        max_uncommitted_bytes: int,
        max_messages_in_flight: int,
        term: int,
        vote: int,
        commit_index: int,
        last_applied: int,
    ) -> Answer:
        """The node comes up with this HardState and on what was loaded."""
        return self._library.enter(
            self._library.door("Start"),
            *(self._number, identity, seed, election_ticks, heartbeat_ticks),
            *(pre_vote, check_quorum, lease_reads, max_bytes_per_message, max_uncommitted_bytes),
            *(max_messages_in_flight, term, vote, commit_index, last_applied),
        )

    # -- Inputs ----------------------------------------------------------------------------------

    def tick(self, ticks: int) -> Answer:
        """So much time has passed."""
        return self._library.enter(self._tick, self._number, ticks)

    def step(self, ticks: int, message: bytes) -> Answer:
        """So much time has passed without effect, and a message has come."""
        return self._library.enter(self._step, self._number, ticks, message, len(message))

    def propose(self, ticks: int, data: bytes) -> Answer:
        """The same, and this is proposed."""
        return self._library.enter(self._propose, self._number, ticks, data, len(data))

    def read_index(self, ticks: int, context: bytes) -> Answer:
        """The same, and an index to read at is asked for."""
        return self._library.enter(self._read_index, self._number, ticks, context, len(context))

    def transfer(self, ticks: int, successor: int) -> Answer:
        """The same, and the leadership is to be handed over."""
        door = self._library.door("Transfer")
        return self._library.enter(door, self._number, ticks, successor)

    def change(self, ticks: int, transition: int, changes: bytes) -> Answer:
        """The same, and a change of the configuration is proposed: a type and a member, each."""
        door = self._library.door("Change")
        return self._library.enter(door, self._number, ticks, transition, *_sized(changes))

    def advance(self) -> Answer:
        """The last Ready is handled."""
        return self._library.enter(self._advance, self._number)

    def compact(self, index: int, kept: int, state: bytes) -> Answer:
        """``state`` is a durable snapshot of index ``index``; the entries up to ``kept`` may go."""
        door = self._library.door("Compact")
        return self._library.enter(door, self._number, index, kept, *_sized(state))


def _sized(data: bytes) -> tuple[bytes, int]:
    return data, len(data)
