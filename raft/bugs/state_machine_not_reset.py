"""A snapshot is installed in the log, but not in the state machine."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class ForgetsStateMachine(Consensus):
    """Says that there is nothing to reset."""

    def install_snapshot(self) -> bool:
        super().install_snapshot()
        return False


register(
    Variant("state-machine-not-reset", consensus=ForgetsStateMachine),
    summary=(
        "after InstallSnapshot the log begins behind the snapshot, while lastApplied and the "
        "state are the old ones"
    ),
    source="NodeDB #162; the paper's Figure 13, rule 8",
    convicted_by={"applied-within-commit", "unhandled-exception", "same-state"},
    scenario="""
        n3 has missed what n1 holds as a snapshot only. It gets the snapshot, and goes on applying
        where it was.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        snapshot n1
        replicate n1 [n3]
    """,
)
