"""PySyncObj, a Raft in Python that others wrote, in several versions side by side.

The program runs as it was published; what it takes from its surroundings is ours: the transport,
which it lets its users replace, clock, random numbers and files (``surroundings.py``).
"""

from __future__ import annotations

from nemesis.errors import UnknownName
from nemesis.subjects.pysyncobj.adapter import OUTCOMES, PySyncObj
from nemesis.subjects.pysyncobj.build import VERSIONS, sources

__all__ = ["VERSIONS", "PySyncObj", "subject"]


def subject(version: str | None) -> PySyncObj:
    """This version, or the newest that is known; behind "outcomes-", with only outcomes judged.
    Raises SubjectMissing, UnknownName."""
    if version is None:
        version = VERSIONS[-1]
    outcomes_only = version.startswith(OUTCOMES)
    version = version.removeprefix(OUTCOMES)
    if version not in VERSIONS:
        raise UnknownName("version of pysyncobj", version, VERSIONS)
    sources(version)
    return PySyncObj(version, outcomes_only=outcomes_only)
