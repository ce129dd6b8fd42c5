"""Registers: what reads of single values tell about the order of writes.

A read shows one version, not those before it. With unique values per key it shows who wrote it:

    wr   who reads a value has read from its writer

The order of versions is known only in part. Always:

    initial         nil is before every value
    follows-reads   a transaction that read v and then wrote w put w after v

The second is sound from read committed on: the reader read from v's writer, so were w before v,
they would be a cycle of wr and ww, G1c. On request, for systems that promise it for single keys:

    sequential      (``sequential_keys``) in a process, what a later transaction found on a key is
                    not before what an earlier one left there
    linearizable    (``linearizable_keys``) the same for any transaction that began after the
                    earlier one had ended

Then, if v is before w: whoever read v missed w (rw); and by the last two rules, the writer of v
came before that of w (ww). By the first two, this ww is a wr that is there already. Versions that
come before each other (cyclic-versions) order nothing, and their key keeps its wr edges only.

Without a promise, real time orders versions too, but only as far as it binds transactions:

    realtime-writes  a transaction ended before another began, and both wrote

This makes rw edges of their own kind, for cycles given real time only: under strong snapshot
isolation, and so under strict serializability, versions are in the order of such transactions.

A value written twice to a key, or a nil written, tells nothing: it may be either's. What a
transaction wrote over itself, or wrote and failed, is no version; who reads it is G1b or G1a.

The cost is linear, but for the order in time: there it is linear in the transactions times the
most that use a key at the same time.
"""

from __future__ import annotations

from typing import Any

from checker.isolation.anomalies import Collector
from checker.isolation.graph import (
    RW,
    RW_ON,
    RW_TIME,
    SHIFT,
    WR,
    WW,
    Graph,
    components,
    shortest_way,
)
from checker.isolation.register_known import KnownRegister, Order, Use, put
from checker.isolation.register_words import RegisterWords
from checker.isolation.transactions import READ, Transactions
from checker.isolation.workload import COMMITTED, FAILED, UNKNOWN
from checker.models.model import Key


class Register(RegisterWords):
    """The inference; see Inference for what it offers."""

    def __init__(
        self,
        transactions: Transactions,
        collector: Collector,
        *,
        sequential_keys: bool,
        linearizable_keys: bool,
    ) -> None:
        super().__init__(transactions, collector)
        self.graph = Graph(len(transactions.all))
        self.reasons: list[str] = []
        self._early: list[tuple[int, int, Key, Any]] = []
        self._collect()
        for at, place, key, value in self._early:
            self._future_read(at, place, key, value)
        for key, known in self._keys.items():
            self._inspect(key, known)
        for known in self._keys.values():
            self._order(known, sequential_keys, linearizable_keys)
        self._refuse_cyclic()
        for key, known in self._keys.items():
            self._connect(known)
            self._lost_updates(key, known)

    # --- reading the transactions

    def _collect(self) -> None:
        keys, status = self._keys, self.status
        for at, transaction in enumerate(self.transactions.all):
            found: dict[Key, Any] = {}  # The first read before any write,
            before: dict[Key, Any] = {}  # the last one,
            own: dict[Key, Any] = {}  # and the last write.
            for place, (f, key, value) in enumerate(transaction.smalls):
                known = keys.get(key)
                if known is None:
                    known = keys[key] = KnownRegister()
                if f == READ:
                    if key in own:
                        if value != own[key]:
                            self._internal(at, place, key, value, own[key])
                        continue
                    if key in before and value != before[key]:
                        self._internal(at, place, key, value, before[key])
                    if key not in before or value != before[key]:
                        known.readers.setdefault(value, []).append(at)
                    found.setdefault(key, value)
                    before[key] = value
                    continue
                self._write(known, value, at)
                if key in own:
                    known.superseded[own[key]] = at
                own[key] = value
                if key in before and before[key] == value and status[at] == COMMITTED:
                    self._early.append((at, place, key, value))
            for key, value in own.items():
                known = keys[key]
                known.final[at] = value
                if status[at] == COMMITTED and key in before:
                    known.updates.setdefault(before[key], []).append(at)
            for key in {**found, **own}:
                left = own[key] if key in own else before[key]
                keys[key].uses.append(Use(at, found.get(key, left), left))

    def _write(self, known: KnownRegister, value: Any, at: int) -> None:
        """Note a write; a value written twice does not tell by whom, unless all but one failed."""
        if value is None:
            known.ambiguous[None] = None
            return
        other = known.writer.get(value)
        if other is None or (self.status[other] == FAILED and other != at):
            known.writer[value] = at
        elif self.status[at] != FAILED:
            known.ambiguous[value] = None

    # --- reads by themselves

    def _inspect(self, key: Key, known: KnownRegister) -> None:
        """What is wrong with single reads; and whom they show to have committed."""
        if known.ambiguous:
            value = self._shown(next(iter(known.ambiguous)))
            what = "nil was written" if value is None else f"{value!r} was written more than once"
            self.reasons.append(
                f"duplicate writes: {what} to {self._shown(key)!r}, so reads of it tell nothing; "
                "values must be unique per key, and not nil"
            )
        status = self.status
        for value, readers in known.readers.items():
            if value is None or value in known.ambiguous:
                continue
            who = known.writer.get(value)
            for reader in readers:
                if who is None:
                    self._direct("garbage-read", (reader,), key, value)
                elif status[who] == FAILED:
                    self._direct("G1a", (reader, who), key, value)
                elif value in known.superseded and who != reader:
                    self._direct("G1b", (reader, who), key, value)
            if who is not None and status[who] == UNKNOWN:
                status[who] = COMMITTED

    def _lost_updates(self, key: Key, known: KnownRegister) -> None:
        for value, group in known.updates.items():
            unsure = value in known.ambiguous or len(group) < 2
            if not unsure and self._collector.wants("lost-update"):
                names = " and ".join(f"T{number}" for number in range(1, len(group) + 1))
                message = (
                    f"{names} read {self._shown(value)!r} from {self._shown(key)!r}, and each "
                    "wrote to it"
                )
                who = tuple(group)
                self._anomaly("lost-update", message, who, key, read=self._shown(value))

    # --- the order of versions

    def _is_version(self, known: KnownRegister, value: Any) -> bool:
        """Whether a value stands for one version: written once, last by its writer, committed."""
        if value in known.ambiguous:
            return False
        if value is None:
            return True
        who = known.writer.get(value)
        return who is not None and self.status[who] == COMMITTED and known.final.get(who) == value

    def _order(self, known: KnownRegister, sequential: bool, linearizable: bool) -> None:
        for value, group in known.updates.items():
            if self._is_version(known, value):
                for who in group:
                    if self._is_version(known, known.final[who]):
                        put(known.after, value, known.final[who], ("follows-reads", (who,)))
        if not linearizable:
            writes = [
                Use(who, value, value)
                for who, value in known.final.items()
                if self._is_version(known, value)
            ]
            self._in_time(known.in_time, writes, "realtime-writes")
        if not sequential and not linearizable:
            return
        uses = [
            use
            for use in known.uses
            if self.status[use.at] == COMMITTED
            and self._is_version(known, use.found)
            and self._is_version(known, use.left)
        ]
        if sequential:
            of_process: dict[int | str, list[Use]] = {}
            for use in uses:
                process = self.transactions.all[use.at].process
                of_process.setdefault(process, []).append(use)
            for own in of_process.values():
                self._in_time(known.after, own, "sequential")
        if linearizable:
            self._in_time(known.after, uses, "linearizable")

    def _in_time(self, order: Order, uses: list[Use], rule: str) -> None:
        """Order versions by these uses, each of which comes after those that had ended before it.

        It is enough to compare each with the latest that had ended: one that had ended before a
        later one of them began is ordered by that one.
        """
        events: list[tuple[int, int, Use]] = []
        for number, use in enumerate(uses):
            transaction = self.transactions.all[use.at]
            events.append((transaction.invoked, number, use))
            if transaction.completed is not None:
                events.append((transaction.completed, -1 - number, use))
        latest: dict[int, Use] = {}
        preceded: dict[int, list[int]] = {}
        for _, number, use in sorted(events, key=lambda event: event[0]):
            if number >= 0:
                preceded[number] = list(latest)
                for earlier in latest.values():
                    put(order, earlier.left, use.found, (rule, (earlier.at, use.at)))
            else:
                for earlier_number in preceded[-1 - number]:
                    latest.pop(earlier_number, None)
                latest[-1 - number] = use

    def _refuse_cyclic(self) -> None:
        """Report versions that come before each other, and forget the order of their keys."""
        places: list[tuple[Key, Any]] = []
        place: dict[tuple[Key, Any], int] = {}
        for key, known in self._keys.items():
            for value, later in known.after.items():
                for each in (value, *later):
                    if (key, each) not in place:
                        place[key, each] = len(places)
                        places.append((key, each))
        graph = Graph(len(places))
        for key, known in self._keys.items():
            root = place.get((key, None))
            for value, later in known.after.items():
                for each in later:
                    graph.add(place[key, value], place[key, each], WW)
                if root is not None and value is not None and None in later:
                    # Nil is before everything, so whatever is before nil is on a cycle.
                    graph.add(root, place[key, value], WW)
        labels = [0] * len(places)
        cyclic = components(graph, WW)
        for number, members in enumerate(cyclic, 1):
            for node in members:
                labels[node] = number
        for members in cyclic:
            first = members[0]
            after = next(
                edge >> SHIFT for edge in graph.out[first] if labels[edge >> SHIFT] == labels[first]
            )
            way, _ = shortest_way(graph, WW, labels, after, first, len(members))
            assert way is not None
            versions = [places[node] for node in (first, *(node for node, _ in way))]
            self._cyclic_versions(versions[0][0], [value for _, value in versions])
        for members in cyclic:
            self._keys[places[members[0]][0]].after = {}

    # --- edges

    def _connect(self, known: KnownRegister) -> None:
        graph, status = self.graph, self.status
        for value, readers in known.readers.items():
            if value is None or value in known.ambiguous:
                continue
            who = known.writer.get(value)
            if who is not None and status[who] == COMMITTED:
                for reader in readers:
                    if reader != who:
                        graph.add(who, reader, WR)
        for value, later in known.after.items():
            targets = [known.writer[each] for each in later if each is not None]
            if value is not None:
                source = known.writer[value]
                for target, (rule, _) in zip(targets, later.values(), strict=True):
                    if rule != "follows-reads" and target != source:
                        graph.add(source, target, WW)
                self._miss(known.readers.get(value, []), targets)
        initial = known.readers.get(None)
        if initial and None not in known.ambiguous:
            self._miss(initial, [who for who in known.final if status[who] == COMMITTED])
        for value, later in known.in_time.items():
            if value in known.readers:
                known_later = known.after.get(value, {})
                targets = [known.writer[each] for each in later if each not in known_later]
                self._miss(known.readers[value], targets, RW_TIME)

    def _miss(self, readers: list[int], targets: list[int], kind: int = RW) -> None:
        """Edges from who read a version to who wrote a later one."""
        self.graph.fan(list(dict.fromkeys(readers)), list(dict.fromkeys(targets)), kind, RW_ON)

    def suspect(self, members: list[int]) -> None:
        """Transactions that vanish: one read saw them, and a later one missed them."""
        for at in members:
            seen: dict[int, tuple[Key, Any]] = {}
            for key, value in self._observed(at):
                known = self._keys[key]
                for who, (key_seen, value_seen) in seen.items():
                    if who in known.final and self._because(known, value, known.final[who]):
                        if self._collector.wants("OTV"):
                            missed = known.final[who]
                            self._otv(at, who, (key_seen, value_seen), (key, value, missed))
                        break
                writer = known.writer.get(value) if value not in known.ambiguous else None
                if writer is not None and writer != at and self.status[writer] == COMMITTED:
                    seen.setdefault(writer, (key, value))
