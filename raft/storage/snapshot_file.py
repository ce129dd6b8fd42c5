"""Snapshots on the disk, one a file.

name    snapshot-<last index, 20 digits>
file    magic, checksum of what follows (u32), length of the body (u64), body: the snapshot in
        MessagePack
"""

from __future__ import annotations

from struct import Struct
from typing import Final
from zlib import crc32

import msgspec

from raft.consensus.snapshot import Snapshot
from raft.storage.disk import UNFINISHED
from raft.storage.errors import corrupt

_MAGIC: Final = b"splitbrain snapshot 1\n"
_CHECKSUM: Final = Struct("<I")
_LENGTH: Final = Struct("<Q")
_CHECKED: Final = len(_MAGIC) + _CHECKSUM.size
_BODY: Final = _CHECKED + _LENGTH.size
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Snapshot).decode


def snapshot_name(index: int) -> str:
    """The file of the snapshot whose last entry is the one at ``index``."""
    return f"snapshot-{index:020}"


def snapshot_names(files: list[str]) -> list[str]:
    """Those of ``files`` that are snapshots, the oldest first."""
    return sorted(
        [name for name in files if name.startswith("snapshot-") and not name.endswith(UNFINISHED)]
    )


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """The bytes of its file."""
    body = _encode(snapshot)
    checked = _LENGTH.pack(len(body)) + body
    return _MAGIC + _CHECKSUM.pack(crc32(checked)) + checked


def decode_snapshot(name: str, data: bytes) -> Snapshot:
    """The snapshot in the file ``name``; raises StorageCorrupt."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise corrupt(name, "does not begin as a snapshot of this version")
    if len(data) < _BODY:
        raise corrupt(name, f"ends after {len(data)} bytes")
    (length,) = _LENGTH.unpack_from(data, _CHECKED)
    if length != len(data) - _BODY:
        raise corrupt(name, f"says that it holds {length} bytes, and holds {len(data) - _BODY}")
    if _CHECKSUM.unpack_from(data, len(_MAGIC)) != (crc32(data[_CHECKED:]),):
        raise corrupt(name, "does not check")
    try:
        snapshot = _decode(data[_BODY:])
    except msgspec.MsgspecError as error:
        raise corrupt(name, f"holds a snapshot that cannot be read ({error})") from error
    if snapshot_name(snapshot.last_index) != name:
        raise corrupt(name, f"holds the snapshot of index {snapshot.last_index}")
    return snapshot
