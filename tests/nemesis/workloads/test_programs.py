"""What each operation asks of the service, and what its answers come to."""

from __future__ import annotations

from typing import Any

import pytest

from checker.history import Event, History, HistoryError
from checker.lincheck import check
from checker.models import get_model
from checker.verdict import Validity
from nemesis.chooser import RandomChooser
from nemesis.errors import ScheduleError
from nemesis.schedule import Operate
from nemesis.workloads import WORKLOADS, Outcome, Values
from nemesis.workloads.updates import ATTEMPTS, CONTENDED, NONSENSE
from raft.kv.commands import CompareAndSet, Get, Operation, Put, Result, Transaction
from tests.nemesis.workloads.shop import KEYS, Market, Shop, perform

# Workloads whose operations take several requests, or are asked in a way of their own.
PROGRAMS = ("append", "transactions", "set", "counter", "queue", "lock", "bank", "unique-ids")

Done = tuple[str, Any, Outcome]


@pytest.mark.parametrize(
    ("workload", "done"),
    [
        (
            "append",
            [
                ("read", None, Outcome("ok", [])),
                ("append", "1", Outcome("ok", "1")),
                ("append", "2", Outcome("ok", "2")),
                ("read", None, Outcome("ok", ["1", "2"])),
            ],
        ),
        (
            "set",
            [
                ("read", None, Outcome("ok", [])),
                ("add", "1", Outcome("ok", "1")),
                ("add", "2", Outcome("ok", "2")),
                ("add", "1", Outcome("ok", "1")),
                ("read", None, Outcome("ok", ["1", "2"])),
            ],
        ),
        (
            "counter",
            [
                ("read", None, Outcome("ok", 0)),
                ("add", 3, Outcome("ok", 3)),
                ("add-and-get", 4, Outcome("ok", 7)),
                ("read", None, Outcome("ok", 7)),
            ],
        ),
        (
            "queue",
            [
                ("dequeue", None, Outcome("ok", None)),
                ("enqueue", "1", Outcome("ok", "1")),
                ("enqueue", "2", Outcome("ok", "2")),
                ("peek", None, Outcome("ok", "1")),
                ("dequeue", None, Outcome("ok", "1")),
                ("dequeue", None, Outcome("ok", "2")),
                ("peek", None, Outcome("ok", None)),
                ("enqueue", "3", Outcome("ok", "3")),
                ("dequeue", None, Outcome("ok", "3")),
            ],
        ),
        (
            "lock",
            [
                ("holder", None, Outcome("ok", None)),
                ("release", "a", Outcome("fail", "a", "it is not held by this owner")),
                ("acquire", "a", Outcome("ok", 1)),
                ("holder", None, Outcome("ok", "a")),
                ("acquire", "b", Outcome("fail", "b", "it is held")),
                ("release", "b", Outcome("fail", "b", "it is not held by this owner")),
                ("release", "a", Outcome("ok", "a")),
                ("holder", None, Outcome("ok", None)),
                ("acquire", "b", Outcome("ok", 2)),
            ],
        ),
        (
            "bank",
            [
                ("read", None, Outcome("ok", [10, 10, 10, 10])),
                ("transfer", [0, 2, 9], Outcome("ok", [0, 2, 9])),
                ("transfer", [0, 1, 2], Outcome("fail", [0, 1, 2], "the balance is too low")),
                ("transfer", [2, 1, 19], Outcome("ok", [2, 1, 19])),
                ("read", None, Outcome("ok", [1, 29, 0, 10])),
            ],
        ),
        (
            "unique-ids",
            [("generate", None, Outcome("ok", "x-1")), ("generate", None, Outcome("ok", "x-2"))],
        ),
    ],
)
def test_operations_one_after_the_other(workload: str, done: list[Done]) -> None:
    shop = Shop()
    for f, value, outcome in done:
        assert perform(WORKLOADS[workload], shop, f, "x", value) == outcome


def test_a_transaction_reads_and_appends_at_once() -> None:
    workload, shop = WORKLOADS["transactions"], Shop()
    perform(workload, shop, "append", "x", "1")
    asked = [["r", "x", None], ["append", "x", "2"], ["r", "x", None], ["append", "y", "3"]]
    told = [["r", "x", ["1"]], ["append", "x", "2"], ["r", "x", ["1", "2"]], ["append", "y", "3"]]
    assert perform(workload, shop, "txn", None, asked) == Outcome("ok", told)
    assert perform(workload, shop, "read", "y").value == ["3"]


@pytest.mark.parametrize(
    ("workload", "f", "key", "value"),
    [
        *((name, "swim", "x", None) for name in WORKLOADS),
        *((name, WORKLOADS[name].operations[0], None, None) for name in PROGRAMS),
        ("append", "append", "x", "a,b"),
        ("set", "add", "x", ""),
        ("set", "add", "x", 1),
        ("counter", "add", "x", "1"),
        ("counter", "add", "x", True),
        ("queue", "enqueue", "x", None),
        ("queue", "dequeue", "x", "1"),
        ("lock", "acquire", "x", None),
        ("lock", "release", "x", "a b"),
        ("bank", "transfer", "x", [0, 0, 1]),
        ("bank", "transfer", "x", [0, 4, 1]),
        ("bank", "transfer", "x", [0, 1, -1]),
        ("bank", "transfer", "x", [0, 1]),
        ("unique-ids", "generate", "x", "1"),
        ("kv", "put", "x", []),
        ("kv", "append", "x", 1),
        ("kv", "cas", "x", [1, "2"]),
        ("kv", "cas", "x", ["1", None]),
        ("kv", "txn", None, {"compare": [["x", 1]], "then": [], "else": []}),
        ("kv", "txn", None, {"compare": [], "then": [["put", "x", 1]], "else": []}),
        ("register", "cas", "x", [1, "2"]),
        ("register", "cas", "x", ["1", None]),
        ("transactions", "txn", None, [["w", "x", "1"]]),
        ("transactions", "txn", None, [["r", "x"]]),
        ("transactions", "txn", None, [["append", "x", "1"], ["append", "x", "2"]]),
        ("transactions", "txn", None, None),
    ],
)
def test_what_a_workload_does_not_know_is_an_error_before_anything_is_asked(
    workload: str, f: str, key: str | None, value: Any
) -> None:
    with pytest.raises(ScheduleError):
        WORKLOADS[workload].begin(Operate(f=f, key=key, value=value))


@pytest.mark.parametrize(
    ("workload", "f", "value", "key"),
    [
        ("set", "add", "1", "x"),
        ("counter", "add", 1, "x"),
        ("queue", "dequeue", None, "x"),
        ("lock", "acquire", "a", "x"),
        ("lock", "release", "a", "x"),
        ("unique-ids", "generate", None, "x"),
        ("bank", "transfer", [0, 1, 1], "x.0"),
    ],
)
def test_nonsense_is_written_nowhere(workload: str, f: str, value: Any, key: str) -> None:
    shop = Shop()
    shop.ask(Put(key, "no, sense"))
    outcome = perform(WORKLOADS[workload], shop, f, "x", value)
    assert outcome == Outcome("fail", value, NONSENSE)
    assert shop.ask(Get(key)).value == "no, sense"


@pytest.mark.parametrize(
    ("workload", "key"),
    [("append", "x"), ("set", "x"), ("counter", "x"), ("bank", "x.0"), ("transactions", "x")],
)
def test_a_read_of_nonsense_convicts(workload: str, key: str) -> None:
    kind, shop = WORKLOADS[workload], Shop()
    shop.ask(Put(key, "no, sense"))
    value = perform(kind, shop, "read", "x").value
    events = [Event(0, 0, "invoke", "read", "x"), Event(1, 0, "ok", "read", "x", value)]
    with pytest.raises(HistoryError, match="answers"):
        check(History(events), get_model(kind.model))


class Busy(Shop):
    """Somebody else is always faster."""

    def ask(self, operation: Operation) -> Result:
        if isinstance(operation, CompareAndSet):
            self.attempts = getattr(self, "attempts", 0) + 1
            return Result(succeeded=False)
        if isinstance(operation, Transaction) and operation.compares:
            self.attempts = getattr(self, "attempts", 0) + 1
            return Result(succeeded=False)
        return super().ask(operation)


@pytest.mark.parametrize(
    ("workload", "f", "value"),
    [
        ("set", "add", "1"),
        ("counter", "add", 1),
        ("lock", "acquire", "a"),
        ("unique-ids", "generate", None),
        ("bank", "transfer", [0, 1, 1]),
    ],
)
def test_who_is_always_late_gives_up(workload: str, f: str, value: Any) -> None:
    shop = Busy()
    outcome = perform(WORKLOADS[workload], shop, f, "x", value)
    assert outcome == Outcome("fail", value, CONTENDED)
    assert shop.attempts == ATTEMPTS


# -- However clients come between each other -------------------------------------------------------


@pytest.mark.parametrize("workload", WORKLOADS)
def test_however_programs_are_interleaved_and_answers_lost_the_history_is_valid(
    workload: str,
) -> None:
    kind = WORKLOADS[workload]
    for seed in range(30):
        history = History(Market(kind, seed, Shop()).trade(40))
        verdict = check(history, get_model(kind.model))
        assert verdict.validity is Validity.VALID, (seed, verdict.failures)
        account = kind.account(history)
        assert account.verdict.validity is Validity.VALID, (seed, account)


class TakesEveryWrite(Shop):
    """Compares nothing."""

    def ask(self, operation: Operation) -> Result:
        if isinstance(operation, CompareAndSet):
            return super().ask(Put(operation.key, operation.value))
        if isinstance(operation, Transaction) and operation.compares:
            operation = Transaction((), operation.then, ())
        return super().ask(operation)


class AnswersLate(Shop):
    """Answers reads as they were one request ago."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[str, Result] = {}

    def ask(self, operation: Operation) -> Result:
        if isinstance(operation, Get):
            now = super().ask(operation)
            return self._before.get(operation.key, now)
        for key in KEYS:
            self._before[key] = super().ask(Get(key))
        return super().ask(operation)


class ForgetsEveryTenthWrite(Shop):
    """Acknowledges it all the same."""

    def __init__(self) -> None:
        super().__init__()
        self._writes = 0

    def ask(self, operation: Operation) -> Result:
        if not isinstance(operation, Get):
            self._writes += 1
            reads = isinstance(operation, Transaction) and all(
                isinstance(each, Get) for each in operation.then
            )
            if self._writes % 10 == 0 and not reads:
                values = tuple(None for _ in getattr(operation, "then", ()))
                return Result(values=values)
        return super().ask(operation)


FLAWS: dict[type[Shop], tuple[str, ...]] = {
    TakesEveryWrite: ("set", "counter", "queue", "lock", "bank", "unique-ids"),
    AnswersLate: ("append", "transactions", "set", "counter", "queue", "lock"),
    ForgetsEveryTenthWrite: PROGRAMS,
}


@pytest.mark.parametrize(
    ("flaw", "workload"), [(flaw, name) for flaw, names in FLAWS.items() for name in names]
)
def test_a_flawed_service_is_convicted(flaw: type[Shop], workload: str) -> None:
    kind = WORKLOADS[workload]
    convicted = 0
    for seed in range(20):
        history = History(Market(kind, seed, flaw(), trouble=0.05).trade(60))
        convicted += check(history, get_model(kind.model)).validity is Validity.INVALID
    assert convicted >= 5, convicted


@pytest.mark.parametrize(
    ("flaw", "workload", "kinds"),
    [
        (ForgetsEveryTenthWrite, "set", {"lost-element"}),
        (ForgetsEveryTenthWrite, "append", {"lost-element"}),
        (ForgetsEveryTenthWrite, "transactions", {"lost-element"}),
        (ForgetsEveryTenthWrite, "queue", {"lost-element", "duplicated-element"}),
        (ForgetsEveryTenthWrite, "counter", {"lost-addition"}),
        (TakesEveryWrite, "bank", {"wrong-total"}),
        (TakesEveryWrite, "unique-ids", {"duplicate-id"}),
        (TakesEveryWrite, "lock", {"stale-token"}),
        (AnswersLate, "set", {"stale-element"}),
        (AnswersLate, "append", {"stale-element"}),
    ],
)
def test_the_account_tells_what_was_lost(flaw: type[Shop], workload: str, kinds: set[str]) -> None:
    kind = WORKLOADS[workload]
    found: set[str] = set()
    for seed in range(20):
        history = History(Market(kind, seed, flaw(), trouble=0.05).trade(60))
        account = kind.account(history)
        found |= account.verdict.kinds
        if account.verdict.kinds:
            # Whatever an account convicts, the model does, too.
            assert check(history, get_model(kind.model)).validity is Validity.INVALID
    assert kinds <= found


# -- What the shrinker may try ---------------------------------------------------------------------


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_is_simpler_can_be_performed_and_ends(workload: str) -> None:
    kind = WORKLOADS[workload]
    chooser, values = RandomChooser(1), Values()
    for _ in range(200):
        operate: Operate | None = kind.draw(chooser, kind.operations, KEYS, 0, values, 0)
        for _ in range(30):
            if operate is None:
                break
            kind.begin(operate)
            simpler = list(kind.simpler(operate))
            assert operate not in simpler
            for each in simpler:
                kind.begin(each)
            operate = simpler[0] if simpler else None
        assert operate is None


@pytest.mark.parametrize("workload", WORKLOADS)
def test_other_names_leave_an_operation_what_it_is(workload: str) -> None:
    kind = WORKLOADS[workload]
    chooser, values = RandomChooser(2), Values()
    keys: set[str] = set()

    def key_name(key: str) -> str:
        keys.add(key)
        return f"k{key}"

    def one(_key: str) -> str:
        return "x"

    for _ in range(100):
        operate = kind.draw(chooser, kind.operations, KEYS, 0, values, 0)
        renamed = kind.renamed(operate.value, key_name, lambda value: f"v{value}")
        key = None if operate.key is None else f"k{operate.key}"
        kind.begin(Operate(f=operate.f, key=key, value=renamed))
        same = kind.renamed(operate.value, str, str)
        assert same == (list(operate.value) if isinstance(operate.value, tuple) else operate.value)
        kind.begin(
            Operate(f=operate.f, key=operate.key, value=kind.renamed(operate.value, one, str))
        )
    assert keys <= set(KEYS)
    assert bool(keys) == (workload in ("kv", "transactions"))
