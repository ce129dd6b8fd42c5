"""Operations that nobody knows the end of, looked for in the logs of the servers of etcd's API, our
own and etcd's (``checker.evidence`` says what that proves).

What a client asks for is translated into the write that the server finds in the request; appends
are recognised by the state that they meet (``appends.py``). What takes several requests is left
alone: what it writes depends on what was read before. What an entry answers is found by performing
the committed log from its beginning on our own state machine, which
``tests/server/test_against_etcd.py`` compares with etcd.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

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
from nemesis.cluster.real.appends import (
    AMBIGUOUS,
    Appends,
    is_conditional,
    succeeds,
    with_appends,
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

    def begin(f: str, key: str | None, value: Any) -> Performance:
        return workload.begin(Operate(f=f, key=key, value=value))

    def content_of(event: Event) -> Hashable:
        request = begin(event.f, event.key, event.value).request
        return request if with_appends(request) is not None else write_of(request)

    asked = [
        begin(event.f, event.key, event.value).request
        for event in events
        if event.type == "invoke" and event.f not in workload.reads
    ]
    record = merge_logs(logs)
    if any(map(only_reads, asked)):
        # A program: what it writes rests on what it reads first, and may look like anything.
        record = Record(1, {}, frozenset(), False)
    appends = [each for each in asked if with_appends(each) is not None]

    def resolved_with(log: PerformedLog) -> Resolved:
        def completion_of(event: Event, entry: Entry) -> Completion | None:
            performance = begin(event.f, event.key, event.value)
            result = log.result(performance.request, entry.index)
            return None if result is None else performance.answer(result)

        return resolve(events, log.record, content_of, completion_of)

    resolved = resolved_with(PerformedLog(record, Appends(appends)))
    missed = (begin(each.f, each.key, each.argument).request for each in resolved.lost)
    if any(with_appends(each) is not None for each in missed):
        # What was acknowledged must be recognised; where it is not, nothing is said of appends.
        resolved = resolved_with(PerformedLog(record, Appends(()), frozenset(appends)))
    return resolved


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


class PerformedLog:
    """The committed log, performed from its beginning up to the first entry that is missing or not
    understood: from there on nobody knows what state an entry met. In ``record`` what an append has
    sent is exchanged for the append."""

    def __init__(
        self, record: Record, appends: Appends, undecided: frozenset[Hashable] = frozenset()
    ) -> None:
        """``undecided``: of these nothing is to be said."""
        self._appends = appends
        self._answers: dict[int, TransactionAnswer] = {}
        # Of appends that took effect: whether the operation's own compares held.
        self._held: dict[int, bool] = {}
        self._store = RevisionStore(None, 1)
        contents: dict[int, Hashable] = {}
        end = record.first
        while (entry := record.committed.get(end)) is not None and self._is_understood(entry):
            contents[end] = self._perform(entry)
            end += 1
        ambiguous = AMBIGUOUS in contents.values()
        unperformed = [each.content for index, each in record.committed.items() if index >= end]
        if ambiguous or any(map(is_conditional, (*unperformed, *record.undecided))):
            undecided |= appends.all
        self.record = record._replace(
            committed={
                index: msgspec.structs.replace(entry, content=contents.get(index, entry.content))
                for index, entry in record.committed.items()
            },
            undecided=record.undecided | undecided,
        )

    @staticmethod
    def _is_understood(entry: Entry) -> bool:
        return entry.content is None or isinstance(entry.content, _WRITES)

    def _perform(self, entry: Entry) -> Hashable:
        """Whose the entry is: what it holds, or the append that has sent that."""
        content = entry.content
        if not isinstance(content, _WRITES):
            return None
        sender = None
        if isinstance(content, Transaction) and is_conditional(content):
            sender = self._appends.sent_by(content, self._store)
            if isinstance(sender, commands.Append | commands.Transaction):
                self._held[entry.index] = succeeds(sender, self._store)
        command = _encode(Update("", entry.index, content))
        applied: Applied = self._store.apply(entry.index, command)
        if isinstance(applied.result, TransactionAnswer):
            self._answers[entry.index] = applied.result
        return content if sender is None else sender

    def result(self, operation: Operation, index: int) -> Result | None:
        """What the client would have been told of its operation, whose entry that is; None if
        nobody knows."""
        if isinstance(operation, commands.Put | Delete | Append):
            return Result()
        answer = self._answers.get(index)
        if answer is None:
            return None
        if isinstance(operation, CompareAndSet):
            return Result(succeeded=answer.succeeded)
        values: list[str | None] = []
        for response in answer.responses:
            if isinstance(response, RangeAnswer) and response.kvs:
                values.append(response.kvs[0].value.decode())
            else:
                values.append(None)
        succeeded = self._held.get(index, answer.succeeded)
        return Result(succeeded=succeeded, values=tuple(values))


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
