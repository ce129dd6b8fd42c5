"""What real clusters cannot do: refused, never skipped."""

from __future__ import annotations

from nemesis.cluster.procedure import Procedure
from nemesis.errors import UnsupportedFault


class Refusals:
    """The part of nemesis.cluster.protocol.Cluster that raises UnsupportedFault, unless a kind of
    cluster knows better."""

    kind = "real"
    capabilities: frozenset[str]

    def carry_out(self, kind: str, procedure: Procedure) -> None:
        procedure.close()
        raise self.refusal(kind, "its members are fixed")

    def jump_clock(self, node: str, offset: int, kind: str = "clock-jump") -> None:
        raise self.refusal(kind, "its clock is the machine's")

    def drift_clock(self, node: str, parts_per_million: int) -> None:
        raise self.refusal("clock-drift", "its clock is the machine's")

    def refusal(self, kind: str, why: str) -> UnsupportedFault:
        known = ", ".join(sorted(self.capabilities))
        return UnsupportedFault(
            f"the cluster {self.kind} cannot receive the fault {kind}: {why}; it can: {known}"
        )
