"""A client and its sessions: when it registers, and what it knows once one has expired."""

from __future__ import annotations

from typing import Any

import pytest

from raft.client import Client, Finished, Send
from raft.client_messages import ClientReply, ClientRequest
from raft.kv.commands import REGISTRATION, Command, Get, Put, Result
from tests.raft.harness import MEMBERS


def client(**options: Any) -> Client:
    return Client("c", "r", MEMBERS, attempt_timeout=100, operation_timeout=250, **options)


def registered(one: Client, request: ClientRequest, name: str = "7", now: int = 1) -> Send:
    """The service answers a registration; what the client sends then."""
    assert (request.command, request.sequence) == (REGISTRATION, 0)
    send = one.on_reply(request.answered(Result(name)), now)
    assert isinstance(send, Send)
    return send


def test_a_client_registers_once_before_its_first_command() -> None:
    one = client()
    send = registered(one, one.start(Put("a", "1"), 0).request)
    assert send.request.command == Command("7", 1, Put("a", "1"))
    assert one.on_reply(send.request.answered(Result()), 2) == Finished("ok", Result(), None)
    assert one.start(Put("a", "2"), 3).request.command == Command("7", 2, Put("a", "2"))


def test_a_read_needs_no_session() -> None:
    one = client()
    assert one.start(Get("a"), 0).request.query == Get("a")


def test_answers_to_another_registration_are_not_taken() -> None:
    one = client()
    request = one.start(Put("a", "1"), 0).request
    late = ClientReply("c", "of another", 0, 1, "ok", None, Result("3"))
    assert one.on_reply(late, 1) is None
    send = registered(one, request)
    # The network's copy of the answer, and the answer to a second attempt.
    assert one.on_reply(request.answered(Result("8")), 2) is None
    assert one.session == send.request.session == "7"


def test_what_was_never_sent_failed() -> None:
    one = client()
    one.start(Put("a", "1"), 0)
    while isinstance(action := one.on_timeout(one.deadline), Send):
        assert action.request.command == REGISTRATION
    assert action == Finished("fail", None, "no-session")


def test_nobody_knows_what_came_of_a_command_that_is_answered_without_a_result() -> None:
    one = client()
    request = registered(one, one.start(Put("a", "1"), 0).request).request
    assert one.on_reply(request.answered(None), 2) == Finished("info", None, "no-answer")
    assert one.start(Put("a", "2"), 3).request.command == REGISTRATION


@pytest.mark.parametrize(
    ("operation", "outcome"), [(Put("a", "1"), "info"), (Get("a"), "fail")], ids=["write", "read"]
)
def test_nobody_knows_whether_a_command_of_an_expired_session_was_executed(
    operation: Put | Get, outcome: str
) -> None:
    one = client(reads_through_log=True)
    request = registered(one, one.start(operation, 0).request).request
    finished = one.on_reply(request.expired(), 2)
    assert finished == Finished(outcome, None, "session-expired")  # type: ignore[arg-type]
    again = one.start(operation, 3).request
    assert (again.command, again.session) == (REGISTRATION, "r.1")
