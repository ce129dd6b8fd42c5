"""What clients ask of the key-value service, and what they are answered.

Values are strings; an absent key reads as None. A command is an operation with the session and
sequence number that make it exactly-once; in the log it is MessagePack, with the log time at which
a leader took it in.
"""

from __future__ import annotations

import msgspec

from raft.errors import RaftError


class CommandError(RaftError):
    """Bytes that are no command."""


class Get(msgspec.Struct, frozen=True, array_like=True, tag="get", gc=False):
    """Answers the key's value."""

    key: str


class Put(msgspec.Struct, frozen=True, array_like=True, tag="put", gc=False):
    """Sets the key's value."""

    key: str
    value: str


class Append(msgspec.Struct, frozen=True, array_like=True, tag="append", gc=False):
    """Adds to the end of the key's value; an absent key counts as the empty string."""

    key: str
    value: str


class Delete(msgspec.Struct, frozen=True, array_like=True, tag="delete", gc=False):
    """Makes the key absent."""

    key: str


class CompareAndSet(msgspec.Struct, frozen=True, array_like=True, tag="cas", gc=False):
    """Sets the key to ``value`` if it is ``expected``, None meaning absent."""

    key: str
    expected: str | None
    value: str


class Compare(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Holds if the key is ``expected``, None meaning absent."""

    key: str
    expected: str | None


Simple = Get | Put | Append | Delete


class Transaction(msgspec.Struct, frozen=True, array_like=True, tag="txn", gc=False):
    """Performs ``then`` if all compares hold, ``otherwise`` if not; atomically."""

    compares: tuple[Compare, ...]
    then: tuple[Simple, ...]
    otherwise: tuple[Simple, ...]


Operation = Get | Put | Append | Delete | CompareAndSet | Transaction


class RegisterSession(msgspec.Struct, frozen=True, array_like=True, tag="register", gc=False):
    """Begins a session; the answer's ``value`` is its name.

    The name comes from the index of the entry (thesis, 6.3). No client could choose as well: if a
    copy of its registration, and then one of its first command, arrived after the session has
    expired, the command would be executed again.
    """


class Result(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``value``: what a get read, or the name of a new session. ``succeeded``: whether the compares
    held. ``values``: what the operations of a transaction read, None for those that read nothing.
    """

    value: str | None = None
    succeeded: bool = True
    values: tuple[str | None, ...] = ()


class Command(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An operation, numbered by its client within its session, from 1.

    A registration has no session yet, and the number 0. ``log_time``, in ns, is the leader's to
    fill in.
    """

    session: str
    sequence: int
    operation: Operation | RegisterSession
    log_time: int = 0

    def stamped(self, log_time: int) -> Command:
        """The same, taken in at ``log_time``."""
        return Command(self.session, self.sequence, self.operation, log_time)


REGISTRATION = Command("", 0, RegisterSession())
