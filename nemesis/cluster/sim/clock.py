"""A node's clock: true time seen through an offset and a drift."""

from __future__ import annotations


class SimulatedClock:
    """reading = at_reading + (now - at_time) * rate; ns, piecewise linear."""

    __slots__ = ("_at_reading", "_at_time", "_parts_per_million", "is_true", "wrong_by")

    def __init__(self) -> None:
        self._at_time = 0
        self._at_reading = 0
        self._parts_per_million = 0
        self.is_true = True
        # The fault that made it wrong, for the record of effects.
        self.wrong_by = ""

    def reading(self, now: int) -> int:
        """What the clock shows at the true time ``now``."""
        if self.is_true:
            return now
        elapsed = now - self._at_time
        return self._at_reading + elapsed + elapsed * self._parts_per_million // 1_000_000

    def time_of(self, reading: int, now: int) -> int:
        """The first true time, not before ``now``, at which the clock shows ``reading``."""
        if self.is_true:
            return reading if reading > now else now
        missing = reading - self.reading(now)
        if missing <= 0:
            return now
        return now + -(-missing * 1_000_000 // (1_000_000 + self._parts_per_million))

    def jump(self, now: int, offset: int, kind: str) -> None:
        """Set the clock by ``offset`` ns."""
        self._rebase(now)
        self._at_reading += offset
        self.wrong_by = kind

    def drift(self, now: int, parts_per_million: int) -> None:
        """Run at another rate, above -1,000,000, from now on."""
        self._rebase(now)
        self._parts_per_million = parts_per_million
        self.wrong_by = "clock-drift"

    def keep_true_rate(self, now: int) -> None:
        """Run at the true rate again; what it shows is not set back."""
        if not self.is_true:
            self._rebase(now)
            self._parts_per_million = 0
            self.wrong_by = ""

    def _rebase(self, now: int) -> None:
        self._at_reading = self.reading(now)
        self._at_time = now
        self.is_true = False
