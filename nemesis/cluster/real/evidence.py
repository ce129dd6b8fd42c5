"""Operations that nobody knows the end of, looked for in the logs of the servers of etcd's API, our
own and etcd's (``checker.evidence`` says what that proves).

What a client asks for is translated into the write that the server finds in the request. Appends,
transactions with them, and what takes several requests are left alone: what they write depends on
what was read before. What an entry answers is found by performing the committed log from its
beginning on our own state machine, which ``tests/server/test_against_etcd.py`` compares with etcd.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import msgspec

from checker.evidence import (
    Completion,
    Entry,
    Log,
    Record,
    Resolved,
    merge_logs,
    resolve,
)
from checker.history import Event
from checker.trace import (
    Appended,
    Committed,
    SnapshotRestored,
    Started,
    TraceEvent,
    Truncated,
)
from nemesis.schedule import Operate
from nemesis.workloads import Workload
from nemesis.workloads.performance import Performance, only_reads
from raft.kv import commands
from raft.kv.commands import Append, CompareAndSet, Delete, Operation, Result
from raft.kv.replicated import Applied
from raft.kv.revision_store import RevisionStore
from raft.kv.revisions import (
    Compare,
    DeleteRange,
    Put,
    PutMember,
    Range,
    RangeAnswer,
    Simple,
    Transaction,
    TransactionAnswer,
    Update,
    Write,
)

_WRITES = (Put, DeleteRange, Transaction)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Update).decode


def with_evidence(events: Sequence[Event], workload: Workload, logs: Sequence[Log]) -> Resolved:
    """The history with what the logs of all servers prove. Raises EvidenceError if they contradict
    each other."""
    record = merge_logs(logs)
    answers = _answers(record)

    def begin(event: Event) -> Performance:
        return workload.begin(Operate(f=event.f, key=event.key, value=event.value))

    def content_of(event: Event) -> Hashable:
        return write_of(begin(event).request)

    def completion_of(event: Event, entry: Entry) -> Completion | None:
        performance = begin(event)
        result: Result | None = None
        if isinstance(performance.request, commands.Put | Delete):
            result = Result()
        elif (answer := answers.get(entry.index)) is not None:
            result = _result(performance.request, answer)
        return None if result is None else performance.answer(result)

    asked = (event for event in events if event.type == "invoke" and event.f not in workload.reads)
    if any(only_reads(begin(event).request) for event in asked):
        # A program: what it writes rests on what it reads first, and may look like anything.
        record = Record(1, {}, frozenset(), False)
    return resolve(events, record, content_of, completion_of)


def write_of(operation: Operation) -> Write | None:
    """What a server finds in the log when it was asked for this; None for what need not get there,
    since it writes nothing, or depends on what was read before."""
    if isinstance(operation, CompareAndSet):
        put = commands.Put(operation.key, operation.value)
        compare = commands.Compare(operation.key, operation.expected)
        operation = commands.Transaction((compare,), (put,), ())
    if isinstance(operation, commands.Transaction):
        branches = (_simple(operation.then), _simple(operation.otherwise))
        if branches[0] is None or branches[1] is None:
            return None
        if all(isinstance(each, Range) for each in (*branches[0], *branches[1])):
            return None
        compares = tuple([_compare(each) for each in operation.compares])
        return Transaction(compares, branches[0], branches[1])
    simple = _simple((operation,))
    return simple[0] if simple and not isinstance(simple[0], Range) else None


def _compare(compare: commands.Compare) -> Compare:
    key = compare.key.encode()
    if compare.expected is None:
        return Compare(key, "VERSION", "EQUAL", 0)
    return Compare(key, "VALUE", "EQUAL", compare.expected.encode())


def _simple(operations: Iterable[commands.Simple]) -> tuple[Simple, ...] | None:
    writes: list[Simple] = []
    for each in operations:
        key = each.key.encode()
        if isinstance(each, Append):
            return None
        if isinstance(each, commands.Put):
            writes.append(Put(key, each.value.encode()))
        elif isinstance(each, Delete):
            writes.append(DeleteRange(key))
        else:
            writes.append(Range(key))
    return tuple(writes)


def _answers(record: Record) -> dict[int, TransactionAnswer]:
    """What each transaction was answered, up to the first entry that is missing or not understood:
    from there on nobody knows what state it met."""
    answers: dict[int, TransactionAnswer] = {}
    if not record.committed:
        return answers
    store = RevisionStore(None, 1)
    for index in range(record.first, max(record.committed) + 1):
        entry = record.committed.get(index)
        if entry is None:
            break
        if entry.content is None:
            continue
        if not isinstance(entry.content, _WRITES):
            break
        applied: Applied = store.apply(index, _encode(Update("", index, entry.content)))
        if isinstance(applied.result, TransactionAnswer):
            answers[index] = applied.result
    return answers


def _result(operation: Operation, answer: TransactionAnswer) -> Result | None:
    if isinstance(operation, CompareAndSet):
        return Result(succeeded=answer.succeeded)
    if not isinstance(operation, commands.Transaction):
        return None
    values: list[str | None] = []
    for response in answer.responses:
        if isinstance(response, RangeAnswer) and response.kvs:
            values.append(response.kvs[0].value.decode())
        else:
            values.append(None)
    return Result(succeeded=answer.succeeded, values=tuple(values))


def logs_of_trace(nodes: Sequence[str], trace: Iterable[TraceEvent]) -> list[Log]:
    """The logs of our own servers, by what they have told: every entry that they ever held."""
    readers = {node: _TraceReader(node) for node in nodes}
    for event in trace:
        readers[event.node].take(event)
    return [reader.log() for reader in readers.values()]


class _TraceReader:
    """What one server's log holds while its trace is read."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._begins_after: int | None = None
        self._entries: dict[int, Entry] = {}
        self._last = 0
        self._committed: dict[int, Entry] = {}
        self._appended: set[Entry] = set()

    def take(self, event: TraceEvent) -> None:
        """The next event of this server."""
        if isinstance(event, Appended):
            entry = Entry(event.index, event.term, _content(event.command))
            self._entries[event.index] = entry
            self._last = event.index
            self._appended.add(entry)
            if self._begins_after is None:
                self._begins_after = event.index - 1
        elif isinstance(event, Truncated):
            for index in range(event.index, self._last + 1):
                self._entries.pop(index, None)
            self._last = event.index - 1
        elif isinstance(event, Committed):
            self._commit(event.index)
        elif isinstance(event, SnapshotRestored):
            if self._begins_after is None:
                self._begins_after = event.index
            for index in range(event.last_index + 1, self._last + 1):
                self._entries.pop(index, None)
            self._last = event.last_index
        elif isinstance(event, Started):
            self._entries.clear()
            self._last = 0

    def _commit(self, up_to: int) -> None:
        index = up_to
        while index in self._entries and index not in self._committed:
            self._committed[index] = self._entries[index]
            index -= 1

    def log(self) -> Log:
        """All of it."""
        return Log(self._node, self._begins_after or 0, self._committed, frozenset(self._appended))


def _content(command: bytes) -> Hashable:
    if not command:
        return None
    write = _decode(command).write
    # Where a server is reached: no client asks for that, and no key is changed.
    return None if isinstance(write, PutMember) else write
