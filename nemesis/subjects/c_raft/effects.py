"""What comes out of the shim, and goes into it, as bytes (shim/bytes.h): effects, snapshots."""

from __future__ import annotations

from struct import Struct
from typing import Any, Final, NamedTuple

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


def decode(data: memoryview, size: int) -> tuple[list[Effect], CoreStanding]:
    """What a call has written: effects in their order, and how the server stands after them."""
    at, end = 0, size - _STANDING.size
    effects: list[Effect] = []
    while at < end:
        kind, length = _TWO_32.unpack_from(data, at)
        at += 8
        following = at + length
        effects.append((kind, _DECODERS[kind](data, at, following)))
        at = following
    return effects, CoreStanding._make(_STANDING.unpack_from(data, end))


def encode_loaded(
    term: int,
    voted_for: int,
    start_index: int,
    entries: list[CoreEntry],
    snapshot: CoreSnapshot | None,
) -> bytes:
    """What a disk holds, for raft_io.load."""
    parts = [_LOADED.pack(term, voted_for, start_index, snapshot is not None)]
    if snapshot is not None:
        parts.append(snapshot.encode())
    parts.append(len(entries).to_bytes(4, "little"))
    for entry in entries:
        parts.append(_ENTRY.pack(entry.term, entry.type, len(entry.data)))
        parts.append(entry.data)
    return b"".join(parts)


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


def decode_servers(data: memoryview, at: int) -> tuple[tuple[tuple[int, int], ...], int]:
    count = int.from_bytes(data[at : at + 4], "little")
    at += 4
    servers = tuple(_SERVER.iter_unpack(data[at : at + count * _SERVER.size]))
    return servers, at + count * _SERVER.size


def _snapshot(data: memoryview, at: int, end: int) -> CoreSnapshot:
    trailing = int.from_bytes(data[at : at + 4], "little")
    index, term, configuration_index = _SNAPSHOT.unpack_from(data, at + 4)
    servers, at = decode_servers(data, at + 4 + _SNAPSHOT.size)
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
