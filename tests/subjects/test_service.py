"""The key-value service over a foreign log: who is answered what, and when."""

from __future__ import annotations

from nemesis.subjects.service import KeyValueService
from raft.client_messages import ClientReply, ClientRequest
from raft.kv.commands import Command, Get, Put


def put(sequence: int, value: str, session: str = "s0", attempt: int = 1) -> ClientRequest:
    command = Command(session, sequence, Put("x", value))
    return ClientRequest("c0", session, sequence, attempt, command, None)


def get(sequence: int) -> ClientRequest:
    return ClientRequest("c0", "s0", sequence, 1, None, Get("x"))


def told(replies: list[ClientReply]) -> list[tuple[int, str, str | None]]:
    return [
        (reply.sequence, reply.status, reply.result.value if reply.result else None)  # type: ignore[union-attr]
        for reply in replies
    ]


def test_a_command_is_answered_when_its_entry_is_applied() -> None:
    service = KeyValueService("n1")
    request = put(1, "a")
    service.wait_for(1, 3, request)
    assert service.take_replies() == []
    service.apply(1, 3, service.command_of(request))
    assert told(service.take_replies()) == [(1, "ok", None)]
    assert [(index, each.executed) for index, each in service.take_applied()] == [(1, True)]
    assert (service.take_replies(), service.take_applied()) == ([], [])


def test_another_leaders_entry_at_the_index_is_no_answer() -> None:
    service = KeyValueService("n1")
    service.wait_for(1, 3, put(1, "a"))
    # The same command, by another leader: this attempt is not what was applied.
    service.apply(1, 4, service.command_of(put(1, "a")))
    assert told(service.take_replies()) == [(1, "lost", None)]


def test_a_second_proposal_at_the_same_index_loses_the_first() -> None:
    service = KeyValueService("n1")
    service.wait_for(1, 3, put(1, "a"))
    service.wait_for(1, 5, put(2, "b"))
    assert told(service.take_replies()) == [(1, "lost", None)]
    service.apply(1, 5, service.command_of(put(2, "b")))
    assert told(service.take_replies()) == [(2, "ok", None)]


def test_a_retry_is_executed_once() -> None:
    service = KeyValueService("n1")
    command = service.command_of(put(1, "a"))
    service.apply(1, 1, command)
    service.apply(2, 1, service.command_of(put(1, "b", session="s1")))
    service.apply(3, 1, command)
    assert [each.executed for _, each in service.take_applied()] == [True, True, False]
    number = service.begin_read(get(2))
    service.confirm_read(number, 3)
    assert told(service.take_replies()) == [(2, "ok", "b")]


def test_a_read_waits_until_its_index_is_applied() -> None:
    service = KeyValueService("n1")
    number = service.begin_read(get(1))
    service.confirm_read(number, 2)
    service.apply(1, 1, service.command_of(put(1, "old", session="s1")))
    assert service.take_replies() == []
    service.apply(2, 1, service.command_of(put(2, "new", session="s1")))
    assert told(service.take_replies()) == [(1, "ok", "new")]


def test_who_no_longer_leads_tells_all_that_wait() -> None:
    service = KeyValueService("n1")
    service.wait_for(1, 1, put(1, "a"))
    service.begin_read(get(2))
    confirmed = service.begin_read(get(3))
    service.confirm_read(confirmed, 1)
    service.give_up("n2")
    assert told(service.take_replies()) == [(1, "lost", None), (2, "not-leader", None)]
    # A read that is confirmed stays true.
    service.apply(1, 2, b"")
    assert told(service.take_replies()) == [(3, "ok", None)]
    service.confirm_read(99, 1)
    assert service.take_replies() == []


def test_refusals_tell_apart_what_was_done() -> None:
    service = KeyValueService("n1")
    service.refuse(put(1, "a"), "n3")
    service.put_off(put(2, "a"))
    service.lose(put(3, "a"), None)
    service.refuse_read(service.begin_read(get(4)), "n2")
    assert [(each.status, each.leader) for each in service.take_replies()] == [
        ("not-leader", "n3"),
        ("busy", "n1"),
        ("lost", None),
        ("not-leader", "n2"),
    ]


def test_a_snapshot_carries_values_and_sessions() -> None:
    one, other = KeyValueService("n1"), KeyValueService("n2")
    command = one.command_of(put(1, "a"))
    one.apply(1, 1, command)
    other.wait_for(1, 9, put(7, "z"))
    number = other.begin_read(get(8))
    other.confirm_read(number, 1)
    other.restore(1, one.snapshot())
    assert other.snapshot() == one.snapshot()
    assert other.last_applied == 1
    assert told(other.take_replies()) == [(7, "lost", None), (8, "ok", "a")]
    other.apply(2, 1, command)
    assert [each.executed for _, each in other.take_applied()] == [False]
