"""Entries are acknowledged before they are durable."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.replica import Variant
from raft.storage import Storage


class SyncsLate(Storage):
    """Syncs for a new term or vote only; entries wait for the next of these."""

    def must_sync(self, state_changed: bool) -> bool:
        return state_changed


register(
    Variant("log-not-synced", storage=SyncsLate),
    summary="entries are acknowledged before they are synced",
    source="NATS 2.12.1 (Jepsen, 2025); PySyncObj #84; braft #371",
    convicted_by={
        "committed-on-majority",
        "liveness",
    },
    scenario="""
        n2 acknowledges an entry that it has written and not synced, n1 counts it as committed, and
        so the loss of power at n2 would lose it.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
    """,
)
