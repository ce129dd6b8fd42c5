"""Why a replica may not start on its disk. Each message says which file, what about it, what to do.

There is no way to go on with a guess: a replica that forgot a vote may vote twice, one that forgot
entries may help to elect a leader which lacks what was committed.
"""

from __future__ import annotations

from raft.errors import RaftError

ADVICE = "replace this replica by a new member with an empty disk"


class StorageCorrupt(RaftError):
    """The disk does not hold what was synced to it. The replica must not start: a guess could
    un-commit entries. Replace the disk, and the replica by a new member."""


class StorageMissing(StorageCorrupt):
    """A file that was synced is not there. On a new server: initialise the storage first."""


class StorageInUse(RaftError):
    """The disk was to be initialised, but a replica has run on it: its files would be lost."""


def corrupt(name: str, what: str) -> StorageCorrupt:
    """The error for a file that does not hold what it should."""
    return StorageCorrupt(f"{name}: {what}: the disk lost or changed what was synced; {ADVICE}")


def missing(name: str, what: str) -> StorageMissing:
    """The error for a file that should be there."""
    return StorageMissing(f"{name}: is missing, {what}: the disk lost what was synced; {ADVICE}")
