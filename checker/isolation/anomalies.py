"""What can be wrong with transactions: the phenomena by name, and the evidence of one of them.

Kinds of cycles (Adya 1999, chapters 3 and 4; Kingsbury and Alvaro, VLDB 2020), over the edges

    ww        the target installed a version of a key after the source's
    wr        the target read what the source wrote
    rw        the source read a version that the target's write follows
    process   one process ran the source before the target
    realtime  the source had ended before the target began

    G0              ww only
    G1c             ww and wr, at least one wr
    G-single        exactly one rw
    G-nonadjacent   several rw, no two in a row
    G2-item         several rw, some in a row

A cycle with a process edge has the suffix ``-process``; one with a realtime edge, or with an rw
edge that real time tells of (rule ``realtime-writes``), has ``-realtime``.
An anomaly carries what a reader needs to check it against the history: see verify.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

DIRECT: Final = {
    "G1a": "aborted read: a committed transaction read a write of one that failed",
    "G1b": "intermediate read: a transaction read a write that its writer itself wrote over",
    "garbage-read": "a transaction read what nobody ever wrote",
    "future-read": "a transaction read its own later write",
    "internal": "a read disagrees with what its own transaction read or wrote before",
    "duplicate-elements": "a read has an element twice that was appended once",
    "incompatible-order": "of two reads of a list, none is a prefix of the other",
    "disordered-writes": "a read shows the appends of one transaction not in their order",
    "dirty-update": "a committed write follows one of a transaction that failed",
    "cyclic-versions": "the versions of a key must each come before the other",
    "lost-update": "transactions read the same version of a key, and each wrote the next",
    "OTV": "observed transaction vanishes: seen by one read, missed by a later one",
}
"""The kinds that need no cycle of transactions, with their meaning."""

CYCLES: Final = {
    "G0": "write cycle: the order of writes is a circle",
    "G1c": "circular information flow: each read or overwrote what the next one wrote",
    "G-single": "read skew: a transaction missed a write that came before it",
    "G-nonadjacent": "a cycle with several missed writes, no two in a row",
    "G2-item": "write skew: a cycle of missed writes",
}
"""The kinds of cycles, from the worst; each has variants ``-process`` and ``-realtime``."""

SUFFIXES: Final = ("", "-process", "-realtime")


def meaning(kind: str) -> str:
    """The meaning of a kind, in a line."""
    if kind in DIRECT:
        return DIRECT[kind]
    for suffix, addition in (
        ("-process", ", given the order within processes"),
        ("-realtime", ", given real time"),
    ):
        if kind.endswith(suffix):
            return CYCLES[kind.removesuffix(suffix)] + addition
    return CYCLES[kind]


class Step(NamedTuple):
    """An edge of a cycle, and why it exists.

    ``source`` and ``target`` are positions in ``History.operations()``. ``rule`` says what the edge
    is inferred from; ``before`` and ``after`` are the values of ``key`` that it speaks of, and
    ``witness`` the positions of further transactions that it rests on. See verify for each rule.
    """

    source: int
    target: int
    kind: str
    why: str
    rule: str
    key: Any = None
    before: Any = None
    after: Any = None
    witness: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One phenomenon.

    ``transactions`` are positions in ``History.operations()``; ``message`` calls them T1, T2, ...
    in this order. ``steps`` is the cycle, if it is one: each step's target is the next one's
    source. ``facts`` holds what else ``verify`` needs, JSON-ready.
    """

    kind: str
    workload: str
    message: str
    transactions: tuple[int, ...]
    key: Any = None
    steps: tuple[Step, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


class Collector:
    """Anomalies as they are found: the first ``limit`` of each kind, and how many there were."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.counts: dict[str, int] = {}
        self.found: dict[str, list[Anomaly]] = {}

    def wants(self, kind: str) -> bool:
        """Count one more of this kind; whether it is worth describing."""
        count = self.counts.get(kind, 0) + 1
        self.counts[kind] = count
        return count <= self.limit

    def add(self, anomaly: Anomaly) -> None:
        """Keep an anomaly that ``wants`` asked for."""
        self.found.setdefault(anomaly.kind, []).append(anomaly)
