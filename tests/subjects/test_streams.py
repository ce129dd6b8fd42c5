"""Streams over links that lose, repeat, reorder and are cut: in order, once, or broken."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemesis.subjects.streams import (
    Broken,
    Ended,
    Opened,
    Received,
    Segment,
    StreamEvent,
    Streams,
)

_RESEND_AFTER = 50
_GIVE_UP_AFTER = 400


class _Link:
    """Two processes, and a network that does to their segments what it likes."""

    def __init__(self, seed: int = 0, *, loss: float = 0, repeats: float = 0, delay: int = 5):
        self.random = Random(seed)
        self.loss, self.repeats, self.delay = loss, repeats, delay
        self.is_cut = False
        self.now = 0
        self.streams: dict[str, Streams] = {}
        self.events: dict[str, list[StreamEvent]] = {"a": [], "b": []}
        self.sent: list[Segment] = []
        self._under_way: list[tuple[int, int, Segment]] = []
        self.start("a")
        self.start("b")

    def start(self, name: str) -> None:
        """A process without a memory."""
        self.streams[name] = Streams(
            name,
            Random(f"{name} {self.now}"),
            resend_after=_RESEND_AFTER,
            give_up_after=_GIVE_UP_AFTER,
        )
        self.events[name] = []

    def run(self, duration: int) -> None:
        for _ in range(duration):
            self.now += 1
            while self._under_way and self._under_way[0][0] <= self.now:
                segment = heappop(self._under_way)[2]
                self.events[segment.target] += self.streams[segment.target].receive(
                    segment, self.now
                )
            for name, streams in self.streams.items():
                if streams.deadline <= self.now:
                    self.events[name] += streams.tick(self.now)
                for segment in streams.take():
                    self._put(segment)

    def _put(self, segment: Segment) -> None:
        self.sent.append(segment)
        if self.is_cut or self.random.random() < self.loss:
            return
        for _ in range(1 + (self.random.random() < self.repeats)):
            arrival = self.now + 1 + self.random.randrange(self.delay)
            heappush(self._under_way, (arrival, len(self.sent), segment))

    def connect(self) -> int:
        connection = self.streams["a"].connect("b", self.now, "purpose")
        self.run(60)
        return connection

    def received(self, name: str) -> list[Any]:
        return [each.payload for each in self.events[name] if isinstance(each, Received)]

    def kinds(self, name: str) -> list[type]:
        return [type(each) for each in self.events[name]]


def test_both_sides_learn_that_a_connection_is_open_and_what_it_is_for() -> None:
    link = _Link()
    connection = link.connect()
    assert link.events["a"] == [Opened(connection, "b", "purpose")]
    assert link.events["b"] == [Opened(connection, "a", "purpose")]
    assert link.streams["b"].peer(connection) == "a"


@given(
    seed=st.integers(0, 1 << 32),
    loss=st.sampled_from([0, 0.1, 0.3]),
    repeats=st.sampled_from([0, 0.3]),
    delay=st.sampled_from([1, 5, 120]),
)
def test_messages_arrive_in_order_and_once_until_it_breaks(
    seed: int, loss: float, repeats: float, delay: int
) -> None:
    link = _Link(seed, loss=loss, repeats=repeats, delay=delay)
    connection = link.streams["a"].connect("b", 0)
    sent: dict[str, list[int]] = {"a": [], "b": []}
    for number in range(300):
        name = "ab"[number % 2]
        if link.streams[name].send(connection, number, link.now):
            sent[name].append(number)
        link.run(7)
    link.run(4 * _GIVE_UP_AFTER)
    for name, other in (("a", "b"), ("b", "a")):
        received = link.received(other)
        assert received == sent[name][: len(received)]
        if Broken not in link.kinds("a") + link.kinds("b"):
            assert received == sent[name]
    if loss == 0 and delay < _RESEND_AFTER:
        assert Broken not in link.kinds("a") + link.kinds("b")
        assert sent["a"]
        assert sent["b"]


def test_what_a_cut_has_held_back_arrives_when_it_is_healed() -> None:
    link = _Link()
    connection = link.connect()
    link.is_cut = True
    link.streams["a"].send(connection, "late", link.now)
    link.run(_GIVE_UP_AFTER // 2)
    assert link.received("b") == []
    link.is_cut = False
    link.run(2 * _RESEND_AFTER)
    assert link.received("b") == ["late"]


def test_who_waits_too_long_gives_up_and_the_other_side_is_told_later() -> None:
    link = _Link()
    connection = link.connect()
    link.is_cut = True
    link.streams["a"].send(connection, "lost", link.now)
    link.run(2 * _GIVE_UP_AFTER)
    assert link.events["a"][-1] == Broken(connection, "timed-out")
    assert not link.streams["a"].send(connection, "more", link.now)
    assert link.kinds("b") == [Opened]
    link.is_cut = False
    link.streams["b"].send(connection, "anybody there?", link.now)
    link.run(2 * _RESEND_AFTER)
    assert link.events["b"][-1] == Broken(connection, "reset")
    assert link.received("b") == []


def test_a_process_that_was_restarted_knows_no_connection() -> None:
    link = _Link()
    connection = link.connect()
    link.start("b")
    link.streams["a"].send(connection, "for the one before", link.now)
    link.run(20)
    assert link.events["a"][-1] == Broken(connection, "reset")
    assert link.events["b"] == []


def test_an_old_copy_of_an_opening_opens_nothing() -> None:
    link = _Link()
    connection = link.connect()
    opening = link.sent[0]
    assert opening.kind == "open"
    link.streams["a"].abort(connection)
    link.run(20)
    assert link.events["b"][-1] == Broken(connection, "reset")
    for _ in range(2):
        assert not list(link.streams["b"].receive(opening, link.now))
    link.run(4 * _GIVE_UP_AFTER)
    assert link.kinds("b") == [Opened, Broken]
    assert link.streams["b"].peer(connection) is None


def test_opening_towards_nobody_breaks() -> None:
    link = _Link()
    link.is_cut = True
    connection = link.streams["a"].connect("b", 0)
    link.run(2 * _GIVE_UP_AFTER)
    assert link.events["a"] == [Broken(connection, "timed-out")]


@pytest.mark.parametrize("loss", [0, 0.3])
def test_each_half_ends_after_all_that_was_sent(loss: float) -> None:
    link = _Link(3)
    connection = link.connect()
    link.loss = loss
    for number in range(10):
        link.streams["a"].send(connection, number, link.now)
    link.streams["a"].end(connection, link.now)
    assert not link.streams["a"].send(connection, "too late", link.now)
    link.run(_GIVE_UP_AFTER)
    assert link.received("b") == list(range(10))
    assert link.kinds("b")[-1] is Ended
    assert link.streams["b"].send(connection, "still", link.now)
    link.streams["b"].end(connection, link.now)
    link.run(4 * _GIVE_UP_AFTER)
    assert link.received("a") == ["still"]
    assert link.kinds("a") == [Opened, Received, Ended]
    assert link.kinds("b") == [Opened, *[Received] * 10, Ended]
    for streams in link.streams.values():
        assert streams.peer(connection) is None


def test_a_lost_last_acknowledgement_is_no_break() -> None:
    link = _Link()
    connection = link.connect()
    link.streams["a"].end(connection, link.now)
    link.run(20)
    link.streams["b"].end(connection, link.now)
    link.run(1)
    link.is_cut = True
    link.run(20)
    assert link.kinds("a") == [Opened, Ended]
    assert link.streams["b"].peer(connection) == "a"
    link.is_cut = False
    link.run(2 * _RESEND_AFTER)
    assert link.kinds("b") == [Opened, Ended]
    assert link.streams["b"].peer(connection) is None


def test_a_connection_on_which_something_is_always_under_way_lasts() -> None:
    link = _Link(delay=30)
    connection = link.connect()
    for number in range(3 * _GIVE_UP_AFTER):
        assert link.streams["a"].send(connection, number, link.now)
        link.run(1)
    link.run(2 * _RESEND_AFTER)
    assert link.received("b") == list(range(3 * _GIVE_UP_AFTER))


def test_a_silent_connection_sends_nothing_and_asks_for_no_time() -> None:
    link = _Link()
    link.connect()
    link.run(_RESEND_AFTER)
    sent = len(link.sent)
    link.run(10 * _GIVE_UP_AFTER)
    assert len(link.sent) == sent
