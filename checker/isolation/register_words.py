"""Registers: why there is an edge, and what is wrong, in words; ``register`` infers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checker.isolation.anomalies import Collector, Step
from checker.isolation.register_known import Because, KnownRegister
from checker.isolation.teller import Teller
from checker.isolation.transactions import READ, REGISTER, Transactions
from checker.isolation.workload import Name
from checker.models.model import Key


class RegisterWords(Teller):
    """Explains what is known of the keys."""

    def __init__(self, transactions: Transactions, collector: Collector) -> None:
        super().__init__(REGISTER, transactions, collector)
        self._keys: dict[Key, KnownRegister] = {}

    def _observed(self, at: int) -> Iterator[tuple[Key, Any]]:
        """What a transaction read before it wrote to the key."""
        if self.transactions.all[at].outcome == "ok":
            own: dict[Key, None] = {}
            for f, key, value in self.transactions.all[at].smalls:
                if f != READ:
                    own[key] = None
                elif key not in own:
                    yield key, value

    def _because(self, known: KnownRegister, value: Any, later: Any) -> Because | None:
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
