"""The longer log wins, however old its entries are."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ComparesLengths(Consensus):
    """Does not look at the last term."""

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        return last_log_index >= self.log.last_index


register(
    Variant("length-only", consensus=ComparesLengths),
    summary="logs are compared by length alone; the last term is not looked at",
    source="hashicorp/raft 441bd09; pyraftlog 3.0.0",
    convicted_by={"leader-completeness", "state-machine-safety", "committed-on-majority"},
)
