"""What a client and a replica say to each other."""

from __future__ import annotations

from typing import Literal

import msgspec

from raft.kv.commands import Command, Operation, Result


class ClientRequest(msgspec.Struct, frozen=True, tag="ClientRequest", gc=False):
    """A command for the log, or a query to be answered by ReadIndex; one of the two is None.

    ``client`` is where the answer goes; ``sequence`` numbers the operations of a session,
    ``attempt`` the times that this one was sent. A registration has the sequence 0, and instead of
    a session's name one that the client makes up, so that it can tell the answers apart.
    """

    client: str
    session: str
    sequence: int
    attempt: int
    command: Command | None
    query: Operation | None
    # Whether a follower may answer the query, with the leader's help.
    at_any_replica: bool = False

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

    def busy(self, leader: str | None) -> ClientReply:
        """The leader, but it takes no commands for now, since too much waits for a majority:
        nothing was done with this attempt. Ask it again a little later."""
        return ClientReply(
            self.client, self.session, self.sequence, self.attempt, "busy", leader, None
        )

    def lost(self, leader: str | None) -> ClientReply:
        """No longer the leader: this attempt may or may not take effect."""
        return ClientReply(
            self.client, self.session, self.sequence, self.attempt, "lost", leader, None
        )

    def expired(self) -> ClientReply:
        """The session is not known, or no longer: this attempt was not executed, nor will be any
        that is answered so. An earlier one, or another copy of this one, may have been."""
        return ClientReply(
            self.client, self.session, self.sequence, self.attempt, "expired", None, None
        )


class ClientReply(msgspec.Struct, frozen=True, tag="ClientReply", gc=False):
    """The answer to one attempt."""

    client: str
    session: str
    sequence: int
    attempt: int
    status: Literal["ok", "not-leader", "busy", "lost", "expired"]
    leader: str | None
    result: Result | None
