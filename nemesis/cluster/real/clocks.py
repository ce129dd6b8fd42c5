"""Wrong clocks of real processes, by libfaketime (Debian's ``faketime``).

The library is loaded before the server's own, and reads at each look at the clock from a file by
how much it shall be wrong. It fakes the time of day and the monotonic clock alike, and how long
calls wait; only of programs that ask the C library for the time (Go's do not).

    faked(t) = t + offset + (t - start of the process) * (rate - 1)
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_LIBRARIES = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib*/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)
_MILLION = 1_000_000
SECOND = 1_000_000_000

CLOCK_FAULTS = frozenset({"clock-jump", "clock-offset", "clock-drift"})


def find_library(patterns: Iterable[str] = _LIBRARIES) -> Path | None:
    """Where libfaketime is; None if it is not installed."""
    for pattern in patterns:
        found = sorted(Path("/").glob(pattern.removeprefix("/")))
        if found:
            return found[0]
    return None


class FakedClock:
    """The clock of one node; it goes on, as wrong as it is, when the process is started again.
    Times in ns."""

    def __init__(self, path: Path, library: Path) -> None:
        self._path = path
        self._library = library
        # By how much it was wrong at ``_since``, and how much faster it goes since.
        self._wrong = 0
        self._since = 0
        self._parts_per_million = 0
        self._process_began = 0

    @property
    def environment(self) -> dict[str, str]:
        """What the process must be started with."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            # Looked at each time: else a jump would come seconds later.
            "FAKETIME_NO_CACHE": "1",
        }

    def process_begins(self, now: int) -> None:
        """The process is about to be started."""
        self._rebase(now)
        self._process_began = now
        self._write()

    def jump(self, now: int, offset: int) -> None:
        """Set it by ``offset``."""
        self._rebase(now)
        self._wrong += offset
        self._write()

    def drift(self, now: int, parts_per_million: int) -> None:
        """Let it go faster, or slower, from now on."""
        self._rebase(now)
        self._parts_per_million = parts_per_million
        self._write()

    def wrong_by(self, now: int) -> int:
        """By how much it is wrong."""
        return self._wrong + (now - self._since) * self._parts_per_million // _MILLION

    def _rebase(self, now: int) -> None:
        self._wrong = self.wrong_by(now)
        self._since = now

    def _write(self) -> None:
        """The library counts the rate from the start of the process."""
        gained = (self._since - self._process_began) * self._parts_per_million // _MILLION
        offset = (self._wrong - gained) / SECOND
        rate = 1 + self._parts_per_million / _MILLION
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{offset:+.9f} x{rate:.6f}\n", encoding="ascii")
        fresh.replace(self._path)


class PendingDrift:
    """A drift that is yet to be seen: what was read of the clock when it began."""

    # Less than this cannot be told from the time that an answer takes, in ns.
    _LEAST = SECOND // 50

    def __init__(self, now: int, wrong: int, parts_per_million: int) -> None:
        self._began = now
        self._wrong = wrong
        self._parts_per_million = parts_per_million

    def is_confirmed(self, now: int, wrong: int) -> bool:
        """Whether what is read now is what such a drift leads to."""
        expected = (now - self._began) * self._parts_per_million // _MILLION
        return abs(expected) >= self._LEAST and is_about(wrong - self._wrong, expected)


def is_about(seen: int, expected: int) -> bool:
    """Whether a change of a clock is the one that was asked for: within half of it."""
    return abs(seen - expected) <= abs(expected) // 2
