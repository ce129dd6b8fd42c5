"""One server of C-Raft, as a function: each call is one thing that happens, its result what libraft
asked for meanwhile (shim.c), in the order in which it did.

Ids of servers are the numbers in their names.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from struct import Struct
from typing import Any, Final, NamedTuple

from nemesis.subjects.c_raft.build import build
from nemesis.subjects.errors import SubjectFailed

# Error codes of raft.h.
NOT_LEADER: Final = 7
LEADERSHIP_LOST: Final = 8
NO_SPACE: Final = 22

# Types of entries, of raft.h.
COMMAND: Final = 1
CHANGE: Final = 3

# State codes of raft.h.
UNAVAILABLE: Final = 0
FOLLOWER: Final = 1
CANDIDATE: Final = 2
LEADER: Final = 3

# Roles of servers, of raft.h.
STANDBY: Final = 0
VOTER: Final = 1

# Types of messages, of raft.h.
APPEND_ENTRIES: Final = 1
REQUEST_VOTE: Final = 3
REQUEST_VOTE_RESULT: Final = 4

# Kinds of effects, of shim.c.
TERM: Final = 1
VOTE: Final = 2
APPEND: Final = 3
TRUNCATE: Final = 4
SEND: Final = 5
APPLY: Final = 6
ANSWER: Final = 7
SNAPSHOT_PUT: Final = 8
SNAPSHOT_GET: Final = 9
RESTORE: Final = 10

_FAILURES: Final = {
    -1: "ended by a signal",
    -2: "failed its own assertion",
    -3: "did more than the shim has space for",
    -4: "was handed bytes that are no message",
    -5: "broke the contract of raft.h",
}
_TWO_32: Final = Struct("<II")
_64: Final = Struct("<Q")
_TWO_64: Final = Struct("<QQ")
_ENTRY: Final = Struct("<QII")
_SERVER: Final = Struct("<QI")
_SNAPSHOT: Final = Struct("<QQQ")
_LOADED: Final = Struct("<QQQI")
_STANDING: Final = Struct("<13Q")


class CoreStanding(NamedTuple):
    """How a server stands after a call, as struct raft says."""

    state: int
    is_pre_candidate: int
    term: int
    voted_for: int
    last_index: int
    last_term: int
    commit_index: int
    last_applied: int
    leader: int
    votes: int
    configuration_index: int
    uncommitted_configuration_index: int
    # The log in memory begins after this index.
    offset: int


class CoreEntry(NamedTuple):
    """An entry: its term, its type, its data."""

    term: int
    type: int
    data: bytes


class CoreSnapshot(NamedTuple):
    """A snapshot; ``servers`` are ids and roles. Without ``trailing``, it takes the place of the
    whole log."""

    last_index: int
    last_term: int
    configuration_index: int
    servers: tuple[tuple[int, int], ...]
    data: bytes
    trailing: int = 0

    @classmethod
    def decode(cls, data: bytes) -> CoreSnapshot:
        """What ``encode`` made of it."""
        return _snapshot(memoryview(bytes(4) + data), 0, len(data) + 4)

    def encode(self) -> bytes:
        """As shim.c reads it."""
        servers = b"".join(_SERVER.pack(*each) for each in self.servers)
        return b"".join(
            (
                _SNAPSHOT.pack(self.last_index, self.last_term, self.configuration_index),
                len(self.servers).to_bytes(4, "little"),
                servers,
                len(self.data).to_bytes(4, "little"),
                self.data,
            )
        )


# A kind, and what it is about.
Effect = tuple[int, Any]


@cache
def _library() -> tuple[ctypes.CDLL, memoryview]:
    """The shim, and where it writes effects. Raises SubjectMissing."""
    # Deep binding: an assertion of libraft ends in the shim's __assert_fail, not in libc's.
    library = ctypes.CDLL(str(build()), mode=os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND)
    server, size, time, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_ulonglong, ctypes.c_int
    data = ctypes.c_char_p
    signatures: dict[str, list[object]] = {
        "server_start": [server, time, data, size],
        "server_tick": [server, time],
        "server_receive": [server, time, data, size],
        "server_apply": [server, time, ctypes.c_uint64, data, size],
        "server_barrier": [server, time, ctypes.c_uint64],
        "server_transfer": [server, time, ctypes.c_uint64, ctypes.c_ulonglong],
        "server_appended": [server, time, number],
        "server_snapshot_stored": [server, time, number],
        "server_snapshot_loaded": [server, time, data, size],
        "server_configuration": [server],
        "server_fail": [server, number],
        "first_configuration": [server, ctypes.POINTER(ctypes.c_uint64), ctypes.c_uint],
    }
    for name, arguments in signatures.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = ctypes.c_int64
    library.server_new.argtypes = [
        ctypes.c_ulonglong,
        ctypes.c_uint64,
        ctypes.c_uint,
        ctypes.c_uint,
        number,
        ctypes.c_uint,
        ctypes.c_uint,
    ]
    library.server_new.restype = ctypes.c_void_p
    library.server_error.argtypes = [server]
    library.server_error.restype = data
    library.server_free.argtypes = [server]
    library.server_free.restype = None
    effects = memoryview((ctypes.c_ubyte * (64 << 20)).in_dll(library, "effects")).cast("B")
    return library, effects


class Core:
    """A ``struct raft``. After each call ``standing`` is new. Times in ms; randomness from ``seed``
    alone. What libraft does not survive is raised as SubjectFailed, and the core is then only good
    to be closed."""

    def __init__(
        self,
        number: int,
        seed: int,
        *,
        election_timeout: int,
        heartbeat_timeout: int,
        pre_vote: bool,
        snapshot_threshold: int,
        snapshot_trailing: int,
    ) -> None:
        self._library, self._effects = _library()
        self.standing = CoreStanding(*[0] * 13)
        self._server: int | None = self._library.server_new(
            number,
            seed,
            election_timeout,
            heartbeat_timeout,
            pre_vote,
            snapshot_threshold,
            snapshot_trailing,
        )
        if self._server is None:
            raise MemoryError("libraft could not be initialised")

    def close(self) -> None:
        """The process is gone, with all its memory."""
        if self._server is not None:
            self._library.server_free(self._server)
            self._server = None

    __del__ = close

    # -- What happens ----------------------------------------------------------------------------

    def start(
        self,
        now: int,
        term: int,
        voted_for: int,
        start_index: int,
        entries: list[CoreEntry],
        snapshot: CoreSnapshot | None,
    ) -> list[Effect]:
        """The server starts on what its disk holds."""
        parts = [_LOADED.pack(term, voted_for, start_index, snapshot is not None)]
        if snapshot is not None:
            parts.append(snapshot.encode())
        parts.append(len(entries).to_bytes(4, "little"))
        for entry in entries:
            parts.append(_ENTRY.pack(entry.term, entry.type, len(entry.data)))
            parts.append(entry.data)
        loaded = b"".join(parts)
        return self._taken(self._library.server_start(self._server, now, loaded, len(loaded)))

    def tick(self, now: int) -> list[Effect]:
        """The heartbeat time-out has passed since the last tick."""
        return self._taken(self._library.server_tick(self._server, now))

    def receive(self, now: int, message: bytes) -> list[Effect]:
        """A message arrives."""
        return self._taken(self._library.server_receive(self._server, now, message, len(message)))

    def apply(self, now: int, token: int, command: bytes) -> list[Effect]:
        """Propose a command; an ANSWER to ``token`` will tell what came of it: 0 once it is applied
        here, an error code if it may not be, a negated one if nothing was done."""
        return self._taken(
            self._library.server_apply(self._server, now, token, command, len(command))
        )

    def barrier(self, now: int, token: int) -> list[Effect]:
        """Propose a barrier; answered likewise, once everything before it is applied."""
        return self._taken(self._library.server_barrier(self._server, now, token))

    def transfer(self, now: int, token: int, target: int) -> list[Effect]:
        """Hand the leadership over; answered with 0 when that is over, however it ended."""
        return self._taken(self._library.server_transfer(self._server, now, token, target))

    def appended(self, now: int, status: int = 0) -> list[Effect]:
        """The oldest APPEND that has not ended has."""
        return self._taken(self._library.server_appended(self._server, now, status))

    def snapshot_stored(self, now: int, status: int = 0) -> list[Effect]:
        """The SNAPSHOT_PUT has ended."""
        return self._taken(self._library.server_snapshot_stored(self._server, now, status))

    def snapshot_loaded(self, now: int, snapshot: CoreSnapshot) -> list[Effect]:
        """The oldest SNAPSHOT_GET that has not ended has."""
        data = snapshot.encode()
        return self._taken(self._library.server_snapshot_loaded(self._server, now, data, len(data)))

    def fail(self, how: int) -> list[Effect]:
        """For tests: what an error in C does, 0 a wild pointer, 1 abort."""
        return self._taken(self._library.server_fail(self._server, how))

    # -- What it says ----------------------------------------------------------------------------

    def first_configuration(self, numbers: list[int]) -> bytes:
        """The data of the first entry of every log: these voters."""
        ids = (ctypes.c_uint64 * len(numbers))(*numbers)
        size = self._checked(self._library.first_configuration(self._server, ids, len(numbers)))
        return bytes(self._effects[:size])

    def servers(self) -> tuple[tuple[int, int], ...]:
        """The configuration in effect: ids and roles."""
        self._library.server_configuration(self._server)
        return _servers(self._effects, 0)[0]

    def error(self) -> str:
        """What libraft says of its last error; may be empty."""
        text: bytes = self._library.server_error(self._server)
        return text.decode(errors="replace")

    def _checked(self, size: int) -> int:
        if size < 0:
            what = _FAILURES[size]
            if size in (-1, -2, -5):
                text = ctypes.c_char.in_dll(self._library, "failure")
                what += f": {ctypes.string_at(ctypes.addressof(text)).decode(errors='replace')}"
            raise SubjectFailed(f"libraft {what}")
        return size

    def _taken(self, size: int) -> list[Effect]:
        """Decode what a call has written."""
        if size < 0:
            self._checked(size)
        data = self._effects
        at, end = 0, size - _STANDING.size
        self.standing = CoreStanding._make(_STANDING.unpack_from(data, end))
        effects: list[Effect] = []
        while at < end:
            kind, length = _TWO_32.unpack_from(data, at)
            at += 8
            following = at + length
            effects.append((kind, _DECODERS[kind](data, at, following)))
            at = following
        return effects


def _number(data: memoryview, at: int, end: int) -> int:
    number: int = _64.unpack_from(data, at)[0]
    return number


def _appended(data: memoryview, at: int, end: int) -> tuple[int, list[CoreEntry]]:
    first: int = _64.unpack_from(data, at)[0]
    entries = []
    at += 12
    while at < end:
        term, kind, length = _ENTRY.unpack_from(data, at)
        at += 16
        entries.append(CoreEntry(term, kind, bytes(data[at : at + length])))
        at += length
    return first, entries


def _message(data: memoryview, at: int, end: int) -> tuple[int, bytes]:
    return _64.unpack_from(data, at)[0], bytes(data[at + 8 : end])


def _applied(data: memoryview, at: int, end: int) -> tuple[int, int, bytes]:
    index, term = _TWO_64.unpack_from(data, at)
    return index, term, bytes(data[at + 16 : end])


def _answer(data: memoryview, at: int, end: int) -> tuple[int, int]:
    token, status = _TWO_64.unpack_from(data, at)
    return token, status - (1 << 64) if status >> 63 else status


def _servers(data: memoryview, at: int) -> tuple[tuple[tuple[int, int], ...], int]:
    count = int.from_bytes(data[at : at + 4], "little")
    at += 4
    servers = tuple(_SERVER.iter_unpack(data[at : at + count * _SERVER.size]))
    return servers, at + count * _SERVER.size


def _snapshot(data: memoryview, at: int, end: int) -> CoreSnapshot:
    trailing = int.from_bytes(data[at : at + 4], "little")
    index, term, configuration_index = _SNAPSHOT.unpack_from(data, at + 4)
    servers, at = _servers(data, at + 4 + _SNAPSHOT.size)
    return CoreSnapshot(
        index, term, configuration_index, servers, bytes(data[at + 4 : end]), trailing
    )


def _bytes(data: memoryview, at: int, end: int) -> bytes:
    return bytes(data[at:end])


_DECODERS = {
    TERM: _number,
    VOTE: _number,
    APPEND: _appended,
    TRUNCATE: _number,
    SEND: _message,
    APPLY: _applied,
    ANSWER: _answer,
    SNAPSHOT_PUT: _snapshot,
    SNAPSHOT_GET: _bytes,
    RESTORE: _bytes,
}


class MessageSeen(NamedTuple):
    """What of a message those who judge want to know."""

    term: int
    # Whether the sender is, or was, in that term: it is not if it only asks who would vote.
    exposes_term: bool
    # A vote becomes known: the sender's, as a candidate, or its grant.
    is_candidacy: bool
    is_grant: bool


_SEEN = Struct("<IQ")
_IS_PRE_VOTE = Struct("<I")
_GRANTED = Struct("<II")
_TRIBOOL_TRUE = 1


def look_into(message: bytes) -> MessageSeen:
    """What a message reveals."""
    kind, term = _SEEN.unpack_from(message, 8)
    if kind == REQUEST_VOTE:
        is_real = not _IS_PRE_VOTE.unpack_from(message, 48)[0]
        return MessageSeen(term, is_real, is_real, False)
    if kind == REQUEST_VOTE_RESULT:
        granted, pre_vote = _GRANTED.unpack_from(message, 20)
        # The answer to a pre-vote names the term that the election would be of.
        is_real = pre_vote != _TRIBOOL_TRUE
        return MessageSeen(term, is_real, False, bool(granted) and is_real)
    return MessageSeen(term, True, False, False)
