"""What a campaign runs: data that all workers share, and that outlives every session."""

from __future__ import annotations

import msgspec

from nemesis.search.block import Campaign
from nemesis.search.ensemble import ENSEMBLE
from nemesis.search.generate import Only


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's seeds begin with ``seed``; the rest says what is drawn from each."""

    seed: int
    subject: str = "healthy"
    strategy: str = ENSEMBLE
    replicas: int | None = None
    workload: str | None = None
    faults: tuple[str, ...] | None = None
    # So many per cent of the runs go on from an entry of the corpus.
    corpus: int = 0

    def unlike(self, other: Settings) -> str:
        """What of these is another in ``other``, in words."""
        told: list[str] = []
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            if value != getattr(other, field.name):
                words = ", ".join(value) if isinstance(value, tuple) else value
                told.append(f"{field.name} {'any' if value is None else words}")
        return ", ".join(told)

    def campaign(self, settled: frozenset[str]) -> Campaign:
        """For who runs blocks of seeds. Failures of kinds that are ``settled`` are not shrunk."""
        return Campaign(
            seed=self.seed,
            subject=self.subject,
            only=Only(self.replicas, self.workload, self.faults),
            stop_at_first=False,
            strategy=self.strategy,
            settled=settled,
            corpus=self.corpus,
        )
