"""What a client and a replica say to each other."""

from __future__ import annotations

from typing import Literal

import msgspec

from raft.kv.commands import Operation, Result


class ClientRequest(msgspec.Struct, frozen=True, tag="ClientRequest", gc=False):
    """A command for the log, or a query to be answered by ReadIndex; one of the two is None.

    ``client`` is where the answer goes; ``sequence`` numbers the operations of a session,
    ``attempt`` the times that this one was sent.
    """

    client: str
    session: str
    sequence: int
    attempt: int
    command: bytes | None
    query: Operation | None

    def answered(self, result: Result | None) -> ClientReply:
        """The operation was performed."""
        return ClientReply(
            self.client, self.session, self.sequence, self.attempt, "ok", None, result
        )

    def refused(self, leader: str | None) -> ClientReply:
        """Not the leader: nothing was done with this attempt. Ask ``leader``, if known."""
        return ClientReply(
            self.client, self.session, self.sequence, self.attempt, "not-leader", leader, None
        )

    def lost(self, leader: str | None) -> ClientReply:
        """No longer the leader: this attempt may or may not take effect."""
        return ClientReply(
            self.client, self.session, self.sequence, self.attempt, "lost", leader, None
        )


class ClientReply(msgspec.Struct, frozen=True, tag="ClientReply", gc=False):
    """The answer to one attempt."""

    client: str
    session: str
    sequence: int
    attempt: int
    status: Literal["ok", "not-leader", "lost"]
    leader: str | None
    result: Result | None
