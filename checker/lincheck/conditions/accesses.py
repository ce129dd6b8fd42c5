"""Who read what whom had written: the operations of a register-like model as reads and writes.

    read              reads a value
    write, delete     writes one
    cas, swapped      reads the value it expected, and writes the new one
    cas, mismatch     saw that the value was another

A read names its write where only one operation wrote that value to that key. Where several did, or
where the value is also that of a key never written, it has several *sources*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from checker.history import Operation
from checker.lincheck.engine import NotApplicable
from checker.lincheck.parts import OperationError
from checker.models import single_value
from checker.models.model import CallError, Key, Model

INITIAL = -1
"""The source of a read that saw the key before any write."""


class Access(NamedTuple):
    """What an operation read and wrote.

    ``sure``: it happened; one that crashed did only if somebody saw what it wrote. ``mismatched``:
    it saw another value than ``value_read``.
    """

    operation: Operation
    key: Key
    reads: bool
    writes: bool
    value_read: Any
    value_written: Any
    mismatched: bool
    sure: bool


class Accesses(NamedTuple):
    """The accesses in order of invocation; positions of each process's, in its order; for each
    reader the positions that it may have read from, INITIAL last."""

    accesses: list[Access]
    sessions: list[list[int]]
    sources: dict[int, list[int]]
    initial: Any

    def sources_of_mismatch(self, reader: int) -> list[int]:
        """What one that saw another value than it expected may have read from."""
        seen = self.accesses[reader]
        found = [
            at
            for at, access in enumerate(self.accesses)
            if access.writes and access.key == seen.key and access.value_written != seen.value_read
        ]
        if self.initial != seen.value_read:
            found.append(INITIAL)
        return found

    def by_key(self) -> list[Accesses]:
        """The same, for each key alone; positions are the same."""
        accesses = self.accesses
        sessions: dict[Key, list[list[int]]] = {}
        for session in self.sessions:
            of_key: dict[Key, list[int]] = {}
            for at in session:
                of_key.setdefault(accesses[at].key, []).append(at)
            for key, positions in of_key.items():
                sessions.setdefault(key, []).append(positions)
        sources: dict[Key, dict[int, list[int]]] = {key: {} for key in sessions}
        for at, found in self.sources.items():
            sources[accesses[at].key][at] = found
        return [self._replace(sessions=sessions[key], sources=sources[key]) for key in sessions]


def is_register_like(model: Model) -> bool:
    """Whether a key of this model holds one value that is read, written, compared and set."""
    return model.step is single_value.step


def accesses_of(operations: Sequence[Operation], model: Model) -> Accesses:
    """Translate operations.

    Raises NotApplicable if reads of this model do not name what they saw, OperationError for an
    operation that the model refuses.
    """
    if not is_register_like(model):
        raise NotApplicable(
            f"reads of the model {model.name!r} do not name the write that they saw; "
            "this is decided for registers and key-value stores"
        )
    accesses: list[Access] = []
    sessions: dict[int | str, list[int]] = {}
    for operation in sorted(operations, key=lambda operation: operation.invoked):
        access = _access(operation, model)
        if access is not None:
            sessions.setdefault(operation.process, []).append(len(accesses))
            accesses.append(access)
    initial = model.initial
    return Accesses(accesses, list(sessions.values()), _sources(accesses, initial), initial)


def _access(operation: Operation, model: Model) -> Access | None:
    try:
        call = model.parse(operation)
    except CallError as error:
        raise OperationError(operation, str(error)) from None
    if call is None:
        return None
    f, key, argument, result, _effect = call
    sure = operation.completed is not None
    if f == "read":
        return Access(operation, key, True, False, result, None, False, sure) if sure else None
    if f == "write":
        return Access(operation, key, False, True, None, argument, False, sure)
    if f != "cas":
        raise NotApplicable(
            f"{operation}: what an {f} writes depends on what it saw, which it does not tell"
            if f == "append"
            else f"{operation}: a {f} touches several keys at once (see checker.isolation)"
        )
    if result:
        return Access(operation, key, True, True, argument[0], argument[1], False, sure)
    return Access(operation, key, True, False, argument[0], None, True, sure)


def _sources(accesses: Sequence[Access], initial: Any) -> dict[int, list[int]]:
    writers: dict[tuple[Key, Any], list[int]] = {}
    for at, access in enumerate(accesses):
        if access.writes:
            writers.setdefault((access.key, access.value_written), []).append(at)
    sources = {}
    for at, access in enumerate(accesses):
        if access.reads and not access.mismatched:
            found = [
                writer
                for writer in writers.get((access.key, access.value_read), ())
                if writer != at
            ]
            if access.value_read == initial:
                found.append(INITIAL)
            sources[at] = found
    _drop_crashed_without_source(accesses, sources)
    return sources


def _drop_crashed_without_source(accesses: Sequence[Access], sources: dict[int, list[int]]) -> None:
    """A crashed compare-and-set that found its value nowhere did not happen."""
    dropped = True
    while dropped:
        dropped = False
        for at, found in list(sources.items()):
            if not found and not accesses[at].sure:
                dropped = True
                del sources[at]
                for others in sources.values():
                    if at in others:
                        others.remove(at)
