"""Which file of raft.storage a disk may lose so that its server must notice.

A loss that nobody can notice convicts nobody: a snapshot, or a segment of the log, that the vote
file does not name yet is as good as never written, for nothing was acknowledged that rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable

from nemesis.cluster.protocol import DiskFile
from raft.storage import StorageCorrupt
from raft.storage.disk import UNFINISHED
from raft.storage.segment import segment_number
from raft.storage.snapshot_file import snapshot_name
from raft.storage.vote_file import VOTE_FILE, decode_vote_file


def file_to_lose(
    names: Iterable[str], file: DiskFile, *, whole: bool, vote: bytes | None
) -> str | None:
    """The newest of the files of this kind, or the one before it; None if there is none whose loss
    must be noticed. ``whole``: it is to be gone, not damaged: what is damaged is read, and refused.
    ``vote``: what the vote file holds, if it is there."""
    kind = file.removeprefix("older-")
    found = sorted(
        name for name in names if name.startswith(kind) and not name.endswith(UNFINISHED)
    )
    if kind != file:
        # The very oldest may be covered by a snapshot, so that it is not missed.
        return found[-2] if len(found) >= (3 if whole else 2) else None
    if not found or (whole and not _is_named(found[-1], vote)):
        return None
    return found[-1]


def _is_named(name: str, vote: bytes | None) -> bool:
    """Whether the vote file names this one; also if that cannot be read, for which a server refuses
    to start in any case."""
    if name == VOTE_FILE or vote is None:
        return True
    try:
        known = decode_vote_file(vote)
    except StorageCorrupt:
        return True
    if name.startswith("log-"):
        return segment_number(name) == known.segment
    return name == snapshot_name(known.snapshot)
