"""An answer to whoever waits at an index."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.client_messages import ClientReply, ClientRequest
from raft.consensus import Entry
from raft.kv.commands import Append, Command, Delete, Put
from raft.kv.encoding import decode_command
from raft.replica import Variant
from raft.waiting_clients import WaitingClients


class WaitsForAnIndex(WaitingClients):
    """Clients wait for an index, and believe that what comes to stand there is theirs if it looks
    like it: a blind write as any other."""

    def is_own(self, term: int, request: ClientRequest, entry: Entry) -> bool:
        if not entry.command or type(request.command) is not Command:
            return False
        if super().is_own(term, request, entry):
            return True
        kinds = {type(request.command.operation), type(decode_command(entry.command).operation)}
        return kinds <= {Put, Append, Delete}

    def give_up(self, leader: str | None) -> list[ClientReply]:
        return []


register(
    Variant("reply-to-wrong-client", waiting_clients=WaitsForAnIndex),
    summary=(
        "a deposed leader answers its client with what another leader's entry at the same index did"
    ),
    source="thesis, section 6.3; MIT 6.824, students' guide to Raft: the term must be compared",
    convicted_by={"linearizability"},
    scenario="""
        n1 appends c0's command, which no one else gets. At the same index n2 appends another one,
        c1's, and brings it to n1, who tells c0 that its own is done.
    """,
    witness="""
        elect n1 [n2]
        propose n1 append x a
        elect n2 [n3]
        propose n2 put y 1 as c1
        replicate n2 [n1]
        replicate n2 [n1]
        read n2 x as c1
        replicate n2 [n1]
    """,
)
