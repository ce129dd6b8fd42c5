"""A newcomer that listens to nobody."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class ListensToMembers(Consensus):
    """Follows a leader whom its own configuration knows."""

    def on_append_entries(self, message: AppendEntries) -> None:
        if message.source in self.configuration.members:
            super().on_append_entries(message)


register(
    Variant("strangers-refuse-entries", consensus=ListensToMembers),
    summary="a server takes no entries from a leader that its own configuration does not have",
    source="thesis, section 4.1: servers process requests without consulting their configuration",
    convicted_by={"liveness"},
    scenario="""
        n1 adds n4. As n4 knows of no members yet, it never takes the entry that would tell it.
    """,
    witness="""
        with spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-voter n4
        settle
    """,
)
