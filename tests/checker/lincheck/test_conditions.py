"""Weaker conditions: by hand, and against oracles that try everything."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, permutations, product
from random import Random
from typing import Any

import pytest

from checker.history import MISMATCH, History, HistoryError, Operation
from checker.lincheck import Budget
from checker.lincheck.conditions import (
    GUARANTEES,
    LINEARIZABLE,
    MONOTONIC_READS,
    MONOTONIC_WRITES,
    READ_YOUR_WRITES,
    SEQUENTIAL,
    WRITES_FOLLOW_READS,
    Bound,
    least_delta,
    least_versions,
    sequential,
    session_guarantees,
    strongest,
    times_of,
)
from checker.models import get_model
from checker.verdict import Validity
from tests.checker.brute_force import _specification, possible
from tests.checker.documents import run_code_blocks
from tests.checker.histories import history, random_history

VALID, INVALID, UNKNOWN = Validity.VALID, Validity.INVALID, Validity.UNKNOWN
ALL_FOUR = " + ".join(GUARANTEES)

ROUNDS = int(os.environ.get("CONDITIONS_ROUNDS", "400"))
"""Random histories of each kind; more where somebody waits for them."""


def told(*operations: tuple[Any, ...], model: str = "register") -> History:
    """One operation after another, 10 ns each: (process, f, argument or result[, key])."""
    rows: list[tuple[Any, ...]] = []
    for at, (process, f, value, *key) in enumerate(operations):
        where = key[0] if key else "x"
        begin, end = 10 * at, 10 * at + 5
        if f == "read":
            rows.append((process, "invoke", f, where, None, None, begin))
            rows.append((process, "ok", f, where, value, None, end))
        elif f == "crashed":
            rows.append((process, "invoke", "write", where, value, None, begin))
            rows.append((process, "info", "write", where, value, "timed-out", end))
        elif f == "mismatch":
            rows.append((process, "invoke", "cas", where, value, None, begin))
            rows.append((process, "fail", "cas", where, value, MISMATCH, end))
        else:
            rows.append((process, "invoke", f, where, value, None, begin))
            rows.append((process, "ok", f, where, value, None, end))
    return history(*rows)


def verdict_of(given: History, *guarantees: str, model: str = "register") -> Validity:
    return session_guarantees(given.operations(), get_model(model), guarantees).validity


# Sequential consistency


def test_a_stale_read_of_another_process_is_sequential() -> None:
    """
    0  |- write 1 -|
    1                |- read nil -|
    """
    given = told((0, "write", 1), (1, "read", None))
    found = sequential(given.operations(), get_model("register"))
    assert found.validity is VALID
    assert found.order is not None
    assert [str(each) for each in found.order] == [
        "process 1: read 'x' -> nil",
        "process 0: write 'x' 1",
    ]


def test_a_stale_read_of_the_same_process_is_not() -> None:
    """
    0  |- write 1 -|  |- read nil -|
    1                                 |- read 1 -|
    """
    given = told((0, "write", 1), (0, "read", None), (1, "read", 1))
    found = sequential(given.operations(), get_model("register"))
    assert found.validity is INVALID
    assert found.operations == given.operations()[:2], "the read of 1 has nothing to do with it"


def test_sequential_consistency_is_not_local() -> None:
    """Each key by itself is sequential; together they go round in a circle.

    0  |- write x 1 -|  |- read y nil -|
    1  |- write y 1 -|  |- read x nil -|
    """
    given = told(
        (0, "write", 1, "x"), (1, "write", 1, "y"), (0, "read", None, "y"), (1, "read", None, "x")
    )
    model = get_model("register")
    for key in "xy":
        alone = [each for each in given.operations() if each.key == key]
        assert sequential(alone, model).validity is VALID
    found = sequential(given.operations(), model)
    assert found.validity is INVALID
    assert len(found.operations) == 4


def test_a_key_that_is_not_sequential_convicts_by_itself() -> None:
    given = told((0, "write", 7, "y"), (1, "write", 1, "x"), (1, "read", None, "x"))
    found = sequential(given.operations(), get_model("register"))
    assert {each.key for each in found.operations} == {"x"}


def test_a_crashed_write_may_happen_or_not() -> None:
    """
    0  |- write 1 ---...
    1                |- read nil -|  |- read 1 -|          sequential;  the other way round: not
    """
    model = get_model("register")
    given = told((0, "crashed", 1), (1, "read", None), (1, "read", 1))
    assert sequential(given.operations(), model).validity is VALID
    given = told((0, "crashed", 1), (1, "read", None))
    assert sequential(given.operations(), model).order == given.operations()[1:]
    given = told((0, "crashed", 1), (1, "read", 1), (1, "read", None))
    assert sequential(given.operations(), model).validity is INVALID


def test_where_processes_are_says_not_yet_in_which_state() -> None:
    """
    0  |- append a -|
    1                 |- append b -|  |- append c -|  |- get bac -|
    """
    rows = [(0, "append", "a", "a"), (1, "append", "b", "b"), (1, "append", "c", "c")]
    rows.append((1, "get", None, "bac"))
    events = []
    for process, f, argument, result in rows:
        events.append((process, "invoke", f, "x", argument))
        events.append((process, "ok", f, "x", result))
    found = sequential(history(*events).operations(), get_model("kv"))
    assert found.validity is VALID


def test_sequential_consistency_keeps_to_its_budget() -> None:
    rows = [(process, "write", (process, at)) for at in range(6) for process in range(6)]
    given = told(*[(p, f, list(v)) for p, f, v in rows], (7, "read", [0, 1]), (7, "read", [0, 0]))
    found = sequential(given.operations(), get_model("register"), Budget(configurations=200))
    assert found.validity is UNKNOWN
    assert found.reason == "the budget of 200 configurations is exhausted"


def interleaved(operations: Sequence[Operation], name: str) -> bool:
    """The oracle: is some interleaving of the processes legal? It tries them all."""
    model = get_model(name)
    items = [(each, call) for each in operations if (call := model.parse(each)) is not None]
    advance, initial = _specification(items, model)
    queues: dict[Any, list[Any]] = {}
    for operation, call in items:
        queues.setdefault(operation.process, []).append((operation, call))

    def explore(left: list[list[Any]], state: Any) -> bool:
        if all(operation.completed is None for queue in left for operation, _ in queue):
            return True
        for at, queue in enumerate(left):
            if queue:
                allowed, after = advance(state, queue[0][1])
                if allowed and explore([*left[:at], queue[1:], *left[at + 1 :]], after):
                    return True
        return False

    return explore(list(queues.values()), initial)


@pytest.mark.parametrize(
    ("name", "keys", "count"),
    [("register", "x", 7), ("register", "xy", 7), ("cas-register", "x", 6), ("kv", "xy", 5)],
)
def test_sequential_consistency_as_the_oracle_says(name: str, keys: str, count: int) -> None:
    random = Random(f"{name} {keys}")
    verdicts = {True: 0, False: 0}
    for _ in range(ROUNDS):
        operations = random_history(random, name, random.randrange(2, count + 1), keys).operations()
        found = sequential(operations, get_model(name))
        expected = interleaved(operations, name)
        assert found.validity is (VALID if expected else INVALID), operations
        verdicts[expected] += 1
        if expected:
            assert found.order is not None
            check_order(found.order, operations, name)
        else:
            assert not interleaved(found.operations, name), operations
    assert min(verdicts.values()) > ROUNDS // 5, verdicts


def check_order(order: Sequence[Operation], operations: Sequence[Operation], name: str) -> None:
    """All that completed and told something, in the order of each process, and legal."""
    model = get_model(name)
    items = [(each, call) for each in order if (call := model.parse(each)) is not None]
    assert len(items) == len(order)
    assert len({each.invoked for each in order}) == len(order)
    for operation in operations:
        if operation.completed is not None and model.parse(operation) is not None:
            assert operation in order
    last: dict[Any, int] = {}
    advance, state = _specification(items, model)
    for operation, call in items:
        assert operation.invoked > last.get(operation.process, -1)
        last[operation.process] = operation.invoked
        allowed, state = advance(state, call)
        assert allowed


# Session guarantees


def test_read_your_writes() -> None:
    """
    0  |- write 1 -|  |- read nil -|
    """
    given = told((0, "write", 1), (0, "read", None))
    found = session_guarantees(given.operations(), get_model("register"), [READ_YOUR_WRITES])
    assert found.validity is INVALID
    assert found.operations == given.operations()
    others = [name for name in GUARANTEES if name != READ_YOUR_WRITES]
    assert verdict_of(given, *others) is VALID


def test_monotonic_reads() -> None:
    """
    0  |- write 1 -|
    1                |- read 1 -|  |- read nil -|
    """
    given = told((0, "write", 1), (1, "read", 1), (1, "read", None))
    found = session_guarantees(given.operations(), get_model("register"), [MONOTONIC_READS])
    assert found.validity is INVALID
    assert found.operations == given.operations()
    others = [name for name in GUARANTEES if name != MONOTONIC_READS]
    assert verdict_of(given, *others) is VALID


def test_reads_in_two_orders_are_not_monotonic() -> None:
    """
    0  |- write 1 -|
    1                |- write 2 -|
    2                              |- read 1 -|  |- read 2 -|
    3                              |- read 2 -|  |- read 1 -|
    """
    given = told(
        (0, "write", 1),
        (1, "write", 2),
        (2, "read", 1),
        (2, "read", 2),
        (3, "read", 2),
        (3, "read", 1),
    )
    found = session_guarantees(given.operations(), get_model("register"), [MONOTONIC_READS])
    assert found.validity is INVALID
    assert found.operations == given.operations()
    assert verdict_of(given, READ_YOUR_WRITES, MONOTONIC_WRITES, WRITES_FOLLOW_READS) is VALID


def test_monotonic_writes() -> None:
    """
    0  |- write 1 -|  |- write 2 -|
    1                                |- read 2 -|  |- read 1 -|

    A read that saw 2 alone, and a later one that saw 1 alone, break no more than monotonic reads;
    and with these alone, 2 may have been written first.
    """
    given = told((0, "write", 1), (0, "write", 2), (1, "read", 2), (1, "read", 1))
    assert verdict_of(given, MONOTONIC_WRITES) is VALID
    assert verdict_of(given, MONOTONIC_READS) is VALID
    both = session_guarantees(
        given.operations(), get_model("register"), [MONOTONIC_WRITES, MONOTONIC_READS]
    )
    assert both.validity is INVALID
    assert both.operations == given.operations()


def test_monotonic_writes_of_several_keys() -> None:
    """
    0  |- write x 1 -|  |- write y 1 -|
    1                                    |- read y 1 -|  |- read x nil -|
    """
    given = told(
        (0, "write", 1, "x"), (0, "write", 1, "y"), (1, "read", 1, "y"), (1, "read", None, "x")
    )
    assert verdict_of(given, MONOTONIC_WRITES, MONOTONIC_READS) is INVALID
    assert verdict_of(given, READ_YOUR_WRITES, MONOTONIC_READS, WRITES_FOLLOW_READS) is VALID


def test_monotonic_writes_alone_can_be_broken_by_a_compare_and_set() -> None:
    """
    0  |- cas 1 2 -|  |- write 0 -|
    1                                |- cas 0 1 -|       0, 1, 2 replaced each other, yet 2 before 0
    """
    given = told((0, "cas", [1, 2]), (0, "write", 0), (1, "cas", [0, 1]))
    assert verdict_of(given, MONOTONIC_WRITES, model="cas-register") is INVALID
    others = [READ_YOUR_WRITES, MONOTONIC_READS]
    assert verdict_of(given, *others, model="cas-register") is VALID


def test_writes_follow_reads() -> None:
    """
    0  |- write 1 -|
    1                |- read 1 -|  |- write 2 -|
    2                                             |- read 2 -|  |- read 1 -|
    """
    given = told((0, "write", 1), (1, "read", 1), (1, "write", 2), (2, "read", 2), (2, "read", 1))
    assert verdict_of(given, READ_YOUR_WRITES, MONOTONIC_READS, MONOTONIC_WRITES) is VALID
    assert verdict_of(given, WRITES_FOLLOW_READS) is VALID
    assert verdict_of(given, WRITES_FOLLOW_READS, MONOTONIC_READS) is INVALID


def test_who_reads_what_it_writes_later_breaks_writes_follow_reads() -> None:
    given = told((0, "read", 1), (0, "write", 1))
    found = session_guarantees(given.operations(), get_model("register"), [WRITES_FOLLOW_READS])
    assert found.validity is INVALID
    assert found.operations == given.operations()


def test_an_older_write_of_ones_own_is_two_guarantees_that_cannot_hold_together() -> None:
    """
    0  |- write 1 -|  |- write 2 -|  |- read 1 -|
    """
    given = told((0, "write", 1), (0, "write", 2), (0, "read", 1))
    assert verdict_of(given, READ_YOUR_WRITES) is VALID
    assert verdict_of(given, MONOTONIC_WRITES) is VALID
    assert verdict_of(given, READ_YOUR_WRITES, MONOTONIC_WRITES) is INVALID


def test_a_value_from_nowhere_breaks_all() -> None:
    given = told((0, "read", 1))
    for guarantee in GUARANTEES:
        assert verdict_of(given, guarantee) is INVALID


def test_a_value_written_twice_is_decided_where_that_can_be() -> None:
    given = told(
        (0, "write", 1),
        (1, "write", 2),
        (2, "write", 1),
        (3, "read", 1),
        (3, "read", 2),
        (3, "read", 1),
    )
    assert verdict_of(given, *GUARANTEES) is VALID, "each read of 1 has a write of its own"
    given = told((0, "write", 1), (0, "write", 1), (0, "read", None))
    assert verdict_of(given, READ_YOUR_WRITES) is INVALID, "whichever it should have seen"
    many = [(0, "write", at % 2) for at in range(20)]
    given = told(*many, *[(1, "read", at % 2) for at in range(21)])
    found = session_guarantees(given.operations(), get_model("register"))
    assert found.validity is UNKNOWN
    assert "several writes, or none, may be what was read by" in found.reason


def test_models_whose_reads_name_no_write_are_unknown() -> None:
    given = history((0, "invoke", "append", "x", "a"), (0, "ok", "append", "x", "a"))
    found = session_guarantees(given.operations(), get_model("kv"))
    assert found.validity is UNKNOWN
    assert "an append writes depends on what it saw" in found.reason
    assert session_guarantees((), get_model("fifo-queue")).validity is UNKNOWN


def test_an_unknown_guarantee_is_an_error() -> None:
    with pytest.raises(ValueError, match="among read-your-writes"):
        session_guarantees((), get_model("register"), ["causal"])


def test_own_writes_of_other_keys_are_not_ordered_by_a_read() -> None:
    """The read of x 9 puts 1, 2, 3 before 9, and must not put y 1 there: it comes after.

    0  |- write x 1, 2, 3 -|                                       |- read z 8, write y 1 -| |- read x 9 -|
    1  |- write x 9 -|
    2                  |- read x 9, write k 1 -|  |- read k 2 -|
    4  |- write k 2 -|
    5                  |- read k 2, write z 8 -|
    """
    given = told(
        (1, "write", 9, "x"),
        *[(0, "write", value, "x") for value in (1, 2, 3)],
        (2, "read", 9, "x"),
        (2, "write", 1, "k"),
        (4, "write", 2, "k"),
        (2, "read", 2, "k"),
        (5, "read", 2, "k"),
        (5, "write", 8, "z"),
        (0, "read", 8, "z"),
        (0, "write", 1, "y"),
        (0, "read", 9, "x"),
    )
    assert verdict_of(given, READ_YOUR_WRITES, WRITES_FOLLOW_READS) is VALID


def test_the_evidence_tells_that_a_crashed_operation_happened() -> None:
    """
    0  |- cas 1 2 ---...
    1                      |- cas 2 1 ---...
    2                                          |- read 1 -|
    """
    given = history(
        (0, "invoke", "cas", "x", [1, 2]),
        (1, "invoke", "cas", "x", [2, 1]),
        (2, "invoke", "read", "x", None),
        (2, "ok", "read", "x", 1),
    )
    found = session_guarantees(given.operations(), get_model("cas-register"), [MONOTONIC_READS])
    assert found.validity is INVALID
    assert found.operations == given.operations()


def random_replicas(random: Random) -> list[Operation]:
    """Some processes write much, others read what was written a while ago; no value twice."""
    operations = []
    keys = random.choice(["x", "xy"])
    lag = random.choice([2, 3, 8])
    log: dict[str, list[Any]] = {key: [None] for key in keys}
    for at in range(random.randrange(6, 26)):
        key = random.choice(keys)
        process = random.randrange(3)
        f = random.choice(["read", "write", "write", "cas"][: random.randrange(2, 5)])
        seen = random.choice(log[key][-lag:])
        argument = None if f == "read" else at if f == "write" else [seen, at]
        if f != "read":
            log[key].append(at)
        result = seen if f == "read" else argument
        operations.append(
            Operation(process, f, key, argument, result, "ok", 2 * at, 2 * at + 1, None, at, at)
        )
    return operations


def explained_by_sets(operations: Sequence[Operation], guarantees: Sequence[str]) -> bool:
    """The theory, spelled out for unique values: least sets of what is seen, and all constraints."""
    numbers = range(len(operations))
    writer = {(o.key, at): at for at, o in enumerate(operations) if o.f != "read"}
    source: dict[int, int | None] = {}
    for at, o in enumerate(operations):
        if o.f != "write":
            value = o.result if o.f == "read" else o.argument[0]
            source[at] = None if value is None else writer[o.key, value]
    own = [
        (a, b)
        for a in numbers
        for b in numbers
        if a < b and operations[a].process == operations[b].process
    ]
    writes = set(writer.values())
    sees: dict[int, set[int]] = {read: set() if w is None else {w} for read, w in source.items()}
    before = {(w, read) for read, w in source.items() if w is not None and read in writes}
    while True:
        size = len(before) + sum(map(len, sees.values()))
        for a, b in own:
            if READ_YOUR_WRITES in guarantees and a in writes and b in sees:
                sees[b].add(a)
            if MONOTONIC_READS in guarantees and a in sees and b in sees:
                sees[b] |= sees[a]
            if MONOTONIC_WRITES in guarantees and a in writes and b in writes:
                before.add((a, b))
                for seen in sees.values():
                    if b in seen:
                        seen.add(a)
        if WRITES_FOLLOW_READS in guarantees:
            for a, b in [*own, *((u, u) for u in source if u in writes)]:
                if a in sees and b in writes:
                    before |= {(w, b) for w in sees[a]}
                    for seen in sees.values():
                        if b in seen:
                            seen.update(sees[a])
        for read, w in source.items():
            same_key = {v for v in sees[read] if operations[v].key == operations[read].key}
            if w is None and same_key:
                return False
            before |= {(v, w) for v in same_key if v != w and w is not None}
        if size == len(before) + sum(map(len, sees.values())):
            break
    sorter = TopologicalSorter({w: [v for v, other in before if other == w] for w in writes})
    try:
        sorter.prepare()
    except CycleError:
        return False
    return True


def test_session_guarantees_of_longer_histories_as_the_theory_says() -> None:
    random = Random(6)
    verdicts = {True: 0, False: 0}
    for at in range(2 * ROUNDS):
        operations = random_replicas(random)
        guarantees = SETS[at % len(SETS)]
        found = session_guarantees(operations, get_model("cas-register"), guarantees)
        expected = explained_by_sets(operations, guarantees)
        assert found.validity is (VALID if expected else INVALID), (guarantees, operations)
        verdicts[expected] += 1
        if not expected:
            # Values name their write by its place, which must stay as it was.
            kept = [
                each
                if each in found.operations
                else each._replace(process=-1 - each.invoked, f="write", argument=each.invoked // 2)
                for each in operations
            ]
            assert not explained_by_sets(kept, guarantees), (guarantees, operations)
    assert min(verdicts.values()) > ROUNDS // 5, verdicts


def random_sessions(random: Random, *, unique: bool) -> list[Operation]:
    """Up to three processes with few writes, reads and compare-and-sets, of one key or two."""
    keys = random.choice(["x", "xy"])
    accesses = random.randrange(2, 6)
    plans = [random.choice(["write", "read", "read", "cas", "mismatch"]) for _ in range(accesses)]
    if plans.count("write") + plans.count("cas") > 3:
        return random_sessions(random, unique=unique)
    values = list(range(1, accesses + 1)) if unique else [1, 2, 1, 2, 1]
    operations = []
    closed: set[int] = set()
    written = [at for at, plan in enumerate(plans) if plan in ("write", "cas")]
    place = {at: random.choice(keys) for at in range(accesses)}
    for at, f in enumerate(plans):
        key = place[at]
        seen = [values[w] for w in written if place[w] == key and w != at] + [None]
        process = random.choice([each for each in range(10) if each not in closed][:3])
        crashed = f in ("write", "cas") and random.random() < 0.2
        if crashed:
            closed.add(process)
        argument = None if f == "read" else values[at]
        if f in ("cas", "mismatch"):
            argument = [random.choice(seen), 99 if f == "mismatch" else values[at]]
        outcome = "info" if crashed else "fail" if f == "mismatch" else "ok"
        operations.append(
            Operation(
                process,
                "cas" if f == "mismatch" else f,
                key,
                argument,
                random.choice(seen) if f == "read" else None,
                outcome,
                2 * at,
                None if crashed else 2 * at + 1,
                MISMATCH if f == "mismatch" else None,
                2 * at,
                2 * at + 1,
            )
        )
    return operations


def explained(operations: Sequence[Operation], guarantees: Sequence[str]) -> bool:
    """The oracle, from the definition: it tries every arbitration and everything reads may see."""
    calls = [(each, get_model("cas-register").parse(each)) for each in operations]
    crashed = [each for each, _ in calls if each.completed is None]
    for count in range(len(crashed) + 1):
        for gone in combinations(crashed, count):
            kept = [(each, call) for each, call in calls if each not in gone]
            if explained_by_all(kept, guarantees):
                return True
    return False


def explained_by_all(calls: Sequence[Any], guarantees: Sequence[str]) -> bool:
    writes = [
        at
        for at, (_, call) in enumerate(calls)
        if call.f == "write" or (call.f == "cas" and call.result)
    ]
    reads = [at for at, (_, call) in enumerate(calls) if call.f != "write"]
    value = {
        at: calls[at][1].argument if calls[at][1].f == "write" else calls[at][1].argument[1]
        for at in writes
    }
    for order in permutations(writes):
        before = {(a, b) for i, a in enumerate(order) for b in order[i + 1 :]}
        options = [list(sights(calls, read, order, value)) for read in reads]
        for sight in product(*options):
            if keeps(calls, dict(zip(reads, sight, strict=True)), writes, before, guarantees):
                return True
    return False


def sights(calls: Sequence[Any], read: int, order: Sequence[int], value: Any) -> Iterator[set[int]]:
    _, (f, key, argument, result, _effect) = calls[read]
    for size in range(len(order) + 1):
        for seen in combinations(order, size):
            last = None
            for write in seen:
                if calls[write][1].key == key:
                    last = write
            got = None if last is None else value[last]
            if f == "read":
                legal = got == result
            elif result:
                legal = got == argument[0] and read not in seen
                # It replaces what it read.
                legal = legal and (last is None or order.index(last) < order.index(read))
            else:
                legal = got != argument[0]
            if legal:
                yield set(seen)


def keeps(
    calls: Sequence[Any],
    sight: dict[int, set[int]],
    writes: Sequence[int],
    before: Any,
    guarantees: Sequence[str],
) -> bool:
    def same(a: int, b: int) -> bool:
        """Whether the first belongs to the same process, and is earlier."""
        return calls[a][0].process == calls[b][0].process and a < b

    for read, seen in sight.items():
        if READ_YOUR_WRITES in guarantees and any(same(w, read) and w not in seen for w in writes):
            return False
        if MONOTONIC_READS in guarantees:
            for other, more in sight.items():
                if same(read, other) and not seen <= more:
                    return False
        for w in writes:
            for earlier in writes:
                unseen = (earlier, w) not in before or (w in seen and earlier not in seen)
                if MONOTONIC_WRITES in guarantees and same(earlier, w) and unseen:
                    return False
        if WRITES_FOLLOW_READS in guarantees:
            for w in writes:
                # A compare-and-set is a read followed by a write.
                if same(read, w) or read == w:
                    if any((v, w) not in before for v in seen):
                        return False
                    if any(w in others and not seen <= others for others in sight.values()):
                        return False
    if MONOTONIC_WRITES in guarantees:
        return all((a, b) in before for a in writes for b in writes if same(a, b))
    return True


SETS = [list(chosen) for size in range(1, 5) for chosen in combinations(GUARANTEES, size)]


@pytest.mark.parametrize("unique", [True, False])
def test_session_guarantees_as_the_oracle_says(unique: bool) -> None:
    random = Random(4 + unique)
    verdicts = {VALID: 0, INVALID: 0, UNKNOWN: 0}
    model = get_model("cas-register")
    for at in range(2 * ROUNDS):
        operations = random_sessions(random, unique=unique)
        guarantees = SETS[at % len(SETS)]
        found = session_guarantees(operations, model, guarantees)
        verdicts[found.validity] += 1
        expected = explained(operations, guarantees)
        if found.validity is not UNKNOWN:
            assert found.validity is (VALID if expected else INVALID), (guarantees, operations)
        if found.validity is INVALID:
            assert not explained(found.operations, guarantees), (guarantees, operations)
    assert verdicts[VALID] > ROUNDS // 3, verdicts
    assert verdicts[INVALID] > ROUNDS // 3, verdicts
    assert verdicts[UNKNOWN] < ROUNDS // 10, verdicts


# Stale reads


def test_the_least_delta_is_the_time_since_the_value_was_replaced() -> None:
    """
    0  |- write 1 -|
    1                 |- read nil -|
       0           5  10          15            stale by 5
    """
    given = told((0, "write", 1), (1, "read", None))
    assert delta_of(given) == Bound(5, 4)
    assert least_versions(given.operations(), get_model("register")) == Bound(2, 1)


def test_a_linearizable_history_is_stale_by_nothing() -> None:
    given = told((0, "write", 1), (1, "read", 1))
    assert delta_of(given) == Bound(0, None)
    assert least_versions(given.operations(), get_model("register")) == Bound(1, 0)


def test_a_read_of_a_later_write_is_no_stale_read() -> None:
    given = told((1, "read", 1), (0, "write", 1))
    assert delta_of(given) == Bound(None, 15, "answers that no staleness explains")
    found = least_versions(given.operations(), get_model("register"))
    assert found == Bound(None, 4, "answers that 4 versions do not explain")


def test_a_history_without_times_has_no_delta() -> None:
    given = history(
        (0, "invoke", "write", "x", 1), (0, "ok", "write", "x", 1), (0, "invoke", "read", "x", None)
    )
    bound = delta_of(given)
    assert bound.least is None
    assert bound.reason == "the history does not tell when process 0: write 'x' 1 was"


def test_versions_are_counted_for_registers() -> None:
    found = least_versions((), get_model("fifo-queue"))
    assert found == Bound(None, None, "the model 'fifo-queue' has no versions to count")
    given = history((0, "invoke", "append", "x", "a"), (0, "ok", "append", "x", "a"))
    found = least_versions(given.operations(), get_model("kv"))
    assert found.least is None
    assert "not append" in found.reason


def test_staleness_that_is_not_known_is_not_guessed() -> None:
    """
    0  |- write 1 -|  |- write 2 -|
    1                                |- read nil -|
       0           5  10          15 20          25
    """
    given = told((0, "write", 1), (0, "write", 2), (1, "read", None))
    assert delta_of(given) == Bound(15, 14)
    asked: list[int] = []

    def answers(*, invalid_up_to: int, valid_from: int) -> Bound:
        """A judge who does not know what lies between."""

        def judge(operations: Sequence[Operation], *_: Any) -> Validity:
            delta = deltas[len(asked)] if len(asked) < len(deltas) else -1
            asked.append(delta)
            if delta <= invalid_up_to:
                return INVALID
            return VALID if delta >= valid_from else UNKNOWN

        asked.clear()
        return least_delta(given.operations(), get_model("register"), times_of(given), judge=judge)

    deltas = [0, 5, 10, 20, 15, 17, 18]
    bound = answers(invalid_up_to=5, valid_from=18)
    assert bound == Bound(18, 5, "the budget is exhausted")
    assert asked == deltas[:7]
    assert not bound.is_exact
    deltas = [0, 5, 10, 20, 25]
    bound = answers(invalid_up_to=5, valid_from=99)
    assert bound == Bound(None, 5, "the budget is exhausted")
    assert asked == deltas


def delta_of(given: History, model: str = "register") -> Bound:
    return least_delta(given.operations(), get_model(model), times_of(given))


@pytest.mark.parametrize("name", ["register", "cas-register", "kv"])
def test_the_least_delta_as_the_oracle_says(name: str) -> None:
    random = Random(f"delta {name}")
    found_some = {"none": 0, "zero": 0, "some": 0}
    model = get_model(name)
    for _ in range(ROUNDS // 2):
        given = random_history(random, name, random.randrange(4, 7), "x")
        given = with_values_from_the_past(random, given)
        times = times_of(given)
        bound = delta_of(given, name)
        span = max(times.values()) - min(times.values())
        fits = [
            delta
            for delta in range(span + 2)
            if possible(earlier_reads(given.operations(), name, times, delta), model)
        ]
        assert bound.least == (fits[0] if fits else None), given.events
        assert not fits or bound.is_exact
        found_some["none" if not fits else "some" if fits[0] else "zero"] += 1
    assert min(found_some.values()) > ROUNDS // 40, found_some


def with_values_from_the_past(random: Random, given: History) -> History:
    """Reads answer what was asked to be written before they ended."""
    values: dict[Any, list[Any]] = {}
    events = []
    for event in given.events:
        past = values.setdefault(event.key, [None])
        if event.type == "invoke" and event.f in ("write", "put"):
            past.append(event.value)
        answers = event.type == "ok" and event.f in ("read", "get") and random.random() < 0.9
        events.append(event._replace(value=random.choice(past)) if answers else event)
    return History(events)


def earlier_reads(
    operations: Sequence[Operation], name: str, times: Any, delta: int
) -> list[Operation]:
    """Ranks that are twice the times, so that equal ones are concurrent."""
    moved = []
    for each in operations:
        call = get_model(name).parse(each)
        observes = call is not None and call.effect == "observes"
        begin = times[each.invocation] - (delta if observes else 0)
        end = None if each.completed is None else 2 * times[each.completion] + 1
        moved.append(each._replace(invoked=2 * begin, completed=end))
    return moved


def fresh_enough(operations: Sequence[Operation], versions: int) -> bool:
    """The oracle for k-atomicity of one register, with compare-and-set: it tries all orders."""
    parse = get_model("cas-register").parse
    items = [(each, call) for each in operations if (call := parse(each)) is not None]

    def explore(left: list[Any], values: list[Any]) -> bool:
        ends = [each.completed for each, _ in left if each.completed is not None]
        if not ends:
            return True
        for at, (operation, (f, _key, argument, result, _effect)) in enumerate(left):
            if operation.invoked > min(ends):
                continue
            latest = values[-versions:]
            rest = left[:at] + left[at + 1 :]
            if f == "write":
                if explore(rest, [*values, argument]):
                    return True
            elif f == "read":
                if result in latest and explore(rest, values):
                    return True
            elif result:
                if argument[0] in latest and explore(rest, [*values, argument[1]]):
                    return True
            elif any(value != argument[0] for value in latest) and explore(rest, values):
                return True
        return False

    return explore(items, [None])


def test_the_least_number_of_versions_as_the_oracle_says() -> None:
    random = Random(11)
    found_some: dict[int | None, int] = {}
    for _ in range(ROUNDS):
        name = random.choice(["register", "cas-register"])
        given = random_history(random, name, random.randrange(2, 8))
        bound = least_versions(given.operations(), get_model(name), most=3)
        fits = [k for k in (1, 2, 3) if fresh_enough(given.operations(), k)]
        assert bound.least == (fits[0] if fits else None), given.events
        assert fits in ([], [1, 2, 3], [2, 3], [3]), "more versions explain more"
        found_some[bound.least] = found_some.get(bound.least, 0) + 1
    assert min(found_some.get(least, 0) for least in (None, 1, 2)) > ROUNDS // 50, found_some


# The strongest


def test_a_linearizable_history_keeps_everything() -> None:
    ladder = strongest(told((0, "write", 1), (1, "read", 1)), get_model("register"))
    assert ladder.strongest == (LINEARIZABLE,)
    assert {each.validity for each in ladder.findings} == {VALID}
    assert (ladder.staleness.least, ladder.versions.least) == (0, 1)


def test_a_stale_read_leaves_sequential_consistency() -> None:
    ladder = strongest(told((0, "write", 1), (1, "read", None)), get_model("register"))
    assert ladder.strongest == (SEQUENTIAL,)
    assert ladder[LINEARIZABLE].validity is INVALID
    assert ladder[ALL_FOUR].validity is VALID
    assert (ladder.staleness.least, ladder.versions.least) == (5, 2)


def test_all_four_guarantees_do_not_make_it_sequential() -> None:
    """
    0  |- write x 1 -|  |- read y nil -|
    1  |- write y 1 -|  |- read x nil -|
    """
    given = told(
        (0, "write", 1, "x"), (1, "write", 1, "y"), (0, "read", None, "y"), (1, "read", None, "x")
    )
    ladder = strongest(given, get_model("register"))
    assert ladder.strongest == (ALL_FOUR,)
    assert ladder[SEQUENTIAL].validity is INVALID


def test_several_conditions_can_be_the_strongest() -> None:
    """
    0  |- write 1 -|  |- write 2 -|  |- read 1 -|
    """
    ladder = strongest(
        told((0, "write", 1), (0, "write", 2), (0, "read", 1)), get_model("register")
    )
    assert ladder.strongest == (
        f"{READ_YOUR_WRITES} + {MONOTONIC_READS} + {WRITES_FOLLOW_READS}",
        f"{MONOTONIC_READS} + {MONOTONIC_WRITES} + {WRITES_FOLLOW_READS}",
    )
    assert ladder[SEQUENTIAL].operations == ladder[ALL_FOUR].operations
    assert ladder[READ_YOUR_WRITES].validity is VALID
    with pytest.raises(KeyError):
        ladder["eventual"]


def test_the_evidence_can_be_written_as_json() -> None:
    ladder = strongest(told((0, "write", 1), (0, "read", None)), get_model("register"))
    evidence = json.loads(json.dumps(ladder.evidence()))
    assert evidence["staleness_ns"] == {"least": 5, "above": 4, "reason": ""}
    broken = {each["condition"]: each for each in evidence["conditions"]}[READ_YOUR_WRITES]
    assert broken["validity"] == "invalid"
    assert broken["operations"] == [
        {"invocation": 0, "operation": "process 0: write 'x' 1"},
        {"invocation": 2, "operation": "process 0: read 'x' -> nil"},
    ]


def test_a_value_from_nowhere_leaves_nothing() -> None:
    ladder = strongest(told((0, "read", 1)), get_model("register"))
    assert ladder.strongest == ()
    assert ladder.open == ()
    assert {each.validity for each in ladder.findings} == {INVALID}


def test_what_is_not_known_stays_open() -> None:
    given = told((0, "write", 1), (1, "read", None))
    ladder = strongest(given, get_model("register"), judge=lambda *_: UNKNOWN)
    assert ladder.strongest == (SEQUENTIAL,)
    assert ladder.open == (LINEARIZABLE,)
    broken = told((0, "write", 1), (0, "read", None))
    ladder = strongest(broken, get_model("register"), judge=lambda *_: UNKNOWN)
    assert ladder[LINEARIZABLE].validity is INVALID, "for it is not even sequential"


def test_an_operation_that_the_model_does_not_know_is_an_error() -> None:
    given = told((0, "write", 1), (0, "cas", [1, 2]))
    with pytest.raises(HistoryError, match="event 2: the model 'register' knows read and write"):
        strongest(given, get_model("register"))


def test_the_ladder_as_the_oracles_say() -> None:
    random = Random(12)
    seen: dict[str, int] = {}
    for at in range(ROUNDS // 3):
        operations = random_sessions(random, unique=at % 2 == 0)
        ladder = strongest(history_of(operations), get_model("cas-register"))
        expected = {LINEARIZABLE: possible(operations, get_model("cas-register"))}
        expected[SEQUENTIAL] = interleaved(operations, "cas-register")
        for chosen in SETS:
            expected[" + ".join(chosen)] = explained(operations, chosen)
        for finding in ladder.findings:
            assert finding.validity is (VALID if expected[finding.condition] else INVALID)
        sets = [name for name, holds in expected.items() if holds and name in map(" + ".join, SETS)]
        greatest = {
            name
            for name in sets
            if not any(set(name.split(" + ")) < set(other.split(" + ")) for other in sets)
        }
        first = next((name for name in (LINEARIZABLE, SEQUENTIAL) if expected[name]), None)
        assert set(ladder.strongest) == ({first} if first else greatest), operations
        for name in ladder.strongest:
            seen[name] = seen.get(name, 0) + 1
    assert {LINEARIZABLE, SEQUENTIAL, ALL_FOUR} < seen.keys()
    assert len(seen) > 5, seen


def history_of(operations: Sequence[Operation]) -> History:
    rows: list[tuple[int, tuple[Any, ...]]] = []
    for each in operations:
        process, f, key, argument = each.process, each.f, each.key, each.argument
        value = each.result if each.f == "read" else argument
        rows.append((each.invoked, (process, "invoke", f, key, argument)))
        end = each.invoked + 1 if each.completed is None else each.completed
        rows.append((end, (process, each.outcome, f, key, value, each.error)))
    return history(*[row for _, row in sorted(rows, key=lambda pair: pair[0])])


def test_the_code_of_the_documentation_runs() -> None:
    assert run_code_blocks("docs/conditions.md") == 2
