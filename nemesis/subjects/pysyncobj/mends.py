"""What is wrong in PySyncObj 0.3.17, mended: one change of the source for each finding.

A diagnosis is proved by its cure: a schedule that convicts the version as published convicts none
in which the finding is mended (docs/foreign-rafts.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from nemesis.errors import NemesisError, UnknownName


class MendError(NemesisError):
    """The source is another one than the mend was made for."""


class Mend(NamedTuple):
    """Put ``new`` in the place of ``old`` in syncobj.py."""

    old: str
    new: str


MENDS: Final[dict[str, Mend]] = {
    # A message with a part of a dump, or without anything, says nothing of the follower's log:
    # commitIndex must not follow it.
    "commit-without-match": Mend(
        """
                    self.__sendNextNodeIdx(node, success=True)

            # If the log""",
        """
                    self.__sendNextNodeIdx(node, success=True)
                else:
                    return
            else:
                return

            # If the log""",
    ),
    # A dump that covers less than what is applied already must not take the log's place.
    "old-dump": Mend(
        """
            data = self.__serializer.deserialize()
            if data[0]""",
        """
            data = self.__serializer.deserialize()
            if clearJournal and data[1][1] <= self.__raftLastApplied:
                return
            if data[0]""",
    ),
    # Entries that agree with those of the message stay (Figure 2, AppendEntries, step 3).
    "cut-agreeing-entries": Mend(
        """
                if len(prevEntries) > 1:
                    # rollback""",
        """
                held = prevEntries[1:]
                same = 0
                for one, other in zip(held, newEntries):
                    if one[2] != other[2]:
                        break
                    same += 1
                if same == len(newEntries) or same == len(held):
                    for entry in newEntries[same:]:
                        self.__raftLog.add(*entry)
                    matched = prevLogIdx + len(newEntries)
                    self.__sendNextNodeIdx(node, nextNodeIdx=matched + 1, success=True)
                    self.__raftCommitIndex = max(
                        self.__raftCommitIndex, min(leaderCommitIndex, matched))
                    self.__raftLog.setRaftCommitIndex(self.__raftCommitIndex)
                    return
                if len(prevEntries) > 1:
                    # rollback""",
    ),
    # What a follower asks for lies where the logs may agree; a later answer must not lead away.
    "next-index-goes-up": Mend(
        """
                    self.__raftNextIndex[node] = nextNodeIdx
                if success""",
        """
                    self.__raftNextIndex[node] = min(self.__raftNextIndex[node], nextNodeIdx)
                if success""",
    ),
    # A journal that was not cut after the dump was written holds more than the dump.
    "journal-behind-dump": Mend(
        """
            if clearJournal or \\
""",
        """
            held = [] if clearJournal else self.__getEntries(data[2][1], 2)
            if held == [data[2], data[1]]:
                self.__deleteEntriesTo(data[2][1])
            elif clearJournal or \\
""",
    ),
}


def mended(source: str, names: Iterable[str]) -> str:
    """The source with these mends. Raises UnknownName, MendError."""
    for name in names:
        if name not in MENDS:
            raise UnknownName("mend", name, MENDS)
        old, new = MENDS[name]
        if source.count(old) != 1:
            raise MendError(f"{name}: is made for PySyncObj 0.3.17, and does not fit this source")
        source = source.replace(old, new)
    return source
