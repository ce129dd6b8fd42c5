"""The monitors of leases and of leadership transfer, both ways."""

from __future__ import annotations

import pytest

from tests.checker.traces import Case, Trace, committed


def superseded() -> Trace:
    """n1 still leads term 1, with entry 1 committed; n2 has committed entry 2 in term 2."""
    trace = committed().lead(2, 2).store(2, 2, 2, b"").term(3, 2)
    return trace.store(3, 1, 1).store(3, 2, 2, b"").commit(2, 2)


def handing_over() -> Trace:
    return committed().hand_over(1, "n2")


CASES: list[Case] = [
    Case(
        "a read by lease after a later leader has committed",
        "lease-safety",
        superseded().lease_read(1, 1, 1),
    ),
    Case("a read by lease", None, committed().lease_read(1, 1, 1)),
    Case(
        "beside a later leader that has committed nothing",
        None,
        committed().lead(2, 2).store(2, 2, 2, b"").lease_read(1, 1, 1),
    ),
    Case(
        "just before the later leader commits",
        None,
        committed()
        .lead(2, 2)
        .store(2, 2, 2, b"")
        .term(3, 2)
        .store(3, 1, 1)
        .store(3, 2, 2, b"")
        .lease_read(1, 1, 1)
        .commit(2, 2),
    ),
    Case(
        "at an index that the own term has since passed",
        None,
        committed(2).lease_read(1, 1, 1),
    ),
    Case(
        "at an index beyond which nothing is committed",
        None,
        superseded().lease_read(1, 2, 1),
    ),
    Case(
        "of the later leader itself",
        None,
        superseded().lease_read(2, 2, 2),
    ),
    Case(
        "a command while handing over",
        "no-proposals-in-transfer",
        handing_over().append(1, 2, 1),
    ),
    Case("a no-op while handing over", None, handing_over().append(1, 2, 1, b"")),
    Case("a command of another leader", None, handing_over().lead(2, 2).append(2, 2, 2)),
    Case(
        "a command received after handing over",
        None,
        handing_over().lead(2, 2).append(2, 2, 2).term(1, 2).role(1, "follower", 2).append(1, 2, 2),
    ),
    Case("a command after the end", None, handing_over().end_transfer(1).append(1, 2, 1)),
    Case(
        "a command of a leadership after a restart",
        None,
        handing_over().stop(1).start(1, 1).append(1, 1, 1).persist(1, 1).lead(1, 2).append(1, 2, 2),
    ),
    Case(
        "a command of a later leadership",
        None,
        handing_over().role(1, "follower", 1).lead(1, 2).append(1, 2, 2),
    ),
    Case(
        "a command while handing over again",
        "no-proposals-in-transfer",
        handing_over().end_transfer(1).hand_over(1, "n3").append(1, 2, 1),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_monitor(case: Case) -> None:
    case.check()
