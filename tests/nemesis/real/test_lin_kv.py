"""What clients ask of Maelstrom's nodes, what answers prove, and the services that nodes may use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from nemesis.cluster.real.maelstrom.lin_kv import LinKv, Numbers
from nemesis.cluster.real.maelstrom.network import Network
from nemesis.cluster.real.maelstrom.services import make_services
from nemesis.cluster.real.service import NotReached, Refused, Uncertain
from raft.kv.commands import CompareAndSet, Delete, Get, Operation, Put, Result

Body = dict[str, Any]
Answer = Callable[[Body], Body | None]
WRITES = (Put("a", "1"), CompareAndSet("a", "1", "2"))
OPERATIONS = (Get("a"), *WRITES)


class Clients:
    """A service whose nodes answer by ``answer``: with a body, or not at all."""

    def __init__(self, answer: Answer, *, by: str | None = None, timeout: float = 10.0) -> None:
        self.asked: list[tuple[str, str, Body]] = []
        self.convicted: list[str] = []
        self.ready = {"n1", "n2"}
        self._answer = answer
        self._by = by
        self.network = Network(
            ("n1", "n2"),
            lambda *_: None,
            self._deliver,
            lambda _, what: self.convicted.append(what),
        )
        self.service = LinKv(self.network, self.ready.__contains__, timeout)

    def _deliver(self, node: str, line: bytes) -> None:
        message = json.loads(line)
        self.asked.append((node, message["src"], message["body"]))
        self.answer(node, message["src"], message["body"])

    def answer(self, node: str, client: str, request: Body) -> None:
        body = self._answer(request)
        if body is not None:
            by = self._by or node
            told = {"in_reply_to": request["msg_id"], **body}
            line = json.dumps({"src": by, "dest": client, "body": told}).encode()
            self.network.receive(by, line)

    def perform(self, *operations: Operation) -> list[Result]:
        async def work() -> list[Result]:
            return [await self.service.perform("n1", operation) for operation in operations]

        return asyncio.run(work())


def error(code: int) -> Answer:
    return lambda request: {"type": "error", "code": code, "text": "no"}


def test_requests_are_those_of_the_workload_lin_kv() -> None:
    clients = Clients(lambda request: {"type": f"{request['type']}_ok", "value": 2})
    results = clients.perform(
        Put("k7", "2"), Get("k7"), CompareAndSet("k7", "2", "3"), Put("7", "last")
    )
    assert results == [Result(), Result("2"), Result(), Result()]
    numbers = [body["key"] for _, _, body in clients.asked]
    key, other = numbers[0], numbers[3]
    assert numbers == [key, key, key, other]
    assert other == 7 != key
    last = clients.asked[3][2]["value"]
    assert [body for _, _, body in clients.asked] == [
        {"type": "write", "msg_id": 1, "key": key, "value": 2},
        {"type": "read", "msg_id": 2, "key": key},
        {"type": "cas", "msg_id": 3, "key": key, "from": 2, "to": 3},
        {"type": "write", "msg_id": 4, "key": 7, "value": last},
    ]
    assert isinstance(last, int)
    assert {(node, client) for node, client, _ in clients.asked} == {("n1", "c1")}
    assert clients.convicted == []


def test_numbers_are_told_apart_and_found_again() -> None:
    numbers = Numbers()
    names = ["0", "1", "01", "k1", "last", "", "-1", "1000000000", "1000000003", "²", "1.0"]
    made = [numbers.number(name) for name in names]
    assert len(set(made)) == len(names)
    assert [numbers.number(name) for name in names] == made
    assert [numbers.name(number) for number in made] == names
    assert numbers.name(None) is None
    # What nobody has written is told as it is, and is no value of ours.
    assert [numbers.name(other) for other in (True, 1.0, "1", [1], 5)] == [
        "true",
        "1.0",
        '"1"',
        "[1]",
        "5",
    ]


@pytest.mark.parametrize("code", [1, 10, 11, 12, 14, 21, 30])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_definite_error_proves_that_nothing_has_happened(code: int, operation: Operation) -> None:
    with pytest.raises(Refused) as caught:
        Clients(error(code)).perform(operation)
    assert isinstance(caught.value, NotReached) == (code == 11), "another node is asked"


@pytest.mark.parametrize("code", [0, 13, 2, 1000, -1])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_indefinite_error_proves_nothing(code: int, operation: Operation) -> None:
    with pytest.raises(Refused if isinstance(operation, Get) else Uncertain):
        Clients(error(code)).perform(operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_error_without_a_code_is_a_timeout(operation: Operation) -> None:
    clients = Clients(lambda request: {"type": "error", "text": "gave up"})
    with pytest.raises(Refused if isinstance(operation, Get) else Uncertain, match="gave up"):
        clients.perform(operation)
    assert clients.convicted == []


def test_errors_about_keys_are_answers() -> None:
    assert Clients(error(20)).perform(Get("a")) == [Result(None)]
    for code in (20, 22):
        (result,) = Clients(error(code)).perform(CompareAndSet("a", "1", "2"))
        assert not result.succeeded
        with pytest.raises(Refused):
            Clients(error(code)).perform(Put("a", "1"))


def test_an_absent_key_cannot_be_compared_with() -> None:
    clients = Clients(error(20))
    with pytest.raises(Refused, match="absent"):
        clients.perform(CompareAndSet("a", None, "2"))
    assert clients.asked == []
    assert Delete not in clients.service.performs


@pytest.mark.parametrize(
    "body",
    [
        {"type": "hello"},
        {"type": "error", "code": "11"},
        {"type": "error", "code": True},
        {"type": "read"},
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_answer_that_makes_no_sense_proves_nothing_and_is_convicted(
    body: Body, operation: Operation
) -> None:
    clients = Clients(lambda request: body)
    with pytest.raises(Refused if isinstance(operation, Get) else Uncertain):
        clients.perform(operation)
    ((what),) = clients.convicted
    assert "makes no sense" in what


def test_read_without_a_value_makes_no_sense_and_null_is_none() -> None:
    clients = Clients(lambda request: {"type": "read_ok"})
    with pytest.raises(Refused, match="makes no sense"):
        clients.perform(Get("a"))
    assert Clients(lambda request: {"type": "read_ok", "value": None}).perform(Get("a")) == [
        Result(None)
    ]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("answer", [None, {"type": "write_ok", "in_reply_to": 99}])
def test_client_that_was_not_answered_is_never_used_again(
    answer: Body | None, operation: Operation
) -> None:
    """Also if something else was; and what comes later is nothing to those that come after it."""
    clients = Clients(lambda request: answer, timeout=0.05)
    expected = Refused if isinstance(operation, Get) else Uncertain
    for _ in range(2):
        with pytest.raises(expected, match="time-out"):
            clients.perform(operation)
    first, second = clients.asked
    assert [first[1], second[1]] == ["c1", "c2"]
    clients.answer(*first)
    assert clients.convicted == []


def test_another_node_may_answer() -> None:
    """The one that was asked has passed it on."""
    clients = Clients(lambda request: {"type": "read_ok", "value": 5}, by="n2")
    assert clients.perform(Get("a")) == [Result("5")]


def test_node_that_is_not_ready_is_not_asked() -> None:
    clients = Clients(error(0))
    clients.ready.clear()
    with pytest.raises(NotReached):
        clients.perform(Put("a", "1"))
    assert clients.asked == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_node_that_ends_leaves_open_what_it_was_asked(operation: Operation) -> None:
    clients = Clients(lambda request: None)

    async def work() -> None:
        asked = asyncio.create_task(clients.service.perform("n1", operation))
        other = asyncio.create_task(clients.service.perform("n2", operation))
        await asyncio.sleep(0)
        clients.service.node_ended("n1")
        with pytest.raises(Refused if isinstance(operation, Get) else Uncertain, match="ended"):
            await asked
        assert not other.done()
        other.cancel()

    asyncio.run(work())


# -- Services --------------------------------------------------------------------------------------


def ask(service: str, *requests: Body, seed: int = 1) -> list[Body]:
    """Of one service, each by the client that stands under "by"."""
    handle = make_services(Random(seed))[service]
    return [handle(request.pop("by", "n1"), request) for request in requests]


def read(by: str = "n1") -> Body:
    return {"type": "read", "key": "x", "by": by}


def write(value: int, by: str = "n1") -> Body:
    return {"type": "write", "key": "x", "value": value, "by": by}


@pytest.mark.parametrize("service", ["lin-kv", "seq-kv", "lww-kv"])
def test_stores_answer_as_nodes_should(service: str) -> None:
    handle = make_services(Random(1))[service]
    cas = {"type": "cas", "key": [1, {"a": 2}], "from": 1, "to": 2}
    assert handle("n1", {"type": "read", "key": 1})["code"] == 20
    assert handle("n1", cas)["code"] == 20
    assert handle("n1", {**cas, "create_if_not_exists": True}) == {"type": "cas_ok"}
    assert handle("n1", {"type": "write", "key": 1})["code"] == 12
    assert handle("n1", {"type": "hello"})["code"] == 10
    if service != "lww-kv":
        assert handle("n1", {"type": "read", "key": [1, {"a": 2}]})["value"] == 2
        assert handle("n1", cas)["code"] == 22
        assert handle("n1", {**cas, "from": 2}) == {"type": "cas_ok"}


def test_lin_kv_tells_what_was_written_last() -> None:
    requests = [request for value in range(50) for request in (write(value, "n1"), read("n2"))]
    answers = ask("lin-kv", *requests)
    assert [answer["value"] for answer in answers[1::2]] == list(range(50))


def test_seq_kv_tells_each_client_an_order_that_goes_on() -> None:
    """Writers see what they wrote; others see what was true before, but never go back."""
    requests = [
        request for value in range(50) for request in (write(value), read("n1"), read("n2"))
    ]
    answers = ask("seq-kv", *requests)
    assert [answer["value"] for answer in answers[1::3]] == list(range(50))
    seen = [answer.get("value", -1) for answer in answers[2::3]]
    assert seen == sorted(seen)
    assert seen != list(range(50)), "nothing was stale"


def test_lww_kv_loses_writes_and_goes_back() -> None:
    requests = [request for value in range(50) for request in (write(value), read())]
    seen = [answer.get("value", -1) for answer in ask("lww-kv", *requests)[1::2]]
    assert seen != sorted(seen)


def test_lin_tso_gives_every_timestamp_once() -> None:
    answers = ask("lin-tso", *({"type": "ts", "by": f"n{each % 3}"} for each in range(5)))
    assert answers == [{"type": "ts_ok", "ts": each} for each in range(5)]
    assert ask("lin-tso", {"type": "read"})[0]["code"] == 10
