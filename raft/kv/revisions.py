"""What clients ask of the key-value service with revisions, and what they are answered.

Keys and values are bytes. The service has a revision, which begins at 1 and grows by one with every
request that changes something; a key knows the revision that created it, the one that changed it
last, and its version, which counts the changes since it was created. This is the data model of
etcd's v3 API (https://etcd.io/docs/v3.4/learning/data_model/), without its history: only the
present revision can be read.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from raft.errors import RaftError

# The end of a range that takes in every key from its first one on.
NO_END: Final = b"\0"

# Before anything was written.
FIRST_REVISION: Final = 1


class RevisionError(RaftError):
    """A request that no state can answer; the message says why."""


class KeyValue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A key, what it holds, and when it came to that."""

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int


SortTarget = Literal["KEY", "VERSION", "CREATE", "MOD", "VALUE"]
SortOrder = Literal["NONE", "ASCEND", "DESCEND"]


class Range(msgspec.Struct, frozen=True, array_like=True, tag="range", gc=False):
    """Reads a key, or with ``range_end`` all keys from ``key`` up to it, itself not among them;
    NO_END has no upper bound. ``limit`` is how many at most, 0 for all."""

    key: bytes
    range_end: bytes = b""
    limit: int = 0
    sort_target: SortTarget = "KEY"
    sort_order: SortOrder = "NONE"
    keys_only: bool = False
    count_only: bool = False


class Put(msgspec.Struct, frozen=True, array_like=True, tag="put", gc=False):
    """Sets a key; ``prev_kv`` asks for what it held before."""

    key: bytes
    value: bytes
    prev_kv: bool = False


class DeleteRange(msgspec.Struct, frozen=True, array_like=True, tag="delete", gc=False):
    """Deletes a key, or a range as ``Range`` has it; ``prev_kv`` asks for what was there."""

    key: bytes
    range_end: bytes = b""
    prev_kv: bool = False


CompareTarget = Literal["VALUE", "VERSION", "CREATE", "MOD"]
CompareResult = Literal["EQUAL", "NOT_EQUAL", "GREATER", "LESS"]


class Compare(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Holds if what ``target`` names of the key stands in the relation ``result`` to ``operand``;
    of a range, if that is so for all of its keys.

    An absent key, as an empty range, has version and revisions 0; of its value nothing holds.
    """

    key: bytes
    target: CompareTarget
    result: CompareResult
    operand: int | bytes
    range_end: bytes = b""


Simple = Range | Put | DeleteRange


class Transaction(msgspec.Struct, frozen=True, array_like=True, tag="txn", gc=False):
    """Performs ``success`` if all compares hold, else ``failure``; atomically, at one revision."""

    compares: tuple[Compare, ...]
    success: tuple[Simple, ...]
    failure: tuple[Simple, ...]


class PutMember(msgspec.Struct, frozen=True, array_like=True, tag="member", gc=False):
    """Notes where a server of the cluster can be reached: its addresses, not whether it votes,
    which is the configuration's to say. Changes no revision."""

    name: str
    peer: str
    client: str


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The addresses of a server: for other servers, and for clients (empty if not known)."""

    peer: str
    client: str


Write = Put | DeleteRange | Transaction | PutMember


class Update(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A command: a write, and who took it in.

    ``origin`` is one life of one server, ``number`` counts what clients have asked it for: together
    they name the request in traces. Clients of this service have no sessions: who sends a request
    again asks for it twice.
    """

    origin: str
    number: int
    write: Write

    def stamped(self, log_time: int) -> Update:
        """The same: without sessions nothing expires by log time."""
        return self


class RangeAnswer(msgspec.Struct, frozen=True, array_like=True, tag="range", gc=False):
    """``count`` is how many keys the range holds, ``kvs`` those that were asked for."""

    revision: int
    kvs: tuple[KeyValue, ...]
    count: int

    @property
    def more(self) -> bool:
        """Whether the limit held some back."""
        return 0 < len(self.kvs) < self.count


class PutAnswer(msgspec.Struct, frozen=True, array_like=True, tag="put", gc=False):
    """The key is set, at this revision."""

    revision: int
    previous: KeyValue | None


class DeleteAnswer(msgspec.Struct, frozen=True, array_like=True, tag="delete", gc=False):
    """So many keys are deleted; ``previous`` is what they held, if that was asked for."""

    revision: int
    deleted: int
    previous: tuple[KeyValue, ...]


class TransactionAnswer(msgspec.Struct, frozen=True, array_like=True, tag="txn", gc=False):
    """Whether the compares held, and an answer for each operation that was performed."""

    revision: int
    succeeded: bool
    responses: tuple[RangeAnswer | PutAnswer | DeleteAnswer, ...]


class MemberAnswer(msgspec.Struct, frozen=True, array_like=True, tag="member", gc=False):
    """The addresses are noted."""

    revision: int


Answer = RangeAnswer | PutAnswer | DeleteAnswer | TransactionAnswer | MemberAnswer


class RevisionState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The whole state, in order of the keys and of the names: equal states are encoded equally."""

    revision: int
    kvs: tuple[KeyValue, ...]
    members: tuple[tuple[str, Member], ...]
