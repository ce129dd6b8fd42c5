"""Appends recognised in a log of etcd's API, which has none.

The client reads what the key holds, and sends a transaction that writes that and its own, on
condition that nothing it has read was modified since (``etcd_client.py``). If the condition does
not hold, nothing has happened. If it does, the state that the transaction meets is the one that the
client has read: so, while the log is performed, what each append would have sent can be told, and
compared with what stands there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Final

from raft.kv import commands
from raft.kv.commands import Append, Delete, Operation
from raft.kv.revision_store import RevisionStore
from raft.kv.revisions import Compare, DeleteRange, KeyValue, Put, Range, Simple, Transaction

AMBIGUOUS: Final = "more than one operation may have sent this"


def with_appends(operation: Operation) -> commands.Transaction | None:
    """As the client performs it, an operation that appends; None for one that does not, or where
    one of its branches writes nothing, so that it need not be in the log."""
    if isinstance(operation, Append):
        return commands.Transaction((), (operation,), (operation,))
    if not isinstance(operation, commands.Transaction):
        return None
    branches = (operation.then, operation.otherwise)
    if not any(isinstance(each, Append) for branch in branches for each in branch):
        return None
    if not all(any(not isinstance(each, commands.Get) for each in branch) for branch in branches):
        return None
    return operation


def is_conditional(content: Hashable) -> bool:
    """Whether this may be what an append has sent."""
    return isinstance(content, Transaction) and any(
        compare.target == "MOD" for compare in content.compares
    )


class Appends:
    """The operations of a history that append, to be found by what they wrote."""

    def __init__(self, asked: Iterable[Operation]) -> None:
        # By key and the end of what is written there: a client's own value.
        self._by_end: defaultdict[tuple[bytes, bytes], list[Operation]] = defaultdict(list)
        self._lengths: set[int] = set()
        self.all = frozenset(asked)
        for operation in sorted(self.all, key=repr):
            transaction = with_appends(operation)
            assert transaction is not None
            for each in {*transaction.then, *transaction.otherwise}:
                if isinstance(each, Append | commands.Put):
                    own = each.value.encode()
                    self._lengths.add(len(own))
                    self._by_end[each.key.encode(), own].append(operation)

    def sent_by(self, found: Transaction, store: RevisionStore) -> Operation | str | None:
        """Which operation has sent what was found, and takes effect in this state; AMBIGUOUS if it
        may be one of several, None if it is none of these."""
        candidates = {
            operation
            for put in found.success
            if isinstance(put, Put)
            for length in self._lengths
            for operation in self._by_end.get(
                (put.key, put.value[len(put.value) - length :] if length else b""), ()
            )
            if length <= len(put.value)
        }
        senders = [each for each in candidates if _sent(each, store) == found]
        if len(senders) > 1:
            return AMBIGUOUS
        return senders[0] if senders else None


def _sent(operation: Operation, store: RevisionStore) -> Transaction:
    """What the client sends for it when it has read this state."""
    transaction = with_appends(operation)
    assert transaction is not None
    both = (*transaction.then, *transaction.otherwise)
    needed = [each.key for each in transaction.compares]
    needed += [each.key for each in both if isinstance(each, Append)]
    held = {key: _held(key, store) for key in dict.fromkeys(needed)}
    guards = tuple(
        [
            Compare(key.encode(), "MOD", "EQUAL", 0 if kv is None else kv.mod_revision)
            for key, kv in held.items()
        ]
    )
    succeeded = all(_value(held[each.key]) == each.expected for each in transaction.compares)
    branch = transaction.then if succeeded else transaction.otherwise
    return Transaction(guards, tuple([_request(each, held) for each in branch]), ())


def succeeds(operation: Operation, store: RevisionStore) -> bool:
    """Whether the compares of the operation hold in this state."""
    transaction = with_appends(operation)
    assert transaction is not None
    return all(_value(_held(each.key, store)) == each.expected for each in transaction.compares)


def _held(key: str, store: RevisionStore) -> KeyValue | None:
    answer = store.query(Range(key.encode()))
    return answer.kvs[0] if hasattr(answer, "kvs") and answer.kvs else None


def _value(kv: KeyValue | None) -> str | None:
    return None if kv is None else kv.value.decode()


def _request(operation: commands.Simple, held: dict[str, KeyValue | None]) -> Simple:
    key = operation.key.encode()
    if isinstance(operation, Append):
        return Put(key, ((_value(held[operation.key]) or "") + operation.value).encode())
    if isinstance(operation, commands.Put):
        return Put(key, operation.value.encode())
    return DeleteRange(key) if isinstance(operation, Delete) else Range(key)
