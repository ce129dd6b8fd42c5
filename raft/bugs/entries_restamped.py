"""Entries are stored with the term of the message."""

from __future__ import annotations

from msgspec.structs import replace

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.messages import AppendEntries
from raft.replica import Variant


class Restamps(Consensus):
    """Gives every entry the term of the leader who sends it."""

    def store_entries(self, message: AppendEntries) -> None:
        entries = tuple(replace(entry, term=message.term) for entry in message.entries)
        super().store_entries(replace(message, entries=entries))


register(
    Variant("entries-restamped", consensus=Restamps),
    summary="an entry of an older term takes on the term of the leader that sends it again",
    source=(
        "a generic mistake of first implementations; the paper's section 3.6: leaders keep the "
        "terms of entries"
    ),
    convicted_by={"log-matching", "committed-on-majority", "state-machine-safety"},
    scenario="""
        n2 has an entry of term 1 and leads term 2. It sends n3 both, the old one as it is; n3
        stores it as one of term 2.
    """,
    witness="""
        elect n1 [n2]
        deliver n1 n2 append
        elect n2 [n3]
        replicate n2 [n3]
    """,
)
