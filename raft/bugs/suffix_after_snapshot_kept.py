"""A log that conflicts with a snapshot goes on after it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, Snapshot
from raft.replica import Variant


class KeepsSuffix(Consensus):
    """Keeps what follows by index."""

    def retains_log_after(self, snapshot: Snapshot) -> bool:
        return self.log.last_index > snapshot.last_index


register(
    Variant("suffix-after-snapshot-kept", consensus=KeepsSuffix),
    summary=(
        "entries after a snapshot are retained though the log has another entry at its last index"
    ),
    source="the paper's Figure 13, rule 6: same index and term; a generic mistake",
    convicted_by={"log-matching", "state-machine-safety", "committed-on-majority"},
    scenario="""
        n3 has two entries of term 1, of which nobody else knows. It gets n1's snapshot of one entry
        of term 2, and keeps its own second one after it.
    """,
    witness="""
        elect n3 [n1]
        propose n3 put x 1
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        replicate n1 [n3]
    """,
)
