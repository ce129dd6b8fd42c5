"""The same programs by clients of real clusters: what a refusal, a time-out, a lost answer mean in
the middle of an operation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import get_args

import pytest

from checker.evidence import Log
from checker.history import Event, History
from checker.lincheck import check
from checker.models import get_model
from checker.verdict import Validity
from nemesis.chooser import RandomChooser
from nemesis.cluster.real.clients import Latencies, RealClient, RealHistory
from nemesis.cluster.real.evidence import with_evidence
from nemesis.cluster.real.service import NodeState, NotReached, Refused, Uncertain
from nemesis.schedule import Operate
from nemesis.search.real_time import SECOND, Plan, generate_real_time
from nemesis.workloads import WORKLOADS, Values
from raft.kv.commands import Operation, Result
from tests.nemesis.workloads.shop import Shop
from tests.nemesis.workloads.test_programs import PROGRAMS

Fate = type[Exception] | None


class Scripted:
    """A service whose requests end as they are told to: None for those that are answered. A write
    that is uncertain has happened."""

    performs = frozenset(get_args(Operation))

    def __init__(self, fates: Sequence[Fate]) -> None:
        self.asked: list[tuple[str, str]] = []
        self._fates = list(fates)
        self._shop = Shop()

    async def perform(self, node: str, operation: Operation) -> Result:
        await asyncio.sleep(0)
        self.asked.append((node, type(operation).__name__))
        fate = self._fates.pop(0) if self._fates else None
        if fate is None or issubclass(fate, Uncertain):
            result = self._shop.ask(operation)
        if fate is not None:
            raise fate("no")
        return result

    async def state(self, node: str, timeout: float) -> NodeState | None:
        return None

    async def close(self) -> None:
        return None


def performed(workload: str, operate: Operate, *fates: Fate) -> tuple[list[Event], Scripted]:
    """The history of one operation, and of one more after it."""
    service = Scripted(fates)

    async def work() -> list[Event]:
        history = RealHistory()
        client = RealClient(0, ["n1", "n2"], service, WORKLOADS[workload], history, Latencies())
        loop = asyncio.get_running_loop()
        for each in (operate, operate):
            client.submit(each, loop)
        assert client.task is not None
        await client.task
        return history.events

    return asyncio.run(work()), service


ADD = Operate(f="add", key="x", value=1)
TRANSFER = Operate(f="transfer", key="x", value=[0, 1, 3])


@pytest.mark.parametrize(
    ("workload", "operate", "fates", "type_"),
    [
        # The read, then the write that follows from it.
        ("counter", ADD, [Refused], "fail"),
        ("counter", ADD, [Uncertain], "fail"),
        ("counter", ADD, [None, Refused], "fail"),
        ("counter", ADD, [None, Uncertain], "info"),
        ("set", Operate(f="add", key="x", value="1"), [None, Uncertain], "info"),
        ("lock", Operate(f="acquire", key="x", value="a"), [None, Uncertain], "info"),
        ("unique-ids", Operate(f="generate", key="x"), [None, Uncertain], "info"),
        ("queue", Operate(f="enqueue", key="x", value="1"), [Uncertain], "info"),
        ("queue", Operate(f="peek", key="x"), [Uncertain], "fail"),
        ("append", Operate(f="append", key="x", value="1"), [Uncertain], "info"),
        ("append", Operate(f="read", key="x"), [Uncertain], "fail"),
        ("bank", TRANSFER, [Uncertain], "fail"),
        ("bank", TRANSFER, [None, Refused], "fail"),
        ("bank", TRANSFER, [None, Uncertain], "info"),
        ("bank", Operate(f="read", key="x"), [Uncertain], "fail"),
        ("transactions", Operate(f="txn", value=[["append", "x", "1"]]), [Uncertain], "info"),
        ("transactions", Operate(f="txn", value=[["r", "x", None]]), [Uncertain], "fail"),
    ],
)
def test_what_ends_in_the_middle(
    workload: str, operate: Operate, fates: list[Fate], type_: str
) -> None:
    events, _ = performed(workload, operate, *fates)
    assert [event.type for event in events[:2]] == ["invoke", type_]
    assert events[1].error == "no"
    # After an operation of which nobody knows, the client is another process.
    assert (events[2].process != events[0].process) == (type_ == "info")


def test_each_request_is_asked_of_who_takes_it() -> None:
    events, service = performed("counter", ADD, None, NotReached)
    assert service.asked[:3] == [("n1", "Get"), ("n1", "CompareAndSet"), ("n2", "CompareAndSet")]
    assert [event.type for event in events] == ["invoke", "ok"] * 2


def test_a_write_that_nobody_confirmed_may_have_happened() -> None:
    events, _ = performed("counter", ADD, None, Uncertain)
    read = [Event(9, 9, "invoke", "read", "x"), Event(10, 9, "ok", "read", "x", 2)]
    verdict = check(History([*events, *read]), get_model("counter"))
    assert verdict.validity is Validity.VALID


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_is_drawn_for_real_clusters_mostly_succeeds_one_after_the_other(
    workload: str,
) -> None:
    plan = Plan(workload=workload, rate=60, clients=9, duration=20 * SECOND)
    operations = generate_real_time(3, plan).operations
    assert 0.8 < len(operations) / (60 * 20) < 1.2
    assert {operate.client for operate in operations} == set(range(9))
    kind, shop = WORKLOADS[workload], Shop()
    ok: dict[str, int] = {}
    for operate in operations:
        performance = kind.begin(operate)
        while (outcome := performance.answer(shop.ask(performance.request))) is None:
            pass
        ok[operate.f] = ok.get(operate.f, 0) + (outcome.type == "ok")
    assert set(ok) == set(kind.operations)
    assert min(ok.values()) > 20


@pytest.mark.parametrize("workload", PROGRAMS)
def test_the_last_operations_reach_every_key(workload: str) -> None:
    groups = WORKLOADS[workload].last_operations((), ["x", "y"])
    assert {operate.key for group in groups for operate in group} >= {"x", "y"}


def test_a_queue_is_emptied_in_the_end_however_much_is_in_it() -> None:
    kind, shop = WORKLOADS["queue"], Shop()
    events: list[Event] = []
    for at in range(7):
        operate = Operate(f="enqueue", key="x", value=str(at))
        outcome = kind.begin(operate).answer(shop.ask(kind.begin(operate).request))
        assert outcome is not None
        events.append(Event(2 * at, at, "invoke", "enqueue", "x", operate.value))
        # One of which nobody knows may be there, one that failed is not.
        type_ = ("info", "fail", "ok")[at % 3]
        events.append(Event(2 * at + 1, at, type_, "enqueue", "x", operate.value))
    groups = kind.last_operations((), ["x", "y"], events)
    counts = dict.fromkeys(("x", "y"), 0)
    for group in groups:
        for operate in group:
            counts[str(operate.key)] += operate.f == "dequeue"
    assert counts == {"x": 5 + 1 + 1, "y": 1}


def test_transactions_name_lists_that_are_read_in_the_end() -> None:
    kind = WORKLOADS["transactions"]
    events = [Event(0, 0, "invoke", "txn", None, [["append", "z", "1"]])]
    last = kind.last_operations((), ["x"], events)[-1]
    assert [(operate.f, operate.key) for operate in last] == [("read", "x"), ("read", "z")]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_logs_tell_nothing_of_operations_whose_requests_follow_from_answers(workload: str) -> None:
    """Whatever the log holds: what a program has written is not known from what was asked for."""
    kind = WORKLOADS[workload]
    chooser, values = RandomChooser(4), Values()
    events: list[Event] = []
    for at in range(40):
        operate = kind.draw(chooser, kind.operations, ["x", "y"], 0, values, 0)
        for type_ in ("invoke", "info"):
            events.append(Event(len(events), at, type_, operate.f, operate.key, operate.value))
    resolved = with_evidence(events, kind, [Log("n1", 0, {}, frozenset())])
    is_program = workload in PROGRAMS and workload not in ("append", "transactions")
    if is_program:
        assert resolved.count("happened") == resolved.count("never") == 0
        assert resolved.events == events
