"""What a replica may offer beside the protocol. Nobody has to; each unlocks something.

    Asynchronous   with the knob ``asynchronous_storage``: writes and applications take time while
                   inputs are handled, and a crash meanwhile loses them
    Configured     the membership as the replicas know it: faults aim at present members, and
                   availability is judged by the configurations in effect
    SendsAtOnce    what it sends leaves when it is sent, not when ``handle`` returns: so it has left
                   if the disk ends the process later in the call

Steps of operators (add-server, transfer-leadership, ...: nemesis.faults.membership) are faults like
others: a subject that has them among its ``faults`` is handed MembershipRequest and TransferRequest
(raft.client_messages) as inputs, and answers them. Changes of the membership need ``Configured``.

The simulator asks each replica once, when it has started.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol, cast, runtime_checkable

from nemesis.subjects.subject import Outputs, Replica
from raft.consensus.configuration import Configuration


@runtime_checkable
class Asynchronous(Protocol):
    """Waits neither for its disk nor for its state machine. After each call of ``handle`` it is
    asked what there is to do; what comes of that, some time later, is an input."""

    def begin_write(self) -> Any | None:
        """All that is to be saved now; None if it is nothing, or a write is under way."""
        ...

    def perform(self, write: Any) -> Any:
        """Do the write; its acknowledgement, an input."""
        ...

    def begin_application(self) -> Any | None:
        """What is to be applied now; None if it is nothing, or some is being applied."""
        ...

    def apply(self, application: Any) -> Any:
        """Apply it; the acknowledgement, an input."""
        ...


@runtime_checkable
class Configured(Protocol):
    """Knows of a configuration, which may change."""

    def configuration(self) -> Configuration:
        """The one in effect here; without voters while it waits to be added."""
        ...

    def has_committed_configuration(self) -> bool:
        """Whether the entry of the configuration in effect is known to be committed."""
        ...

    def is_changing(self) -> bool:
        """Whether, as the leader, it has yet to do something for a change that was asked for: to
        leave a joint configuration, or to bring a learner up to date."""
        ...


@runtime_checkable
class SendsAtOnce(Protocol):
    """Sends in the middle of ``handle``, and may write to its disk after that."""

    def left(self) -> Outputs:
        """What had left when the disk ended the process in ``handle``: all that was sent before."""
        ...


def as_asynchronous(replica: Replica) -> Asynchronous | None:
    """The replica, if it is that."""
    return cast(Asynchronous, replica) if _offers(type(replica), Asynchronous) else None


def as_configured(replica: Replica) -> Configured | None:
    """The replica, if it is that."""
    return cast(Configured, replica) if _offers(type(replica), Configured) else None


def as_sending_at_once(replica: Replica) -> SendsAtOnce | None:
    """The replica, if it is that."""
    return cast(SendsAtOnce, replica) if _offers(type(replica), SendsAtOnce) else None


@cache
def _offers(replica: type, capability: type) -> bool:
    # To ask takes longer than a message does to be handled.
    return issubclass(replica, capability)
