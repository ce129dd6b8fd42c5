"""The file of currentTerm and votedFor, which is replaced as a whole.

It is also what vouches for the other files: the log could lose its last segment, and the disk its
newest snapshot, without that anything in the rest would tell. So the file names the segment and the
snapshot that must be there at least.

    file    magic, checksum of what follows (u32), term (u64), last segment's number (u64), newest
            snapshot's index (u64), votedFor (UTF-8; nothing if there is no vote)
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple
from zlib import crc32

from raft.consensus.names import NodeId
from raft.storage.errors import corrupt

VOTE_FILE: Final = "vote"
_MAGIC: Final = b"splitbrain vote 1\n"
_CHECKSUM: Final = Struct("<I")
_NUMBERS: Final = Struct("<QQQ")
_BODY: Final = len(_MAGIC) + _CHECKSUM.size


class VoteFile(NamedTuple):
    """What the file says."""

    term: int
    voted_for: NodeId | None
    segment: int
    snapshot: int

    def encode(self) -> bytes:
        """The bytes of the file."""
        body = _NUMBERS.pack(self.term, self.segment, self.snapshot)
        body += (self.voted_for or "").encode()
        return _MAGIC + _CHECKSUM.pack(crc32(body)) + body


def decode_vote_file(data: bytes) -> VoteFile:
    """What the bytes say; raises StorageCorrupt."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise corrupt(VOTE_FILE, "does not begin as a vote file of this version")
    if len(data) < _BODY + _NUMBERS.size:
        raise corrupt(VOTE_FILE, f"ends after {len(data)} bytes")
    body = data[_BODY:]
    if _CHECKSUM.unpack_from(data, len(_MAGIC)) != (crc32(body),):
        raise corrupt(VOTE_FILE, "does not check")
    term, segment, snapshot = _NUMBERS.unpack_from(body)
    return VoteFile(term, body[_NUMBERS.size :].decode() or None, segment, snapshot)
