"""Canonical's C-Raft, the Raft under dqlite, in process (docs/foreign-rafts.md).

build.py    compiles the shim, if it is not yet
shim/       C of ours: libraft as a function, inputs in, effects out
core.py     calls it; effects.py: what it answers, as bytes
disk.py     term, vote, log and snapshots on the disk of the machine
replica.py  a server: what libraft asks for is done here
adapter.py  the subject: what it claims to bear, what it can be configured by
"""

from __future__ import annotations

from nemesis.subjects.errors import SubjectMissing
from nemesis.subjects.subject import Subject


def subject(version: str | None) -> Subject:
    """C-Raft in the version that is on this machine. Raises SubjectMissing."""
    from nemesis.subjects.c_raft.adapter import CRaft
    from nemesis.subjects.c_raft.build import build, installed_version

    found = installed_version()
    if version not in (None, found):
        raise SubjectMissing(f"c-raft-{version}: not this version is here, but c-raft-{found}")
    build()
    return CRaft(f"c-raft-{found}")
