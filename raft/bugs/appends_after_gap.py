"""A follower appends entries that do not follow its last."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class AppendsAfterGap(Consensus):
    """Refuses only what it can see to conflict."""

    def log_matches(self, prev_log_index: int, prev_log_term: int) -> bool:
        return prev_log_index > self.log.last_index or super().log_matches(
            prev_log_index, prev_log_term
        )


register(
    Variant("appends-after-gap", consensus=AppendsAfterGap),
    summary=(
        "prevLogIndex beyond the end of the log is taken for a match, as nothing conflicts there"
    ),
    source=(
        "a generic mistake of first implementations; the paper's Figure 2, AppendEntries, rule 2"
    ),
    # liveness: what precedes the gap counts as held, and is never sent.
    convicted_by={"log-matching", "committed-on-majority", "monotonic-commit", "liveness"},
    scenario="""
        n1 pipelines two entries to n2; the second arrives first.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        propose n1 put x 1
        propose n1 put x 2
        deliver n1 n2 append newest
    """,
)
