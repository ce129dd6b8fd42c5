"""The client of etcd's gateway: what operations ask, and what answers prove."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from nemesis.cluster.real.etcd_client import EtcdService
from nemesis.cluster.real.service import NotReached, Refused, Uncertain
from raft.kv.commands import (
    Append,
    Compare,
    CompareAndSet,
    Delete,
    Get,
    Operation,
    Put,
    Result,
    Transaction,
)
from tests.nemesis.real.stand_in import StandIn

T = TypeVar("T")
# Long enough for any answer; a request that hangs has a shorter one of its own.
PATIENCE = 10.0


def by_service(
    work: Callable[[EtcdService], Awaitable[T]],
    stand_in: StandIn,
    *,
    timeout: float = PATIENCE,
    serializable: bool = False,
) -> T:
    """What ``work`` comes to with a service that asks the stand-in, as n1; nobody is n2."""

    async def run() -> T:
        async with TestServer(stand_in.application()) as server, aiohttp.ClientSession() as session:
            urls = {"n1": str(server.make_url("")).rstrip("/"), "n2": "http://127.0.0.1:1"}
            service = EtcdService(session, urls, timeout=timeout, serializable=serializable)
            return await work(service)

    return asyncio.run(run())


def perform(stand_in: StandIn, *operations: Operation, timeout: float = PATIENCE) -> list[Result]:
    async def work(service: EtcdService) -> list[Result]:
        return [await service.perform("n1", operation) for operation in operations]

    return by_service(work, stand_in, timeout=timeout)


def test_operations_do_what_they_say() -> None:
    stand_in = StandIn()
    results = perform(
        stand_in,
        Get("a"),
        Put("a", "1"),
        Get("a"),
        CompareAndSet("a", "2", "3"),
        CompareAndSet("a", "1", "ü"),
        Append("a", "!"),
        Get("a"),
        CompareAndSet("b", None, "new"),
        CompareAndSet("b", None, "newer"),
        Append("c", "from nothing"),
        Delete("b"),
        Get("b"),
        Put("e", ""),
        Get("e"),
    )
    assert [result.value for result in results] == [
        None,
        None,
        "1",
        None,
        None,
        None,
        "ü!",
        None,
        None,
        None,
        None,
        None,
        None,
        "",
    ]
    assert [result.succeeded for result in results[3:5]] == [False, True]
    assert [result.succeeded for result in results[7:9]] == [True, False]
    assert stand_in.value("c") == "from nothing"


@pytest.mark.parametrize("value", ["1", "2"])
@pytest.mark.parametrize("appends", [False, True])
def test_transactions_take_the_right_branch(value: str, appends: bool) -> None:
    stand_in = StandIn()
    otherwise = Append("b", "!") if appends else Put("b", "!")
    transaction = Transaction(
        (Compare("a", "1"), Compare("c", None)),
        (Get("a"), Delete("b")),
        (otherwise, Get("b"), Get("c")),
    )
    *_, result = perform(stand_in, Put("a", value), Put("b", "was"), transaction)
    if value == "1":
        assert result == Result(succeeded=True, values=("1", None))
        assert stand_in.value("b") is None
    else:
        now = "was!" if appends else "!"
        assert result == Result(succeeded=False, values=(None, now, None))
        assert stand_in.value("b") == now


def test_append_begins_anew_if_somebody_else_has_written() -> None:
    stand_in = StandIn()
    stand_in.faults.extend(["", "race"])
    perform(stand_in, Append("a", "1"))
    assert stand_in.value("a") == "other1"
    assert [name for name, _ in stand_in.requests] == ["range", "txn", "range", "txn"]


def test_append_gives_up_without_having_done_anything() -> None:
    stand_in = StandIn()
    stand_in.faults.extend(["", "race"] * 20)
    with pytest.raises(Refused):
        perform(stand_in, Append("a", "1"))
    assert stand_in.value("a") == "other"


WRITES = (
    Put("a", "1"),
    CompareAndSet("a", None, "1"),
    Delete("a"),
    Transaction((), (Put("a", "1"),), ()),
)


@pytest.mark.parametrize("operation", WRITES, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize(
    "fault", ["drop-before", "drop-after", "503", "503-after", "nonsense", "empty"]
)
def test_write_without_an_answer_is_uncertain(operation: Operation, fault: str) -> None:
    stand_in = StandIn()
    stand_in.faults.append(fault)
    with pytest.raises(Uncertain):
        perform(stand_in, operation)
    assert len(stand_in.requests) == 1, "it may have been performed: it must not be sent again"


def test_write_that_hangs_is_uncertain() -> None:
    stand_in = StandIn()
    stand_in.faults.append("hang")
    with pytest.raises(Uncertain, match="time-out"):
        perform(stand_in, Put("a", "1"), timeout=0.2)


@pytest.mark.parametrize("fault", ["invalid", "too-many"])
def test_write_that_was_refused_has_not_happened(fault: str) -> None:
    stand_in = StandIn()
    stand_in.faults.append(fault)
    with pytest.raises(Refused):
        perform(stand_in, Put("a", "1"))
    assert stand_in.value("a") is None


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "503", "nonsense"])
def test_read_without_an_answer_fails(fault: str) -> None:
    stand_in = StandIn()
    stand_in.faults.append(fault)
    with pytest.raises(Refused):
        perform(stand_in, Get("a"))


def test_append_whose_read_has_no_answer_fails_and_whose_write_has_none_is_uncertain() -> None:
    stand_in = StandIn()
    stand_in.faults.append("drop-after")
    with pytest.raises(Refused):
        perform(stand_in, Append("a", "1"))
    assert stand_in.value("a") is None
    stand_in.faults.extend(["", "drop-after"])
    with pytest.raises(Uncertain):
        perform(stand_in, Append("a", "1"))
    assert stand_in.value("a") == "1"


def test_nobody_listens() -> None:
    async def work(service: EtcdService) -> None:
        # A port that is kept for a service which nobody runs any more.
        with pytest.raises(NotReached):
            await service.perform("n2", Put("a", "1"))

    by_service(work, StandIn())


def test_serializable_reads_are_asked_for_where_they_are_wanted_alone() -> None:
    for serializable in (True, False):
        stand_in = StandIn()

        async def work(service: EtcdService) -> None:
            await service.perform("n1", Get("a"))
            await service.perform("n1", Append("a", "1"))
            await service.perform("n1", Transaction((), (Get("a"),), ()))
            await service.perform("n1", Transaction((), (Get("a"), Put("b", "1")), ()))

        by_service(work, stand_in, serializable=serializable)
        asked = [
            content.get("serializable", False)
            for name, content in stand_in.requests
            if name == "range"
        ]
        # What an append reads decides on what is written.
        assert asked == [serializable, False]
        _, only_reads, writes_too = (
            [each["requestRange"] for each in content["success"] if "requestRange" in each]
            for name, content in stand_in.requests
            if name == "txn"
        )
        assert [each.get("serializable", False) for each in only_reads] == [serializable]
        assert [each.get("serializable", False) for each in writes_too] == [False]


def test_state_of_a_server() -> None:
    async def work(service: EtcdService) -> None:
        state = await service.state("n1", PATIENCE)
        assert state is not None
        assert (state.member, state.leader, state.term, state.last_index) == ("7", "7", 1, 1)

    by_service(work, StandIn())
    stand_in = StandIn()
    stand_in.faults.append("503")

    async def silent(service: EtcdService) -> None:
        assert await service.state("n1", PATIENCE) is None

    by_service(silent, stand_in)
