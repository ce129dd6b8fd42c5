"""What clients wait for: forwarded once, never sent again if it may have been done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from raft.client_messages import ClientReply, ClientRequest, MembershipRequest
from raft.kv.revisions import Put, PutAnswer, Range, RangeAnswer
from raft.server.config import Limits
from raft.server.frames import Forward, Forwarded, MemberChange, PeerMessage
from raft.server.requests import (
    ChangeRefused,
    Indeterminate,
    NoLeader,
    Requests,
    TooManyRequests,
)

PUT = Put(b"k", b"v")
DONE = PutAnswer(2, None)


class Bench:
    """Requests of n2, and in place of everything around them, lists."""

    def __init__(self, leader: str | None, **limits: int) -> None:
        self.leader = leader
        self.submitted: list[Any] = []
        self.sent: list[tuple[str, Any]] = []
        self.reachable = True
        self.node: Any = SimpleNamespace(
            leader=leader, submit=self.submitted.append, replica=SimpleNamespace(node="n2")
        )
        short = {"request_timeout": 200, "leader_wait": 100, **limits}
        self.requests = Requests("n2-x", lambda: self.node, self.send, Limits(**short))

    def send(self, target: str, message: PeerMessage) -> bool:
        if self.reachable:
            self.sent.append((target, message))
        return self.reachable

    async def begun(self, work: Awaitable[Any]) -> asyncio.Future[Any]:
        """The work, as far as it gets by itself."""
        task = asyncio.ensure_future(work)
        await asyncio.sleep(0)
        return task


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(bounded())


def replied(request: ClientRequest, status: Any, result: Any = None) -> ClientReply:
    return ClientReply(request.client, request.session, request.sequence, 0, status, None, result)


def test_a_leader_performs_writes_itself() -> None:
    async def test() -> None:
        bench = Bench("n2")
        writing = await bench.begun(bench.requests.write(PUT))
        (request,) = bench.submitted
        assert (request.command.origin, request.command.write) == ("n2-x", PUT)
        bench.requests.answer(replied(request, "ok", DONE))
        assert await writing == DONE
        assert bench.sent == []

    run(test)


def test_another_server_forwards_them() -> None:
    async def test() -> None:
        bench = Bench("n1")
        writing = await bench.begun(bench.requests.write(PUT))
        ((target, forward),) = bench.sent
        assert (target, forward.origin, forward.write) == ("n1", "n2-x", PUT)
        # An answer of a server that was not asked is none.
        bench.requests.on_message("n3", Forwarded(forward.number, "ok", PutAnswer(9, None)))
        bench.requests.on_message("n1", Forwarded(forward.number, "ok", DONE))
        assert await writing == DONE
        assert bench.submitted == []

    run(test)


def test_what_was_forwarded_is_performed_and_answered_to_whom_it_came_from() -> None:
    async def test() -> None:
        bench = Bench("n2")
        bench.requests.on_message("n3", Forward(7, "n3-y", PUT))
        bench.requests.on_message("n1", MemberChange(8, "remove", "n3"))
        request, change = bench.submitted
        assert (request.command.origin, request.command.number) == ("n3-y", 7)
        assert isinstance(change, MembershipRequest)
        bench.requests.answer(replied(request, "ok", DONE))
        bench.requests.answer(change.refused("change-in-progress", None))
        assert bench.sent == [
            ("n3", Forwarded(7, "ok", DONE)),
            ("n1", Forwarded(8, "refused", None, "change-in-progress")),
        ]

    run(test)


def end_by_timeout(bench: Bench, number: int) -> None:
    """Nothing is said at all."""


def end_by_lost_link(bench: Bench, number: int) -> None:
    bench.requests.on_link_lost("n1")


def end_by_lost_leadership(bench: Bench, number: int) -> None:
    bench.requests.on_message("n1", Forwarded(number, "lost"))


@pytest.mark.parametrize("end", [end_by_timeout, end_by_lost_link, end_by_lost_leadership])
def test_what_may_have_been_done_is_not_sent_again(end: Callable[[Bench, int], None]) -> None:
    async def test() -> None:
        bench = Bench("n1")
        writing = await bench.begun(bench.requests.write(PUT))
        end(bench, bench.sent[0][1].number)
        with pytest.raises(Indeterminate, match="request timed out"):
            await writing
        assert len(bench.sent) == 1
        # A late answer changes nothing.
        bench.requests.on_message("n1", Forwarded(bench.sent[0][1].number, "ok", DONE))

    run(test)


def end_by_refusal(bench: Bench, forward: Forward) -> None:
    bench.requests.on_message("n1", Forwarded(forward.number, "not-leader"))


def end_by_dropping(bench: Bench, forward: Forward) -> None:
    bench.requests.on_dropped(forward)


@pytest.mark.parametrize("end", [end_by_refusal, end_by_dropping])
def test_what_was_not_done_is_sent_again_to_whoever_leads(
    end: Callable[[Bench, Forward], None],
) -> None:
    async def test() -> None:
        bench = Bench("n1", leader_wait=5000)
        writing = await bench.begun(bench.requests.write(PUT))
        end(bench, bench.sent[0][1])
        bench.node.leader = "n3"
        while len(bench.sent) < 2:
            await asyncio.sleep(0.002)
        target, again = bench.sent[1]
        assert target == "n3"
        bench.requests.on_message("n3", Forwarded(again.number, "ok", DONE))
        assert await writing == DONE

    run(test)


def test_the_loss_of_another_servers_connection_changes_nothing() -> None:
    async def test() -> None:
        bench = Bench("n1")
        writing = await bench.begun(bench.requests.write(PUT))
        bench.requests.on_link_lost("n3")
        bench.requests.on_message("n1", Forwarded(bench.sent[0][1].number, "ok", DONE))
        assert await writing == DONE

    run(test)


def test_without_a_leader_a_request_waits_for_one() -> None:
    async def test() -> None:
        bench = Bench(None, leader_wait=20_000)
        writing = await bench.begun(bench.requests.write(PUT))
        bench.requests.leader_may_have_changed()
        bench.node.leader = "n1"
        bench.requests.leader_may_have_changed()
        while not bench.sent:
            await asyncio.sleep(0.002)
        bench.requests.on_message("n1", Forwarded(bench.sent[0][1].number, "ok", DONE))
        assert await writing == DONE

    run(test)


@pytest.mark.parametrize("leader", [None, "n1"])
def test_without_a_leader_that_can_be_reached_nothing_is_done(leader: str | None) -> None:
    async def test() -> None:
        bench = Bench(leader)
        bench.reachable = False
        with pytest.raises(NoLeader):
            await bench.requests.write(PUT)
        assert bench.sent == bench.submitted == []

    run(test)


def test_a_leader_that_takes_nothing_is_told() -> None:
    async def test() -> None:
        bench = Bench("n2")
        writing = await bench.begun(bench.requests.write(PUT))
        while not writing.done():
            for request in bench.submitted:
                bench.requests.answer(replied(request, "busy"))
            bench.submitted.clear()
            await asyncio.sleep(0.002)
        with pytest.raises(TooManyRequests):
            await writing

    run(test)


def test_more_than_may_wait_are_refused() -> None:
    async def test() -> None:
        bench = Bench("n1", requests_waiting=2)
        waiting = [await bench.begun(bench.requests.write(PUT)) for _ in range(2)]
        with pytest.raises(TooManyRequests):
            await bench.requests.write(PUT)
        assert len(bench.sent) == 2
        for each in waiting:
            with pytest.raises(Indeterminate):
                await each
        assert (await bench.begun(bench.requests.write(PUT))).done() is False
        bench.requests.on_link_lost("n1")

    run(test)


def test_those_that_wait_for_a_leader_count_too() -> None:
    async def test() -> None:
        bench = Bench(None, requests_waiting=1)
        waiting = await bench.begun(bench.requests.write(PUT))
        with pytest.raises(TooManyRequests):
            await bench.requests.read(Range(b"k"))
        with pytest.raises(NoLeader):
            await waiting
        with pytest.raises(NoLeader):
            await bench.requests.write(PUT)

    run(test)


def test_reads_are_made_here_and_may_be_repeated() -> None:
    async def test() -> None:
        bench = Bench("n1", leader_wait=5000)
        reading = await bench.begun(bench.requests.read(Range(b"k")))
        assert bench.submitted[0].at_any_replica
        bench.requests.answer(replied(bench.submitted[0], "not-leader"))
        while len(bench.submitted) < 2:
            await asyncio.sleep(0.002)
        bench.requests.answer(replied(bench.submitted[1], "ok", RangeAnswer(2, (), 0)))
        assert await reading == RangeAnswer(2, (), 0)
        assert bench.sent == []

    run(test)


def test_a_change_that_is_refused_says_why_and_one_in_progress_is_waited_for() -> None:
    async def test() -> None:
        bench = Bench("n1", leader_wait=5000)
        changing = await bench.begun(bench.requests.change_membership("remove", "n9"))
        for reason in ("change-in-progress", "unknown-member"):
            while not bench.sent:
                await asyncio.sleep(0.002)
            _, change = bench.sent.pop()
            assert (change.kind, change.member) == ("remove", "n9")
            bench.requests.on_message("n1", Forwarded(change.number, "refused", None, reason))
        with pytest.raises(ChangeRefused, match="unknown-member"):
            await changing

    run(test)
