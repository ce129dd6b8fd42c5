"""What a replica keeps: the write-ahead log, written against a small Disk interface."""

from raft.storage.disk import Disk, DiskError, DiskFull
from raft.storage.storage import Recovered, Storage
from raft.storage.write_ahead_log import StorageCorrupt

__all__ = ["Disk", "DiskError", "DiskFull", "Recovered", "Storage", "StorageCorrupt"]
