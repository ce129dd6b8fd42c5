"""What a client or an operator and a replica say to each other."""

from __future__ import annotations

from typing import Literal

import msgspec

from raft.consensus.changes import Change, Transition
from raft.consensus.configuration import Configuration
from raft.consensus.membership import ChangeRefusal
from raft.consensus.names import NodeId
from raft.consensus.transfer import TransferRefusal
from raft.kv.commands import Command, Operation, Result
from raft.kv.revisions import Answer, Range, Update


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
    command: Command | Update | None
    query: Operation | Range | None
    # Whether a follower may answer the query, with the leader's help.
    at_any_replica: bool = False

    def answered(self, result: Result | Answer | None) -> ClientReply:
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
        """The leader, but it takes no commands for now, since too much waits for a majority or
        since it hands over: nothing was done with this attempt. Ask it again a little later."""
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
    result: Result | Answer | None


class MembershipRequest(msgspec.Struct, frozen=True, tag="MembershipRequest", gc=False):
    """An operator asks for these changes, all together; without changes, that the joint
    configuration be left. ``client`` is where the answer goes, ``request_id`` what it is told by.
    """

    client: str
    request_id: int
    changes: tuple[Change, ...]
    transition: Transition = "automatic"

    def answered(self, configuration: Configuration) -> MembershipReply:
        """The entry with ``configuration`` is committed."""
        return MembershipReply(self.client, self.request_id, "ok", configuration=configuration)

    def refused(self, reason: ChangeRefusal, leader: NodeId | None) -> MembershipReply:
        """Nothing was done; ask ``leader`` if it is only that this server does not lead."""
        status: ChangeStatus = "not-leader" if reason == "not-leader" else "refused"
        return MembershipReply(self.client, self.request_id, status, reason, leader)

    def lost(self, leader: NodeId | None) -> MembershipReply:
        """No longer the leader: the change may or may not take effect."""
        return MembershipReply(self.client, self.request_id, "lost", None, leader)


ChangeStatus = Literal["ok", "refused", "not-leader", "lost"]


class MembershipReply(msgspec.Struct, frozen=True, tag="MembershipReply", gc=False):
    """The answer to a MembershipRequest. With "ok", ``configuration`` is the committed one: a
    joint one, if the change goes through one, which is yet to be left."""

    client: str
    request_id: int
    status: ChangeStatus
    reason: ChangeRefusal | None = None
    leader: NodeId | None = None
    configuration: Configuration | None = None


class TransferRequest(msgspec.Struct, frozen=True, tag="TransferRequest", gc=False):
    """An operator asks the leader to hand over to ``successor``."""

    client: str
    request_id: int
    successor: NodeId

    def answered(self) -> TransferReply:
        """This server no longer leads."""
        return TransferReply(self.client, self.request_id, "ok")

    def refused(self, reason: TransferFailure, leader: NodeId | None) -> TransferReply:
        """Nothing has changed."""
        status: TransferStatus = "not-leader" if reason == "not-leader" else "refused"
        return TransferReply(self.client, self.request_id, status, reason, leader)


TransferStatus = Literal["ok", "refused", "not-leader"]
TransferFailure = TransferRefusal | Literal["abandoned"]


class TransferReply(msgspec.Struct, frozen=True, tag="TransferReply", gc=False):
    """The answer to a TransferRequest, when the transfer is over. "ok" says that the asked server
    gave up its leadership, not who leads next."""

    client: str
    request_id: int
    status: TransferStatus
    reason: TransferFailure | None = None
    leader: NodeId | None = None


OperatorRequest = MembershipRequest | TransferRequest
Reply = ClientReply | MembershipReply | TransferReply
