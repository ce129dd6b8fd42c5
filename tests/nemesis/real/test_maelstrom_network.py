"""What the network of Maelstrom's nodes does to messages, and who gets them."""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from nemesis.cluster.real.maelstrom.datagrams import Datagrams
from nemesis.cluster.real.maelstrom.messages import Message, parse_body
from nemesis.cluster.real.maelstrom.network import Busyness, Network

MILLISECOND = 1_000_000
NODES = ("n1", "n2", "n3")


class Wire:
    """Links over a clock of their own, and what has arrived: when, at whom, what."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 0
        self.effects: Counter[str] = Counter()
        self.arrived: list[tuple[int, str, bytes]] = []
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self.links = Datagrams(
            NODES, self.effects, Random(seed), self._arrive, lambda: self.now, self._later
        )

    def _arrive(self, node: str, line: bytes) -> None:
        self.arrived.append((self.now, node, line))

    def _later(self, after: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + after, len(self._due) + 1_000 * self.now, action))

    def send(self, count: int, source: str = "n1", target: str = "n2") -> list[bytes]:
        """So many messages, one a ms; what was sent."""
        lines = [b"%d" % number for number in range(count)]
        for line in lines:
            self.pass_until(self.now + MILLISECOND)
            self.links.send(source, target, line)
        return lines

    def pass_until(self, time: int) -> None:
        while self._due and self._due[0][0] <= time:
            self.now, _, action = heapq.heappop(self._due)
            action()
        self.now = time

    def all_that_arrives(self) -> list[bytes]:
        self.pass_until(self.now + 10_000 * MILLISECOND)
        return [line for _, _, line in self.arrived]


def test_healthy_link_delivers_at_once() -> None:
    wire = Wire()
    lines = wire.send(10)
    assert [line for _, _, line in wire.arrived] == lines
    assert {node for _, node, _ in wire.arrived} == {"n2"}
    assert not wire.effects
    assert wire.links.traffic() == {}


def test_cut_link_drops_in_its_direction_alone_until_it_is_healed() -> None:
    wire = Wire()
    wire.links.cut([("n1", "n2")])
    wire.send(3)
    wire.send(1, "n2", "n1")
    wire.send(1, "n1", "n3")
    assert [node for _, node, _ in wire.arrived] == ["n1", "n3"]
    assert wire.effects == {"partition": 3}
    assert wire.links.traffic() == {"n1->n2": {"dropped": 3}}
    wire.links.heal()
    wire.send(1)
    assert len(wire.all_that_arrives()) == 3
    assert wire.effects == {"partition": 3}


def test_what_was_under_way_arrives_though_the_link_is_cut() -> None:
    wire = Wire()
    wire.links.shape([("n1", "n2")], delay_min=5 * MILLISECOND, delay_max=5 * MILLISECOND)
    lines = wire.send(1)
    wire.links.cut([("n1", "n2")])
    assert wire.all_that_arrives() == lines


@pytest.mark.parametrize(
    ("kind", "counted"), [("loss", "lost"), ("duplicate", "doubled"), ("reorder", "held_back")]
)
def test_messages_that_are_hit_are_counted(kind: str, counted: str) -> None:
    wire = Wire()
    wire.links.shape(None, **{kind: 30})
    lines = wire.send(1_000)
    arrived = wire.all_that_arrives()
    hit = wire.effects[kind]
    assert 200 < hit < 400
    assert wire.links.traffic() == {"n1->n2": {counted: hit}}
    changed = {"loss": -hit, "duplicate": hit, "reorder": 0}
    assert len(arrived) == len(lines) + changed[kind]
    assert set(arrived) <= set(lines)
    if kind == "loss":
        assert arrived == [line for line in lines if line in set(arrived)]
    else:
        assert set(arrived) == set(lines)
        assert arrived != sorted(arrived, key=int), "nobody was overtaken"


def test_delayed_messages_arrive_late_and_in_order() -> None:
    wire = Wire()
    wire.links.shape(None, delay_max=50 * MILLISECOND, delayed_by="delay")
    lines = wire.send(100)
    assert wire.all_that_arrives() == lines
    late = [arrived - (sent + 1) * MILLISECOND for sent, (arrived, _, _) in enumerate(wire.arrived)]
    assert 0 <= min(late) <= max(late) <= 50 * MILLISECOND
    assert max(late) > 20 * MILLISECOND
    assert wire.effects == {"delay": 100}


def test_link_that_is_healed_overtakes_nobody() -> None:
    wire = Wire()
    wire.links.shape(None, delay_min=20 * MILLISECOND, delay_max=20 * MILLISECOND)
    wire.links.shape(None, delay_min=0, delay_max=0)
    lines = wire.send(2)
    assert wire.all_that_arrives() == lines


class Exchange:
    """A network without links, and what it did with what was written."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bytes]] = []
        self.delivered: list[tuple[str, bytes]] = []
        self.convicted: list[tuple[str, str]] = []
        self.received: list[Message] = []
        self.network = Network(
            NODES,
            lambda source, target, line: self.sent.append((source, target, line)),
            lambda node, line: self.delivered.append((node, line)),
            lambda node, what: self.convicted.append((node, what)),
        )

    def receive(self, message: Message) -> None:
        parse_body(message)
        self.received.append(message)


def test_messages_go_where_they_are_sent_as_they_are() -> None:
    exchange = Exchange()
    exchange.network.join("c1", exchange.receive)
    to_node = b'{"body": {"x": [1.50]}, "src": "n1",  "dest": "n2", "id": 7}'
    to_itself = b'{"src":"n1","dest":"n1","body":null}'
    to_client = b'{"src":"n1","dest":"c1","body":{"type":"read_ok","value":1,"in_reply_to":1}}'
    for line in (to_node, to_itself, to_client):
        exchange.network.receive("n1", line)
    assert exchange.sent == [("n1", "n2", to_node + b"\n")]
    assert exchange.delivered == [("n1", to_itself + b"\n")]
    assert [message.src for message in exchange.received] == ["n1"]
    assert exchange.convicted == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"hello", "a line that is no JSON"),
        (b"", "a line that is no JSON"),
        (b'{"src":"n1","dest":"n2","body":{}} and more', "a line that is no JSON"),
        (b'{"src":"n1","dest":"n2","body":"\xff"}', "a line that is no JSON"),
        (b'{"src":"n1","dest":"n2","body":' + b"[" * 100_000, "a line that is no JSON"),
        (b"[1]", "a line that is no message"),
        (b'{"src":"n1","body":{}}', "`dest`"),
        (b'{"src":"n1","dest":"n2"}', "`body`"),
        (b'{"src":1,"dest":"n2","body":{}}', r"`\$.src`"),
        (b'{"src":"n3","dest":"n2","body":{}}', "in the name of 'n3'"),
        (b'{"src":"c1","dest":"c1","body":{}}', "in the name of 'c1'"),
        (b'{"src":"c2","dest":"n2","body":{}}', "in the name of 'c2'"),
        (b'{"src":"n1","dest":"c2","body":{}}', "'c2', who is not among n1, n2, n3, c1"),
        (b'{"src":"n1","dest":"c1","body":7}', "no object with a type"),
        (b'{"src":"n1","dest":"c1","body":{"type":null}}', "no object with a type"),
    ],
)
def test_what_is_no_message_of_the_writer_is_convicted(line: bytes, message: str) -> None:
    exchange = Exchange()
    exchange.network.join("c1", exchange.receive)
    exchange.network.receive("n1", line)
    ((node, what),) = exchange.convicted
    assert node == "n1"
    assert re.search(message, what), what
    assert exchange.sent == exchange.delivered == exchange.received == []


def test_request_of_a_client_is_passed_on_over_the_link_of_who_does() -> None:
    exchange = Exchange()
    exchange.network.join("c1", exchange.receive)
    line = b'{"src":"c1","dest":"n3","body":{"type":"read","key":1,"msg_id":1}}'
    exchange.network.receive("n2", line)
    assert exchange.sent == [("n2", "n3", line + b"\n")]
    assert exchange.convicted == []


def test_service_answers_whoever_has_asked() -> None:
    exchange = Exchange()
    exchange.network.serve("lin-kv", lambda src, body: {"type": "read_ok", "value": [src]})
    exchange.network.receive(
        "n2", b'{"src":"n2","dest":"lin-kv","body":{"type":"read","key":1,"msg_id":9}}'
    )
    ((node, line),) = exchange.delivered
    assert node == "n2"
    assert json.loads(line) == {
        "src": "lin-kv",
        "dest": "n2",
        "body": {"type": "read_ok", "value": ["n2"], "in_reply_to": 9},
    }


def test_busiest_is_who_has_sent_the_most_of_late() -> None:
    busyness = Busyness()
    second = 1_000 * MILLISECOND
    assert busyness.busiest(NODES, 0) is None
    for number in range(100):
        busyness.note("n1", number * MILLISECOND)
    assert busyness.busiest(NODES, 100 * MILLISECOND) == "n1"
    for number in range(20):
        busyness.note("n2", second + 20 * number * MILLISECOND)
        if number % 2:
            busyness.note("n3", second + 20 * number * MILLISECOND)
    assert busyness.busiest(NODES, 1_400 * MILLISECOND) == "n2"
    assert busyness.busiest(("n1", "n3"), 1_400 * MILLISECOND) == "n3"
    assert busyness.busiest(NODES, 60 * second) is None
