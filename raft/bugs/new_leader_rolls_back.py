"""A new leader removes what it does not know as committed."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class RollsBack(Consensus):
    """Begins its term with a clean log."""

    def become_leader(self) -> None:
        if self.log.last_index > self.commit_index:
            self.truncate_log_from(self.commit_index + 1)
        super().become_leader()


register(
    Variant("new-leader-rolls-back", consensus=RollsBack),
    summary=(
        "at its election a leader deletes the entries behind its commitIndex, though they may "
        "be committed"
    ),
    source=(
        "a misreading of section 5.4.2: what may not be committed by counting must still be kept"
    ),
    convicted_by={
        "leader-append-only",
        "leader-completeness",
        "committed-on-majority",
        "state-machine-safety",
    },
    scenario="""
        n1 commits an entry with n2 and has no time to tell. n2 is elected next and holds the entry
        for a remnant that nobody committed.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        elect n2 [n3]
    """,
)
