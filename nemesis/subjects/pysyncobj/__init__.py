"""PySyncObj, a Raft in Python that others wrote, in several versions side by side.

The program runs as it was published; what it takes from its surroundings is ours: the transport,
which it lets its users replace, clock, random numbers and files (``surroundings.py``).
"""

from __future__ import annotations

from nemesis.errors import UnknownName
from nemesis.subjects.pysyncobj.adapter import MENDED, OUTCOMES, PySyncObj
from nemesis.subjects.pysyncobj.build import VERSIONS, sources
from nemesis.subjects.pysyncobj.loading import load
from nemesis.subjects.pysyncobj.mends import MENDS

__all__ = ["MENDS", "VERSIONS", "PySyncObj", "subject"]


def subject(version: str | None) -> PySyncObj:
    """This version, or the newest that is known; behind "outcomes-", with only outcomes judged;
    behind "mended-", with all mends. Raises SubjectMissing, UnknownName, MendError."""
    if version is None:
        version = VERSIONS[-1]
    outcomes_only = version.startswith(OUTCOMES)
    mends = MENDS if version.startswith(MENDED) else ()
    version = version.removeprefix(OUTCOMES).removeprefix(MENDED)
    if version not in VERSIONS:
        raise UnknownName("version of pysyncobj", version, VERSIONS)
    sources(version)
    found = PySyncObj(version, outcomes_only=outcomes_only, mends=mends)
    load(version, found.mends).module("syncobj")
    return found
