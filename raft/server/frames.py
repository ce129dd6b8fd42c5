"""What servers send each other, as bytes.

    frame    length of the rest (u32), the sender's trace time in ns (u64), body; big-endian
    body     a message in MessagePack

A connection begins with a Hello of the one who connects, answered by Welcome or Refused; from then
on messages go in that one direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, Literal

import msgspec

from raft.consensus import Message
from raft.errors import RaftError
from raft.kv.revisions import Answer, Write

VERSION: Final = 1
_HEAD: Final = Struct(">IQ")
_STAMP_BYTES: Final = 8


class FrameError(RaftError):
    """Bytes that no server of this version sends; the connection is closed."""


class Hello(msgspec.Struct, frozen=True, tag="Hello", gc=False):
    """Who connects, and to whom it thinks to.

    ``configuration_index`` is that of the entry by which the sender knows itself to be a member,
    -1 if it does not: whoever has committed no entry of that index yet may not know of it.
    """

    version: int
    cluster: int
    member: str
    target: str
    configuration_index: int


class Welcome(msgspec.Struct, frozen=True, tag="Welcome", gc=False):
    """The connection is accepted; who did so."""

    cluster: int
    member: str


class Refused(msgspec.Struct, frozen=True, tag="Refused", gc=False):
    """It is not, for this reason."""

    reason: str


class Forward(msgspec.Struct, frozen=True, tag="Forward", gc=False):
    """A write that a client has asked the sender for; the leader performs it."""

    number: int
    origin: str
    write: Write


ChangeKind = Literal["add-voter", "add-learner", "promote", "remove"]


class MemberChange(msgspec.Struct, frozen=True, tag="MemberChange", gc=False):
    """A change of the membership that an operator has asked the sender for."""

    number: int
    kind: ChangeKind
    member: str


class Forwarded(msgspec.Struct, frozen=True, tag="Forwarded", gc=False):
    """What became of a Forward or a MemberChange: "ok", "not-leader" and "busy" (nothing was
    done), "refused" with its reason, or "lost" (nobody knows)."""

    number: int
    status: str
    answer: Answer | None = None
    reason: str = ""


Handshake = Hello | Welcome | Refused
PeerMessage = Message | Forward | MemberChange | Forwarded

_encode: Final = msgspec.msgpack.Encoder().encode
_handshakes: msgspec.msgpack.Decoder[Handshake] = msgspec.msgpack.Decoder(Handshake)
_messages: msgspec.msgpack.Decoder[PeerMessage] = msgspec.msgpack.Decoder(PeerMessage)


def encode_frame(message: Handshake | PeerMessage, stamp: int) -> bytes:
    """The bytes of a message that is sent at the trace time ``stamp``."""
    body = _encode(message)
    return _HEAD.pack(len(body) + _STAMP_BYTES, stamp) + body


def decode_handshake(body: bytes) -> Handshake:
    """Raises FrameError."""
    try:
        return _handshakes.decode(body)
    except msgspec.DecodeError as error:
        raise FrameError(f"{len(body)} bytes are no handshake: {error}") from error


def decode_message(body: bytes) -> PeerMessage:
    """Raises FrameError."""
    try:
        return _messages.decode(body)
    except msgspec.DecodeError as error:
        raise FrameError(f"{len(body)} bytes are no message: {error}") from error


class FrameReader:
    """Cuts a stream of bytes into frames."""

    __slots__ = ("_buffer", "limit")

    def __init__(self, limit: int) -> None:
        # Bytes that a body may have.
        self.limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Stamp and body of each frame that is complete with ``data``; raises FrameError for one
        that is longer than it may be, before its bytes are taken in."""
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= _HEAD.size:
                length, stamp = _HEAD.unpack_from(buffer, start)
                if not _STAMP_BYTES <= length <= self.limit + _STAMP_BYTES:
                    raise FrameError(
                        f"a frame of {length} bytes: at most {self.limit + _STAMP_BYTES} may come"
                    )
                end = start + 4 + length
                if len(buffer) < end:
                    return
                body = bytes(buffer[start + _HEAD.size : end])
                start = end
                yield stamp, body
        finally:
            del buffer[:start]
