"""Lists: why there is an edge, and what is wrong, in words; ``list_append`` infers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checker.isolation.anomalies import Collector, Step
from checker.isolation.list_known import Elements, KnownList, observed
from checker.isolation.teller import Teller
from checker.isolation.transactions import LIST_APPEND, READ, Transactions
from checker.isolation.workload import COMMITTED, FAILED, Name
from checker.models.model import Key


class ListAppendWords(Teller):
    """Explains what is known of the keys."""

    def __init__(self, transactions: Transactions, collector: Collector) -> None:
        super().__init__(LIST_APPEND, transactions, collector)
        self._keys: dict[Key, KnownList] = {}

    def _observed(self, at: int) -> Iterator[tuple[int, Key, Elements]]:
        """The lists that a transaction read, without its own elements: (small, key, list).

        Keys that are left out, and reads that contradict their transaction's appends, are not
        among them.
        """
        for place, key, base in observed(self.transactions.all[at].smalls):
            if not self._keys[key].ambiguous:
                yield place, key, base

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

    def _dirty_update(self, key: Key, known: KnownList, bad: list[int]) -> None:
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
