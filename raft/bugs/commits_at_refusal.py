"""A follower learns the commit index of a message that it refuses."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class CommitsAtRefusal(Consensus):
    """Raises commitIndex before it knows whether the logs match."""

    def refuse_append(
        self, message: AppendEntries, conflict_index: int, conflict_term: int
    ) -> None:
        if message.term == self.current_term:
            self.learn_commit_index(message.leader_commit, self.log.last_index)
        super().refuse_append(message, conflict_index, conflict_term)


register(
    Variant("commits-at-refusal", consensus=CommitsAtRefusal),
    summary="leaderCommit is believed even if the log does not match at prevLogIndex",
    source=(
        "a generic mistake of first implementations; the paper's Figure 2: rule 5 comes after "
        "rule 2"
    ),
    convicted_by={"state-machine-safety", "committed-on-majority"},
    scenario="""
        n1 has an entry of term 1; in its place n2 and n3 have committed another, and one more in
        term 3. n1 refuses n3's heartbeat, as the logs differ, but takes its commit index to heart.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        replicate n2 [n3]
        elect n3 [n2]
        replicate n3 [n2]
        replicate n3 [n1]
    """,
)
