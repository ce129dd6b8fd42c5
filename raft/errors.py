"""The root of raft's exceptions, so that a caller can catch all of them by one name.

RaftError
├── CommandError         (raft.kv.commands)
├── SnapshotError        (raft.kv.snapshot)
├── SettingsError        (raft.consensus.settings)
├── DiskError            (raft.storage.disk)
│   └── DiskFull
├── StorageCorrupt       (raft.storage.errors)
│   └── StorageMissing
└── StorageInUse
"""

from __future__ import annotations


class RaftError(Exception):
    """Base of every error that the raft package raises on purpose."""
