"""The machine's calendar, by which Dask sends what is to be sent, and which may be set.

Dask gathers messages for some milliseconds, which end by the calendar: if it is set back meanwhile,
these, and all that follow them, stay where they are for as long as it was set back
(``distributed.batched``).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from nemesis.campaigns.errors import CalendarSetBack

# What is set back by less need not concern anybody, in s.
_LEAST = 1.0


class Calendar:
    """Whether it was set since this was made, as far as those who look have seen."""

    def __init__(
        self,
        calendar: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calendar = calendar
        self._clock = clock
        # By how much it is ahead of the clock that nobody sets, at first and at most, in s.
        self._first_ahead = self._most_ahead = self._ahead()

    def look(self) -> None:
        """Raises CalendarSetBack, if it was, from where it was furthest ahead."""
        ahead = self._ahead()
        self._most_ahead = max(self._most_ahead, ahead)
        if (seconds := self._most_ahead - ahead) > _LEAST:
            raise CalendarSetBack(f"this machine's clock was set back by {seconds:,.0f} s")

    def is_set(self) -> bool:
        """Whether it is elsewhere than it was, forward or back: Dask's patience ends by it, too."""
        return abs(self._ahead() - self._first_ahead) > _LEAST

    def _ahead(self) -> float:
        return self._calendar() - self._clock()
