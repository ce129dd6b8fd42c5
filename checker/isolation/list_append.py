"""Lists: what reads of whole lists tell about the order of appends (Kingsbury and Alvaro 2020, §4).

The claim: if each element is appended to a key once, then a read shows all versions before it. So

    ww   of two neighbours in the longest read of a key, the first was appended before the second;
         what a read shows was appended before what it lacks, if that was committed
    wr   who reads a list has read from the transaction that appended its last element
    rw   who reads a list that lacks a committed element read a version before that element's

Each edge holds in every order of versions that explains the reads, so a cycle cannot be explained.
Edges between neighbours are enough: the others are ways over these. Committed elements that no
read shows come after the longest read, in an order that nobody knows.

All reads of a key must be prefixes of the longest. Where they are not, only the part on which all
agree orders anything. A read after an append of its own transaction tells what the transaction
had read before it: its own elements at the end are taken off, for until it commits, they stand in
its own copy of the list.

Transactions that failed are not in the graph. One with unknown outcome is if a committed one read
an element of it. An element appended twice makes its key say nothing: the key is left out.

The cost is that of comparing the reads with the longest of their key, which C does, and otherwise
linear in the number of small operations and the length of the longest reads.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from checker.isolation.anomalies import Collector
from checker.isolation.graph import RW, RW_ON, SHIFT, WR, WW, Graph
from checker.isolation.list_append_words import ListAppendWords
from checker.isolation.list_known import Elements, KnownList, without_own
from checker.isolation.transactions import READ, Transactions
from checker.isolation.workload import COMMITTED, FAILED, UNKNOWN
from checker.models.model import Key


class ListAppend(ListAppendWords):
    """The inference; see Inference for what it offers."""

    def __init__(self, transactions: Transactions, collector: Collector) -> None:
        super().__init__(transactions, collector)
        self.graph = Graph(len(transactions.all))
        self.reasons: list[str] = []
        self._early: list[tuple[int, int, Key, Any]] = []
        self._collect()
        for at, place, key, element in self._early:
            self._future_read(at, place, key, element)
        for key, known in list(self._keys.items()):
            if known.ambiguous:
                self._leave_out(key, known)
            else:
                self._order(key, known)
        for known in self._keys.values():
            self._connect(known)

    # --- reading the transactions

    def _collect(self) -> None:
        keys, status = self._keys, self.status
        for at, transaction in enumerate(self.transactions.all):
            before: dict[Key, Elements] = {}
            own: dict[Key, Elements] = {}
            for place, (f, key, value) in enumerate(transaction.smalls):
                known = keys.get(key)
                if known is None:
                    known = keys[key] = KnownList()
                if f == READ:
                    if key in before or key in own:
                        self._read_again(at, place, known, before, own)
                    else:
                        before[key] = value
                        known.reads.append(value)
                        known.readers.append(at)
                    continue
                other = known.writer.setdefault(value, at)
                if other != at or value in own.get(key, ()):
                    self._append_again(known, value, other, at)
                mine = own.get(key)
                if mine is None:
                    own[key] = [value]
                else:
                    known.previous[value] = (mine[-1], at)
                    known.superseded[mine[-1]] = at
                    mine.append(value)
                if key in before and status[at] == COMMITTED and value in before[key]:
                    self._early.append((at, place, key, value))

    def _append_again(self, known: KnownList, element: Any, other: int, at: int) -> None:
        """An element is appended a second time. One that failed does not count beside others."""
        status = self.status
        known.retried[element] = None
        if status[at] == FAILED:
            return
        if status[other] == FAILED:
            known.writer[element] = at
        else:
            known.ambiguous[element] = None

    def _read_again(
        self,
        at: int,
        place: int,
        known: KnownList,
        before: dict[Key, Elements],
        own: dict[Key, Elements],
    ) -> None:
        """A read of a key that the transaction has read or appended to before."""
        _, key, value = self.transactions.all[at].smalls[place]
        mine, seen = own.get(key, []), before.get(key)
        base = without_own(value, mine)
        if base is None or (seen is not None and base != seen):
            expected = [*(seen or ()), *mine]
            self._internal(at, place, key, value, expected, seen is not None)
        if base is not None and base != seen:
            before[key] = base
            known.reads.append(base)
            known.readers.append(at)

    # --- the order of each list

    def _leave_out(self, key: Key, known: KnownList) -> None:
        element = self._shown(next(iter(known.ambiguous)))
        self.reasons.append(
            f"duplicate appends: {element!r} was appended to {self._shown(key)!r} more than once, "
            "so nothing can be said about this key; elements must be unique per key"
        )
        known.reads, known.readers, known.writer = [], [], {}

    def _order(self, key: Key, known: KnownList) -> None:
        """Find the order of appends, and what is wrong with the reads themselves."""
        reads = known.reads
        if not reads:
            return
        longest = known.longest = max(reads, key=len)
        known.witness = known.readers[reads.index(longest)]
        agreed = len(longest)
        odd = [at for at, value in enumerate(reads) if value != longest[: len(value)]]
        for at in odd:
            agreed = min(agreed, _common(reads[at], longest))
            self._incompatible(key, known.readers[at], known.witness)
        clean = self._clean(known)
        agreed = known.agreed = min(agreed, clean)
        writer, status = known.writer, self.status
        order = known.order = list(map(writer.get, longest))
        bad: list[int] = []
        for at, who in enumerate(order):
            if who is None or status[who] == FAILED:
                bad.append(at)
            elif status[who] == UNKNOWN:
                status[who] = COMMITTED
        if bad:
            self._dirty_update(key, known, bad)
            clean = min(clean, bad[0])
        if odd or clean < len(longest) or known.superseded:
            strange = set(odd)
            for at, value in enumerate(reads):
                if len(value) > clean or at in strange:
                    self._inspect(key, known, value, known.readers[at])
                self._intermediate(key, known, value, known.readers[at])

    def _clean(self, known: KnownList) -> int:
        """How far the longest read has nothing twice, and each writer's elements in order."""
        longest = known.longest
        if len(set(longest)) == len(longest) and known.previous.keys().isdisjoint(longest):
            return len(longest)
        seen: set[Any] = set()
        for at, element in enumerate(longest):
            if element in seen or self._disordered(known, element, seen):
                return at
            seen.add(element)
        return len(longest)

    def _disordered(self, known: KnownList, element: Any, seen: Container[Any]) -> bool:
        """Whether what its writer appended just before an element is not among those seen."""
        before = known.previous.get(element)
        if before is None or before[0] in seen:
            return False
        return known.writer.get(element) == before[1] == known.writer.get(before[0])

    def _inspect(self, key: Key, known: KnownList, value: Elements, reader: int) -> None:
        """What is wrong with one read; and whom it shows to have committed."""
        status = self.status
        seen: dict[Any, None] = {}
        for element in value:
            who = known.writer.get(element)
            if element in seen:
                if element not in known.retried:
                    self._direct("duplicate-elements", (reader,), key, element)
            elif who is None:
                self._direct("garbage-read", (reader,), key, element)
            elif status[who] == FAILED:
                self._direct("G1a", (reader, who), key, element)
            else:
                status[who] = COMMITTED
                if self._disordered(known, element, seen):
                    self._direct("disordered-writes", (reader, who), key, element)
            seen[element] = None

    def _intermediate(self, key: Key, known: KnownList, value: Elements, reader: int) -> None:
        """Whether a read ends amid the appends of another transaction."""
        if value and value[-1] in known.superseded:
            who = known.writer[value[-1]]
            if who != reader and self.status[who] == COMMITTED:
                self._direct("G1b", (reader, who), key, value[-1])

    # --- edges

    def _connect(self, known: KnownList) -> None:
        """The edges of one key."""
        out, status, agreed = self.graph.out, self.status, known.agreed
        order = [
            who if who is not None and status[who] == COMMITTED else -1
            for who in known.order[:agreed]
        ]
        previous = -1
        shown = [-1]  # The last committed writer before each position,
        for who in order:
            if who >= 0:
                if previous >= 0 and previous != who:
                    out[previous].append(who << SHIFT | WW)
                previous = who
            shown.append(previous)
        missed = [-1] * (agreed + 1)  # and the first one from it on.
        following = -1
        for at in range(agreed - 1, -1, -1):
            if order[at] >= 0:
                following = order[at]
            missed[at] = following
        waiting: list[int] = []
        for value, reader in zip(known.reads, known.readers, strict=True):
            size = len(value)
            if size > agreed:
                self._read_beyond(known, value, reader)
                continue
            who = shown[size]
            if who >= 0 and who != reader:
                out[who].append(reader << SHIFT | WR)
            who = missed[size]
            if who < 0:
                waiting.append(reader)
            elif who != reader:
                out[reader].append(who << SHIFT | RW)
        if len(known.writer) > agreed or len(order) != agreed or -1 in order:
            self._connect_unread(known, previous, waiting)

    def _connect_unread(self, known: KnownList, last: int, waiting: list[int]) -> None:
        """Committed elements that are not in the order come after it."""
        ordered = set(known.longest[: known.agreed])
        unread = list(
            dict.fromkeys(
                who
                for element, who in known.writer.items()
                if element not in ordered and self.status[who] == COMMITTED
            )
        )
        if last >= 0:
            for who in unread:
                if who != last:
                    self.graph.add(last, who, WW)
        if unread and waiting:
            self.graph.fan(list(dict.fromkeys(waiting)), unread, RW, RW_ON)

    def _read_beyond(self, known: KnownList, value: Elements, reader: int) -> None:
        """A read of elements whose order nobody knows: it was after the last of them."""
        for element in reversed(value):
            who = known.writer.get(element)
            if who is not None and self.status[who] == COMMITTED:
                if who != reader:
                    self.graph.add(who, reader, WR)
                return

    # --- anomalies that take two transactions of one component

    def suspect(self, members: list[int]) -> None:
        """Lost updates, and transactions that vanish, among transactions on cycles.

        Both imply a cycle: each of two that lost an update missed, or follows, the other's append;
        one that vanishes was read from, and missed.
        """
        updates: dict[tuple[Key, int], dict[int, None]] = {}
        for at in members:
            if self.transactions.all[at].outcome != "ok":
                continue
            reads = list(self._observed(at))
            appended = {key for f, key, _ in self.transactions.all[at].smalls if f != READ}
            for key, value in {key: value for _, key, value in reads}.items():
                known = self._keys[key]
                if key in appended and value == known.longest[: len(value)]:
                    updates.setdefault((key, len(value)), {})[at] = None
            self._vanished(at, reads)
        for (key, size), group in updates.items():
            if len(group) > 1 and self._collector.wants("lost-update"):
                self._lost_update(key, self._keys[key].longest[:size], tuple(group))

    def _vanished(self, at: int, reads: list[tuple[int, Key, Elements]]) -> None:
        seen: dict[int, tuple[Key, Any]] = {}
        for _, key, value in reads:
            for who, (key_seen, element_seen) in seen.items():
                for f, key_written, element in self.transactions.all[who].smalls:
                    if f != READ and key_written == key and element not in value:
                        if self._collector.wants("OTV"):
                            self._otv(at, who, (key_seen, element_seen), (key, element))
                        return
            if value:
                last = self._keys[key].writer.get(value[-1])
                if last is not None and last != at and self.status[last] == COMMITTED:
                    seen.setdefault(last, (key, value[-1]))


def _common(one: Elements, other: Elements) -> int:
    """How many elements two lists begin with alike."""
    for at, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return at
    return min(len(one), len(other))
