"""The values that clients write."""

from __future__ import annotations

from nemesis.chooser import Chooser


class Values:
    """The values of one run: unique by default, so that a read names the write that it saw; a run
    that ``repeats`` draws them from a few, to find what only equal values show."""

    def __init__(self, *, repeats: bool = False) -> None:
        self._repeats = repeats
        self._count = 0

    def new(self) -> str:
        """A value to write."""
        self._count += 1
        return str(self._count % 3 if self._repeats else self._count)

    def recent(self, chooser: Chooser) -> str | None:
        """A value that a key may have now, None meaning absent."""
        back = chooser.integer(0, min(3, self._count))
        if back == self._count:
            return None
        value = self._count - back
        return str(value % 3 if self._repeats else value)
