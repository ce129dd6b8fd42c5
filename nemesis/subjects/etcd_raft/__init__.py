"""etcd's Raft core (go.etcd.io/etcd/raft), as Debian packages it, in process.

It runs behind a shim in Go (shim/), which is built before (build.py): docs/foreign-rafts.md.
"""

from nemesis.subjects.etcd_raft.subject import subject

__all__ = ["subject"]
