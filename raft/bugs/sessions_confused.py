"""Commands told apart by their number alone."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.commands import Command
from raft.kv.encoding import decode_command, encode_command
from raft.kv.state_machine import Applied, KeyValueStore
from raft.replica import Variant


class OneSessionForAll(KeyValueStore):
    """Takes all commands for those of one client."""

    def apply(self, index: int, command: bytes) -> Applied:
        if command:
            sent = decode_command(command)
            merged = Command("everybody", sent.sequence, sent.operation, sent.log_time)
            command = encode_command(merged)
        return super().apply(index, command)


register(
    Variant("sessions-confused", state_machine=OneSessionForAll),
    summary="two clients' commands of the same number are taken for one that was sent twice",
    source="thesis, section 6.3: serial numbers are those of a client",
    convicted_by={"linearizability"},
    scenario="""
        c0 and c1 each send their first command. c1 is answered what c0 was; nothing is written.
    """,
    witness="""
        with replicas=1
        elect n1 []
        propose n1 put x 1
        propose n1 put x 2 as c1
        read n1 x
    """,
)
