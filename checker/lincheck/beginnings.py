"""Histories without their beginning: what is left from the invocation of some operation on."""

from __future__ import annotations

from bisect import bisect_left

from checker.lincheck.parts import Entry


class Windows:
    """What is left of entries if their beginning is cut off."""

    def __init__(self, entries: list[Entry]) -> None:
        ending = [(entry.completed, entry) for entry in entries if entry.completed is not None]
        ending.sort(key=lambda each: each[0])
        self._ends = [completed for completed, _ in ending]
        self._ending = [entry for _, entry in ending]
        self._endless = [entry for entry in entries if entry.completed is None]
        self.starts = sorted(entry.invoked for entry in self._ending)

    def since(self, start: int) -> list[Entry]:
        """The entries from the rank ``start`` on: those that were open then never end."""
        found = list(self._endless)
        for entry in self._ending[bisect_left(self._ends, start) :]:
            if entry.invoked >= start:
                found.append(entry)
            elif entry.call.effect != "observes":
                found.append(entry._replace(completed=None))
        found.sort(key=lambda entry: entry.invoked)
        return found
