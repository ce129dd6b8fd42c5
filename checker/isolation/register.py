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

from collections.abc import Iterator
from typing import Any, NamedTuple

from checker.isolation.anomalies import Anomaly, Collector, Step
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
from checker.isolation.transactions import READ, REGISTER, Transactions
from checker.isolation.workload import COMMITTED, FAILED, STATUS, UNKNOWN, Name
from checker.models.model import Key

# Why a version is before another: the rule, and the transactions that it rests on.
Because = tuple[str, tuple[int, ...]]


# Which versions come after each, and why.
Order = dict[Any, dict[Any, Because]]


class _Use(NamedTuple):
    """What a transaction found on a key, and what it left there."""

    at: int
    found: Any
    left: Any


class _Register:
    """All that is known of one key.

    ``readers`` of each value; ``writer`` of each value; ``superseded``: values that their writer
    wrote over; ``ambiguous``: values that do not tell who wrote them; ``final``: the last write of
    each writer; ``updates``: who read each value and then wrote. ``after`` holds the versions known
    to come after each, and why; ``in_time`` those that do by real time.
    """

    __slots__ = (
        "after",
        "ambiguous",
        "final",
        "in_time",
        "readers",
        "superseded",
        "updates",
        "uses",
        "writer",
    )

    def __init__(self) -> None:
        self.readers: dict[Any, list[int]] = {}
        self.writer: dict[Any, int] = {}
        self.superseded: dict[Any, int] = {}
        self.ambiguous: dict[Any, None] = {}
        self.final: dict[int, Any] = {}
        self.updates: dict[Any, list[int]] = {}
        self.uses: list[_Use] = []
        self.after: Order = {}
        self.in_time: Order = {}


class Register:
    """The inference; see Inference for what it offers."""

    def __init__(
        self,
        transactions: Transactions,
        collector: Collector,
        *,
        sequential_keys: bool,
        linearizable_keys: bool,
    ) -> None:
        self.transactions = transactions
        self.graph = Graph(len(transactions.all))
        self.status = bytearray(STATUS[each.outcome] for each in transactions.all)
        self.reasons: list[str] = []
        self._collector = collector
        self._keys: dict[Key, _Register] = {}
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
                    known = keys[key] = _Register()
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
                keys[key].uses.append(_Use(at, found.get(key, left), left))

    def _write(self, known: _Register, value: Any, at: int) -> None:
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

    def _inspect(self, key: Key, known: _Register) -> None:
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

    def _lost_updates(self, key: Key, known: _Register) -> None:
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

    def _is_version(self, known: _Register, value: Any) -> bool:
        """Whether a value stands for one version: written once, last by its writer, committed."""
        if value in known.ambiguous:
            return False
        if value is None:
            return True
        who = known.writer.get(value)
        return who is not None and self.status[who] == COMMITTED and known.final.get(who) == value

    def _order(self, known: _Register, sequential: bool, linearizable: bool) -> None:
        for value, group in known.updates.items():
            if self._is_version(known, value):
                for who in group:
                    if self._is_version(known, known.final[who]):
                        _put(known.after, value, known.final[who], ("follows-reads", (who,)))
        if not linearizable:
            writes = [
                _Use(who, value, value)
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
            of_process: dict[int | str, list[_Use]] = {}
            for use in uses:
                process = self.transactions.all[use.at].process
                of_process.setdefault(process, []).append(use)
            for own in of_process.values():
                self._in_time(known.after, own, "sequential")
        if linearizable:
            self._in_time(known.after, uses, "linearizable")

    def _in_time(self, order: Order, uses: list[_Use], rule: str) -> None:
        """Order versions by these uses, each of which comes after those that had ended before it.

        It is enough to compare each with the latest that had ended: one that had ended before a
        later one of them began is ordered by that one.
        """
        events: list[tuple[int, int, _Use]] = []
        for number, use in enumerate(uses):
            transaction = self.transactions.all[use.at]
            events.append((transaction.invoked, number, use))
            if transaction.completed is not None:
                events.append((transaction.completed, -1 - number, use))
        latest: dict[int, _Use] = {}
        preceded: dict[int, list[int]] = {}
        for _, number, use in sorted(events, key=lambda event: event[0]):
            if number >= 0:
                preceded[number] = list(latest)
                for earlier in latest.values():
                    _put(order, earlier.left, use.found, (rule, (earlier.at, use.at)))
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

    def _connect(self, known: _Register) -> None:
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

    def _observed(self, at: int) -> Iterator[tuple[Key, Any]]:
        """What a transaction read before it wrote to the key."""
        if self.transactions.all[at].outcome == "ok":
            own: dict[Key, None] = {}
            for f, key, value in self.transactions.all[at].smalls:
                if f != READ:
                    own[key] = None
                elif key not in own:
                    yield key, value

    def _because(self, known: _Register, value: Any, later: Any) -> Because | None:
        """Why one version is before the other, if it is known to be."""
        if value == later or value in known.ambiguous:
            return None
        if value is None:
            return "initial", ()
        return known.after.get(value, {}).get(later)

    # --- explanations

    def explain(self, source: int, target: int, kind: str, name: Name) -> Step:
        """Why there is this edge."""
        if kind == "wr":
            return self._explain_read(source, target, name)
        if kind != "ww":
            return self._explain_missed(source, target, kind == "rw-realtime", name)
        return self._explain_order(source, target, name)

    def _explain_read(self, source: int, target: int, name: Name) -> Step:
        for key, value in self._observed(target):
            known = self._keys[key]
            if value not in known.ambiguous and known.writer.get(value) == source:
                shown, one = self._shown(key), self._shown(value)
                why = f"{name(target)} read {one!r} from {shown!r}, which {name(source)} wrote"
                positions = self._position(source), self._position(target)
                return Step(*positions, "wr", why, "read", shown, one)
        raise AssertionError(f"{target} read nothing of {source}")

    def _explain_missed(self, source: int, target: int, in_time: bool, name: Name) -> Step:
        for key, value in self._observed(source):
            known = self._keys[key]
            if target not in known.final:
                continue
            later = known.final[target]
            because = self._because(known, value, later)
            if in_time:
                because = known.in_time.get(value, {}).get(later)
            if because is not None:
                shown, one, two = map(self._shown, (key, value, later))
                why = (
                    f"{name(source)} read {_worded(one)} from {shown!r}, and {name(target)} wrote "
                    f"{two!r} after it: {self._reason(because, target, name)}"
                )
                positions = self._position(source), self._position(target)
                witness = tuple(map(self._position, because[1]))
                return Step(*positions, "rw", why, because[0], shown, one, two, witness)
        raise AssertionError(f"{source} missed nothing of {target}")

    def _explain_order(self, source: int, target: int, name: Name) -> Step:
        smalls = self.transactions.all[source].smalls
        for key in dict.fromkeys(key for f, key, _ in smalls if f != READ):
            known = self._keys[key]
            if target in known.final:
                value, later = known.final[source], known.final[target]
                because = self._because(known, value, later)
                if because is not None and because[0] != "follows-reads":
                    shown, one, two = map(self._shown, (key, value, later))
                    why = (
                        f"{name(source)} wrote {one!r} to {shown!r} before {name(target)} wrote "
                        f"{two!r}: {self._reason(because, target, name)}"
                    )
                    positions = self._position(source), self._position(target)
                    witness = tuple(map(self._position, because[1]))
                    return Step(*positions, "ww", why, because[0], shown, one, two, witness)
        raise AssertionError(f"no key orders the writes of {source} and {target}")

    def _reason(self, because: Because, target: int, name: Name) -> str:
        rule, who = because
        if rule == "initial":
            return "nil is what was there at first"
        if rule == "follows-reads":
            return f"{name(target)} had read it"
        events = [self.transactions.all[at].event for at in who]
        if rule == "realtime-writes":
            return (
                f"what began at event {events[0]} wrote it, and ended before {name(target)} began"
            )
        if rule == "sequential":
            return f"one process found them in this order, at events {events[0]} and {events[1]}"
        return (
            f"what began at event {events[0]} left the first and ended before what began at event "
            f"{events[1]} found the second"
        )

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
        self._collector.add(Anomaly(kind, REGISTER, message, positions, shown, (), facts))

    def _direct(self, kind: str, who: tuple[int, ...], key: Key, value: Any) -> None:
        if not self._collector.wants(kind):
            return
        shown, one = self._shown(key), self._shown(value)
        message = {
            "garbage-read": f"T1 read {one!r} from {shown!r}, which nobody wrote",
            "G1a": f"T1 read {one!r} from {shown!r}, which T2 wrote, but T2 failed",
            "G1b": f"T1 read {one!r} from {shown!r}, which T2 itself wrote over",
        }[kind]
        self._anomaly(kind, message, who, key, element=one)

    def _future_read(self, at: int, place: int, key: Key, value: Any) -> None:
        known = self._keys[key]
        if value in known.ambiguous or not self._collector.wants("future-read"):
            return
        message = (
            f"T1 read {self._shown(value)!r} from {self._shown(key)!r}, which T1 itself wrote later"
        )
        element = self._shown(value)
        self._anomaly("future-read", message, (at,), key, element=element, small=place)

    def _internal(self, at: int, place: int, key: Key, value: Any, expected: Any) -> None:
        if self._collector.wants("internal"):
            message = (
                f"T1 read {_worded(self._shown(value))} from {self._shown(key)!r}, but must have "
                f"seen {_worded(self._shown(expected))}"
            )
            self._anomaly("internal", message, (at,), key, small=place)

    def _cyclic_versions(self, key: Key, versions: list[Any]) -> None:
        if not self._collector.wants("cyclic-versions"):
            return
        known = self._keys[key]
        steps = []
        who: dict[int, None] = {}
        for at, value in enumerate(versions):
            later = versions[(at + 1) % len(versions)]
            because = known.after.get(value, {}).get(later, ("initial", ()))
            who.update(dict.fromkeys(because[1]))
            steps.append(
                {
                    "before": self._shown(value),
                    "after": self._shown(later),
                    "rule": because[0],
                    "witness": list(map(self._position, because[1])),
                }
            )
        shown = " < ".join(_worded(self._shown(value)) for value in (*versions, versions[0]))
        message = f"the versions of {self._shown(key)!r} come before each other: {shown}"
        self._anomaly("cyclic-versions", message, tuple(who), key, order=steps)

    def _otv(self, at: int, who: int, seen: tuple[Key, Any], missed: tuple[Key, Any, Any]) -> None:
        key_seen, one = map(self._shown, seen)
        key, old, two = map(self._shown, missed)
        message = (
            f"T1 read {one!r} from {key_seen!r}, which T2 wrote, and then {_worded(old)} from "
            f"{key!r}, to which T2 wrote {two!r} after it"
        )
        because = self._because(self._keys[missed[0]], missed[1], missed[2])
        assert because is not None
        rule, witness = because[0], list(map(self._position, because[1]))
        facts = {"seen": [key_seen, one], "read": old, "missed": two}
        self._anomaly("OTV", message, (at, who), missed[0], rule=rule, witness=witness, **facts)


def _worded(value: Any) -> str:
    return "nil" if value is None else repr(value)


def _put(order: Order, value: Any, later: Any, because: Because) -> None:
    """Note that a version is before another, unless this is known."""
    if value != later:
        order.setdefault(value, {}).setdefault(later, because)
