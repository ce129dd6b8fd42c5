"""From operations to transactions: what each read and wrote, checked, and hashable.

A transaction is a list of small operations ``(f, key, value)``. Of one that committed (``ok``), the
values of reads are the answers; of any other only the writes are kept, for nobody knows what it
read. Keys and values are made distinct (``True``, ``1`` and ``1.0`` differ).

    list-append   txn of "r" and "append"; also "append" and "read" of one key
    rw-register   txn of "r" and "w"; also "write" and "read" of one key
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from checker.history import Operation
from checker.models.model import CallError, Key, distinct

LIST_APPEND: Final = "list-append"
REGISTER: Final = "rw-register"
READ: Final = "r"

_WRITES: Final = {LIST_APPEND: "append", REGISTER: "w"}
_SINGLE: Final = {LIST_APPEND: "append", REGISTER: "write"}
_PLAIN: Final = frozenset((int, str))

# A small operation: (f, key, value or answer).
Small = tuple[str, Key, Any]


class Transaction(NamedTuple):
    """One transaction, in the order of the history.

    ``position`` is that of its operation in ``History.operations()``, ``event`` the index of its
    invocation; the rest is as in Operation.
    """

    position: int
    process: int | str
    invoked: int
    completed: int | None
    outcome: str
    event: int | None
    smalls: list[Small]


class TransactionError(Exception):
    """An operation that is not a transaction of this workload."""

    def __init__(self, operation: Operation, reason: str) -> None:
        super().__init__(reason)
        self.operation = operation
        self.reason = reason


class Transactions:
    """All transactions of a history, and its values as they stand there."""

    def __init__(self, workload: str) -> None:
        self.workload = workload
        self.all: list[Transaction] = []
        self._originals: dict[Any, Any] = {}

    def shown(self, value: Any) -> Any:
        """A key or an element as the history has it."""
        return value if type(value) in _PLAIN else self._originals.get(value, value)

    def distinct(self, value: Any) -> Any:
        """A hashable stand-in of a value; ``shown`` gives the value back."""
        if type(value) in _PLAIN or value is None:
            return value
        stand_in = distinct(value)
        self._originals[stand_in] = value
        return stand_in

    def answer(self, value: Any) -> Any:
        """What a read answered."""
        if self.workload == REGISTER:
            return self.distinct(value)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise CallError(f"a read of a list answers a list, not {value!r}")
        if _PLAIN.issuperset(map(type, value)):
            return value if type(value) is list else list(value)
        return [self.distinct(element) for element in value]


def parse(operations: Sequence[Operation], workload: str) -> Transactions:
    """The transactions of these operations.

    Raises TransactionError for an operation that the workload does not know, or whose values are
    not what they must be; ValueError for an unknown workload.
    """
    if workload not in _WRITES:
        raise ValueError(f"there is no workload {workload!r}; there are {', '.join(_WRITES)}")
    transactions = Transactions(workload)
    add = transactions.all.append
    for position, operation in enumerate(operations):
        process, f, _, argument, result, outcome, invoked, completed, _, event, _ = operation
        try:
            if f != "txn":
                smalls = _single(transactions, operation)
            elif outcome == "ok":
                smalls = _told(transactions, argument, result)
            else:
                smalls = _asked(transactions, argument)
        except CallError as error:
            raise TransactionError(operation, str(error)) from None
        add(Transaction(position, process, invoked, completed, outcome, event, smalls))
    return transactions


def _single(transactions: Transactions, operation: Operation) -> list[Small]:
    """An operation on one key, as a transaction of one small operation."""
    workload = transactions.workload
    if operation.f == "read":
        if operation.outcome != "ok":
            return []
        key = transactions.distinct(operation.key)
        return [(READ, key, transactions.answer(operation.result))]
    if operation.f == _SINGLE[workload]:
        key = transactions.distinct(operation.key)
        return [(_WRITES[workload], key, transactions.distinct(operation.argument))]
    raise CallError(
        f"the workload {workload!r} knows txn, {_SINGLE[workload]} and read, not {operation.f!r}"
    )


def _told(transactions: Transactions, argument: Any, result: Any) -> list[Small]:
    """The small operations of a committed transaction."""
    write = _WRITES[transactions.workload]
    known = READ, write
    _require_list(argument)
    if not isinstance(result, list | tuple) or len(result) != len(argument):
        raise CallError("the completion of a txn must have the operations of its invocation")
    make, answer = transactions.distinct, transactions.answer
    smalls: list[Small] = []
    for asked, told in zip(argument, result, strict=True):
        _require_small(asked, known)
        _require_small(told, known)
        f, key, value = told
        asked_f, asked_key, asked_value = asked
        if f != asked_f or not _same(key, asked_key):
            raise CallError("the completion of a txn must have the operations of its invocation")
        if f == READ:
            smalls.append((f, make(key), answer(value)))
        elif _same(value, asked_value):
            smalls.append((f, make(key), make(value)))
        else:
            raise CallError(
                f"the completion of a txn says that it wrote {value!r}, its invocation "
                f"{asked_value!r}"
            )
    return smalls


def _asked(transactions: Transactions, argument: Any) -> list[Small]:
    """The writes of a transaction that failed, or whose outcome nobody knows."""
    write = _WRITES[transactions.workload]
    known = READ, write
    _require_list(argument)
    make = transactions.distinct
    smalls: list[Small] = []
    for asked in argument:
        _require_small(asked, known)
        f, key, value = asked
        if f == write:
            smalls.append((f, make(key), make(value)))
    return smalls


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) in _PLAIN and type(one) is type(other):
        return bool(one == other)
    return bool(distinct(one) == distinct(other))


def _require_list(argument: Any) -> None:
    if not isinstance(argument, list | tuple):
        raise CallError(f"the value of txn must be a list of operations, not {argument!r}")


def _require_small(small: Any, known: tuple[str, str]) -> None:
    if isinstance(small, list | tuple) and len(small) == 3 and small[0] in known:
        return
    raise CallError(
        f"an operation of a txn must be [{known[0]!r}, key, value] or [{known[1]!r}, key, value], "
        f"not {small!r}"
    )
