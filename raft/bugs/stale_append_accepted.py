"""A follower obeys a leader of an older term."""

from __future__ import annotations

from msgspec.structs import replace

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class ObeysOldLeaders(Consensus):
    """Does not compare the message's term with its own."""

    def on_append_entries(self, message: AppendEntries) -> None:
        term = max(message.term, self.current_term)
        super().on_append_entries(replace(message, term=term))


register(
    Variant("stale-append-accepted", consensus=ObeysOldLeaders),
    summary="AppendEntries of an older term are carried out instead of refused",
    source=(
        "a generic mistake of first implementations; the paper's Figure 2, AppendEntries, rule 1"
    ),
    convicted_by={
        "committed-on-majority",
        "state-machine-safety",
        "leader-completeness",
        "leader-append-only",
    },
    scenario="""
        What n1 of term 1 sent to n3 is late: meanwhile n2 leads term 2, and n3 has n2's entry,
        which is committed. Then it arrives, and n3 lets n1 overwrite the entry.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n3]
        replicate n2 [n3]
        deliver n1 n3 append
    """,
)
