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

from collections.abc import Container, Iterator
from typing import Any

from checker.isolation.anomalies import Anomaly, Collector, Step
from checker.isolation.graph import RW, RW_ON, SHIFT, WR, WW, Graph
from checker.isolation.transactions import LIST_APPEND, READ, Small, Transactions
from checker.isolation.workload import COMMITTED, FAILED, STATUS, UNKNOWN, Name
from checker.models.model import Key

Elements = list[Any]


class _List:
    """All that is known of one key.

    ``reads`` are the lists read, ``readers`` who read each; ``writer`` of each element;
    ``superseded``: elements after which their writer appended another, and ``previous``: the
    element that it had appended before, with the writer; ``ambiguous``: appended
    twice by transactions that did not fail; ``retried``: appended twice by any. The rest is found
    when all is read: ``longest``, its reader ``witness``, the number of its elements on which all
    reads ``agreed``, and in ``order`` the writer of each, None for one that nobody appended.
    """

    __slots__ = (
        "agreed",
        "ambiguous",
        "longest",
        "order",
        "previous",
        "readers",
        "reads",
        "retried",
        "superseded",
        "witness",
        "writer",
    )

    def __init__(self) -> None:
        self.reads: list[Elements] = []
        self.readers: list[int] = []
        self.writer: dict[Any, int] = {}
        self.superseded: dict[Any, int] = {}
        self.previous: dict[Any, tuple[Any, int]] = {}
        self.ambiguous: dict[Any, None] = {}
        self.retried: dict[Any, None] = {}
        self.longest: Elements = []
        self.witness: int | None = None
        self.agreed = 0
        self.order: list[int | None] = []


class ListAppend:
    """The inference; see Inference for what it offers."""

    def __init__(self, transactions: Transactions, collector: Collector) -> None:
        self.transactions = transactions
        self.graph = Graph(len(transactions.all))
        self.status = bytearray(STATUS[each.outcome] for each in transactions.all)
        self.reasons: list[str] = []
        self._collector = collector
        self._keys: dict[Key, _List] = {}
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
                    known = keys[key] = _List()
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

    def _append_again(self, known: _List, element: Any, other: int, at: int) -> None:
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
        known: _List,
        before: dict[Key, Elements],
        own: dict[Key, Elements],
    ) -> None:
        """A read of a key that the transaction has read or appended to before."""
        _, key, value = self.transactions.all[at].smalls[place]
        mine, seen = own.get(key, []), before.get(key)
        base = _without_own(value, mine)
        if base is None or (seen is not None and base != seen):
            expected = [*(seen or ()), *mine]
            self._internal(at, place, key, value, expected, seen is not None)
        if base is not None and base != seen:
            before[key] = base
            known.reads.append(base)
            known.readers.append(at)

    # --- the order of each list

    def _leave_out(self, key: Key, known: _List) -> None:
        element = self._shown(next(iter(known.ambiguous)))
        self.reasons.append(
            f"duplicate appends: {element!r} was appended to {self._shown(key)!r} more than once, "
            "so nothing can be said about this key; elements must be unique per key"
        )
        known.reads, known.readers, known.writer = [], [], {}

    def _order(self, key: Key, known: _List) -> None:
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

    def _clean(self, known: _List) -> int:
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

    def _disordered(self, known: _List, element: Any, seen: Container[Any]) -> bool:
        """Whether what its writer appended just before an element is not among those seen."""
        before = known.previous.get(element)
        if before is None or before[0] in seen:
            return False
        return known.writer.get(element) == before[1] == known.writer.get(before[0])

    def _inspect(self, key: Key, known: _List, value: Elements, reader: int) -> None:
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

    def _intermediate(self, key: Key, known: _List, value: Elements, reader: int) -> None:
        """Whether a read ends amid the appends of another transaction."""
        if value and value[-1] in known.superseded:
            who = known.writer[value[-1]]
            if who != reader and self.status[who] == COMMITTED:
                self._direct("G1b", (reader, who), key, value[-1])

    # --- edges

    def _connect(self, known: _List) -> None:
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

    def _connect_unread(self, known: _List, last: int, waiting: list[int]) -> None:
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

    def _read_beyond(self, known: _List, value: Elements, reader: int) -> None:
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

    def _observed(self, at: int) -> Iterator[tuple[int, Key, Elements]]:
        """The lists that a transaction read, without its own elements: (small, key, list).

        Keys that are left out, and reads that contradict their transaction's appends, are not
        among them.
        """
        for place, key, base in observed(self.transactions.all[at].smalls):
            if not self._keys[key].ambiguous:
                yield place, key, base

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

    # --- explanations

    def explain(self, source: int, target: int, kind: str, name: Name) -> Step:
        """Why there is this edge."""
        if kind == "ww":
            return self._explain_order(source, target, name)
        if kind == "wr":
            return self._explain_read(source, target, name)
        return self._explain_missed(source, target, name)

    def _explain_order(self, source: int, target: int, name: Name) -> Step:
        for key, first, gap, second in self._neighbours(source, target):
            known = self._keys[key]
            assert known.witness is not None
            witness = self.transactions.all[known.witness]
            shown, one, two = self._shown(key), self._shown(first), self._shown(second)
            why = (
                f"{name(source)} appended {one!r} to {shown!r} just before {name(target)}'s {two!r}"
            )
            if gap != 1:
                why = why.replace(" just before ", " before ")
            reader = f"the read of event {witness.event}"
            why += f" ({reader} shows {'both' if second in known.longest else 'only the first'})"
            positions = self._position(source), self._position(target)
            return Step(*positions, "ww", why, "order", shown, one, two, (witness.position,))
        raise AssertionError(f"no key orders the appends of {source} and {target}")

    def _neighbours(self, source: int, target: int) -> list[tuple[Key, Any, int, Any]]:
        """Elements of both in the order of a key, and their distance, the nearest first.

        The distance is -1 where the second one's place is unknown.
        """
        found = []
        smalls = self.transactions.all
        for key in dict.fromkeys(key for f, key, _ in smalls[source].smalls if f != READ):
            known = self._keys[key]
            place = {element: at for at, element in enumerate(known.longest[: known.agreed])}
            theirs = [v for f, k, v in smalls[target].smalls if f != READ and k == key]
            for first in [v for f, k, v in smalls[source].smalls if f != READ and k == key]:
                for second in theirs if first in place else ():
                    gap = place[second] - place[first] if second in place else -1
                    if gap > 0 or second not in place:
                        found.append((key, first, gap, second))
        return sorted(found, key=lambda each: (each[2] < 0, each[2]))

    def _explain_read(self, source: int, target: int, name: Name) -> Step:
        appended = {(key, v) for f, key, v in self.transactions.all[source].smalls if f != READ}
        for _, key, value in self._observed(target):
            for element in reversed(value):
                if (key, element) in appended:
                    shown, one = self._shown(key), self._shown(element)
                    why = f"{name(target)} read {shown!r} with {name(source)}'s append of {one!r}"
                    positions = self._position(source), self._position(target)
                    return Step(*positions, "wr", why, "read", shown, one)
                who = self._keys[key].writer.get(element)
                if who is not None and self.status[who] == COMMITTED:
                    break
        raise AssertionError(f"{target} read nothing of {source}")

    def _explain_missed(self, source: int, target: int, name: Name) -> Step:
        appended: dict[Key, Elements] = {}
        for f, key, element in self.transactions.all[target].smalls:
            if f != READ:
                appended.setdefault(key, []).append(element)
        for _, key, value in self._observed(source):
            for element in appended.get(key, ()):
                if element not in value:
                    return self._missed(source, target, key, value, element, name)
        raise AssertionError(f"{source} missed nothing of {target}")

    def _missed(
        self, source: int, target: int, key: Key, value: Elements, element: Any, name: Name
    ) -> Step:
        shown, one = self._shown(key), self._shown(element)
        last = self._shown(value[-1]) if value else None
        up_to = f"up to {last!r}" if value else "as empty"
        why = f"{name(source)} read {shown!r} {up_to}, without {name(target)}'s append of {one!r}"
        positions = self._position(source), self._position(target)
        return Step(*positions, "rw", why, "missed", shown, last, one)

    # --- direct anomalies, in words

    def _shown(self, value: Any) -> Any:
        return self.transactions.shown(value)

    def _position(self, at: int) -> int:
        return self.transactions.all[at].position

    def _anomaly(
        self, kind: str, message: str, who: tuple[int, ...], key: Key, **facts: Any
    ) -> None:
        positions = tuple(map(self._position, who))
        shown = self._shown(key)
        self._collector.add(Anomaly(kind, LIST_APPEND, message, positions, shown, (), facts))

    def _direct(self, kind: str, who: tuple[int, ...], key: Key, element: Any) -> None:
        if not self._collector.wants(kind):
            return
        shown, one = self._shown(key), self._shown(element)
        message = {
            "duplicate-elements": f"T1 read {shown!r} with {one!r} twice",
            "garbage-read": f"T1 read {shown!r} with {one!r}, which nobody appended",
            "disordered-writes": (
                f"T1 read {shown!r} with {one!r}, but not before it what T2 had appended before it"
            ),
            "G1a": f"T1 read {shown!r} with {one!r}, which T2 appended, but T2 failed",
            "G1b": f"T1 read {shown!r} up to {one!r}, after which T2 itself appended more to it",
        }[kind]
        self._anomaly(kind, message, who, key, element=one)

    def _future_read(self, at: int, place: int, key: Key, element: Any) -> None:
        if self._keys[key].ambiguous or not self._collector.wants("future-read"):
            return
        shown, one = self._shown(key), self._shown(element)
        message = f"T1 read {shown!r} with {one!r}, which T1 itself appended later"
        self._anomaly("future-read", message, (at,), key, element=one, small=place)

    def _internal(
        self, at: int, place: int, key: Key, value: Elements, expected: Elements, whole: bool
    ) -> None:
        if not self._collector.wants("internal"):
            return
        read, should = [list(map(self._shown, each)) for each in (value, expected)]
        ending = "" if whole else "something ending with "
        message = f"T1 read {self._shown(key)!r} as {read!r}, but must have seen {ending}{should!r}"
        self._anomaly("internal", message, (at,), key, small=place)

    def _incompatible(self, key: Key, reader: int, witness: int) -> None:
        if self._collector.wants("incompatible-order"):
            message = f"T1 and T2 read {self._shown(key)!r} as lists of which none begins the other"
            self._anomaly("incompatible-order", message, (reader, witness), key)

    def _dirty_update(self, key: Key, known: _List, bad: list[int]) -> None:
        """A committed append right after one of a transaction that failed."""
        for at in bad:
            aborted, then = known.order[at], known.order[at + 1 : at + 2]
            if aborted is None or at + 1 >= known.agreed or not then or then[0] is None:
                continue
            if self.status[then[0]] == FAILED or not self._collector.wants("dirty-update"):
                continue
            shown, one = self._shown(key), self._shown(known.longest[at])
            two = self._shown(known.longest[at + 1])
            assert known.witness is not None
            message = (
                f"T2 appended {two!r} to {shown!r} after T1's {one!r}, but T1 failed; T3 saw both"
            )
            who = (aborted, then[0], known.witness)
            self._anomaly("dirty-update", message, who, key, before=one, after=two)

    def _lost_update(self, key: Key, value: Elements, who: tuple[int, ...]) -> None:
        last = self._shown(value[-1]) if value else None
        up_to = f"up to {last!r}" if value else "as empty"
        names = " and ".join(f"T{number}" for number in range(1, len(who) + 1))
        message = f"{names} read {self._shown(key)!r} {up_to}, and each appended to it"
        read = list(map(self._shown, value))
        self._anomaly("lost-update", message, who, key, read=read)

    def _otv(self, at: int, who: int, seen: tuple[Key, Any], missed: tuple[Key, Any]) -> None:
        (key_seen, one), (key, two) = (tuple(map(self._shown, each)) for each in (seen, missed))
        message = (
            f"T1 read {key_seen!r} with T2's append of {one!r}, and then {key!r} without T2's "
            f"append of {two!r}"
        )
        self._anomaly("OTV", message, (at, who), missed[0], seen=[key_seen, one], missed=two)


def observed(smalls: list[Small]) -> Iterator[tuple[int, Key, Elements]]:
    """What a transaction read, without its own elements: (place of the read, key, list).

    A read that does not end with what its own transaction had appended is left out.
    """
    own: dict[Key, Elements] = {}
    for place, (f, key, value) in enumerate(smalls):
        if f != READ:
            own.setdefault(key, []).append(value)
            continue
        mine = own.get(key)
        if mine is None:
            yield place, key, value
        else:
            base = _without_own(value, mine)
            if base is not None:
                yield place, key, base


def _without_own(value: Elements, own: Elements) -> Elements | None:
    """What a list was before its reader's own appends; None if it does not show each of them so."""
    size = len(value) - len(own)
    if size < 0 or value[size:] != own:
        return None
    base = value[:size]
    return None if any(element in base for element in own) else base


def _common(one: Elements, other: Elements) -> int:
    """How many elements two lists begin with alike."""
    for at, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return at
    return min(len(one), len(other))
