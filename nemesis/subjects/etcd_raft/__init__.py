"""etcd's Raft core (go.etcd.io/etcd/raft), as Debian packages it, in process.

It runs behind a shim in Go (shim/), which is built before (build.py): docs/foreign-rafts.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nemesis.subjects.etcd_raft.adapter import EtcdRaft


def subject(version: str | None = None) -> EtcdRaft:
    """The one that is on this machine. Raises SubjectMissing, also if it is not this version."""
    # Not before: this package is also what builds it.
    from nemesis.subjects.etcd_raft.adapter import find

    return find(version)
