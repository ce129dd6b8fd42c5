"""Only the entry that conflicts is replaced, not those after it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, Entry
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class KeepsSuffix(Consensus):
    """Puts the leader's entries in the place of its own, and leaves the rest as it is."""

    def store_entries(self, message: AppendEntries) -> None:
        following = message.prev_log_index + len(message.entries) + 1
        rest: tuple[Entry, ...] = ()
        if following <= self.log.last_index:
            rest = self.log.entries_from(max(following, self.log.first_index))
        super().store_entries(message)
        for entry in rest:
            if entry.index > self.log.last_index:
                self.append_to_log(entry)


register(
    Variant("suffix-after-conflict-kept", consensus=KeepsSuffix),
    summary=(
        "of a log that conflicts only the compared entries are overwritten; what follows them stays"
    ),
    source="mofa #1150; the paper's Figure 2: the entry and all that follow it are deleted",
    convicted_by={"log-matching", "state-machine-safety", "committed-on-majority"},
    scenario="""
        n1 has two entries of term 1, of which nobody else knows. n2 of term 2 sends an entry of its
        own for the first place; n1's second then stands on one that it never followed.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1
        elect n2 [n3]
        deliver n2 n1 append
    """,
)
