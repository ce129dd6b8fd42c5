"""A restart takes the whole log for committed."""

from __future__ import annotations

from typing import Any

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CommitsAtRestart(Consensus):
    """Believes that only what is committed is on its disk."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.log.last_index > self.commit_index:
            self.set_commit_index(self.log.last_index)


register(
    Variant("restart-commits-all", consensus=CommitsAtRestart),
    summary="after a restart commitIndex is the end of the log",
    source="a generic mistake: the whole log is replayed into the state machine at start",
    convicted_by={"state-machine-safety", "committed-on-majority"},
    scenario="""
        n1 writes an entry that reaches nobody. It restarts, finds the entry, and applies it.
    """,
    witness="""
        elect n1 [n2]
        crash n1
        restart n1
    """,
)
