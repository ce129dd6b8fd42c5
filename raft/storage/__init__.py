"""What a replica keeps: term and vote, the write-ahead log and a snapshot, over a Disk interface.

disk.py             what a disk can do, and what of it is durable when
storage.py          all of it together: initialize, recover, save, save_snapshot, compact
vote_file.py        term and vote, and which other files must be there
segment.py          the format of the log: records with chained checksums; what a torn tail is
write_ahead_log.py  entries in segments: rotation, replay, removal
snapshot_file.py    the format of snapshots
errors.py           why a replica may not start on its disk
"""

from raft.storage.disk import Disk, DiskError, DiskFull
from raft.storage.errors import StorageCorrupt, StorageInUse, StorageMissing
from raft.storage.storage import SEGMENT_BYTES, Recovered, Storage

__all__ = [
    "SEGMENT_BYTES",
    "Disk",
    "DiskError",
    "DiskFull",
    "Recovered",
    "Storage",
    "StorageCorrupt",
    "StorageInUse",
    "StorageMissing",
]
