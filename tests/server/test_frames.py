"""What servers send each other, as bytes: whole, in pieces, and broken."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raft.consensus import AppendEntries, Entry
from raft.consensus.configuration import Configuration
from raft.consensus.messages import InstallSnapshot, ReadIndexReply
from raft.kv.revisions import Put, PutAnswer, Transaction
from raft.server.frames import (
    Forward,
    Forwarded,
    FrameError,
    FrameReader,
    Hello,
    Refused,
    Welcome,
    decode_handshake,
    decode_message,
    encode_frame,
)

CONFIGURATION = Configuration(("n1", "n2"), ("n1",), ("n3",))
MESSAGES = [
    AppendEntries("n1", "n2", 3, 7, 2, (Entry(8, 3, b"\0\xff"), Entry(9, 3, b"", CONFIGURATION)), 7, 1),
    InstallSnapshot("n1", "n2", 3, 7, 2, CONFIGURATION, 0, b"data", True, 0),
    ReadIndexReply("n1", "n2", 3, 1 << 62, None),
    Forward(1, "n1-aa", Transaction((), (Put(b"k", b"v"),), ())),
    Forwarded(1, "ok", PutAnswer(7, None)),
]  # fmt: skip
HANDSHAKES = [Hello(1, 2**63 - 1, "n1", "n2", -1), Welcome(5, "n2"), Refused("why")]


@given(st.lists(st.integers(1, 40)))
def test_frames_come_out_as_they_went_in_however_they_are_cut(cuts: list[int]) -> None:
    data = b"".join(encode_frame(message, at) for at, message in enumerate(MESSAGES))
    reader = FrameReader(10_000)
    found = []
    for cut in [*cuts, len(data)]:
        part, data = data[:cut], data[cut:]
        found += list(reader.feed(part))
    assert [stamp for stamp, _ in found] == list(range(len(MESSAGES)))
    assert [decode_message(body) for _, body in found] == MESSAGES


@pytest.mark.parametrize("message", HANDSHAKES)
def test_handshakes_come_out_as_they_went_in(message: Hello | Welcome | Refused) -> None:
    ((stamp, body),) = FrameReader(4096).feed(encode_frame(message, 5))
    assert (stamp, decode_handshake(body)) == (5, message)


def test_an_unfinished_frame_is_not_given() -> None:
    reader = FrameReader(100)
    assert list(reader.feed(encode_frame(Refused("why"), 5)[:-1])) == []


def test_a_frame_that_is_too_long_is_refused_by_its_head_alone() -> None:
    head = encode_frame(Refused("x" * 200), 5)[:12]
    with pytest.raises(FrameError, match="at most 108"):
        list(FrameReader(100).feed(head))


def test_a_frame_may_be_as_long_as_the_limit_says() -> None:
    frame = encode_frame(Refused("x" * 200), 5)
    ((_, body),) = FrameReader(len(frame) - 12).feed(frame)
    assert len(body) == len(frame) - 12


@pytest.mark.parametrize("head", [b"\0\0\0\0" + bytes(8), b"\xff" * 12, b"GET / HTTP/1.1\r\n"])
def test_garbage_in_place_of_a_head_is_refused(head: bytes) -> None:
    with pytest.raises(FrameError):
        list(FrameReader(4096).feed(head))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\x80",
        b"\x81\xa4type\xa5Hello",
        b"\x81\xa4type\xa6Nobody",
        msgspec.msgpack.encode(
            {"type": "MemberChange", "number": 1, "kind": "dismiss", "member": "n1"}
        ),
    ],
)
def test_garbage_in_place_of_a_body_is_refused(body: bytes) -> None:
    with pytest.raises(FrameError):
        decode_message(body)
    with pytest.raises(FrameError):
        decode_handshake(body)


@given(st.binary(max_size=60))
def test_bytes_are_frames_or_refused(data: bytes) -> None:
    try:
        for _, body in FrameReader(50).feed(data):
            decode_message(body)
    except FrameError:
        pass


def test_a_message_is_no_handshake_nor_a_handshake_a_message() -> None:
    ((_, message),) = FrameReader(1000).feed(encode_frame(MESSAGES[0], 1))
    with pytest.raises(FrameError):
        decode_handshake(message)
    ((_, hello),) = FrameReader(1000).feed(encode_frame(HANDSHAKES[0], 1))
    with pytest.raises(FrameError):
        decode_message(hello)
