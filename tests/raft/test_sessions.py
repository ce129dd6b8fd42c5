"""Sessions: what makes a retry take effect once (thesis, 6.3), from the table to the service."""

from __future__ import annotations

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemesis.run import run
from nemesis.search.generate import generate
from raft.client_messages import ClientReply, ClientRequest
from raft.consensus import Settings
from raft.kv.commands import (
    REGISTRATION,
    Append,
    Command,
    CommandError,
    Get,
    Put,
    RegisterSession,
    Result,
)
from raft.kv.encoding import encode_command
from raft.kv.snapshot import SnapshotError
from raft.kv.state_machine import Applied, KeyValueStore
from tests.raft.harness import MS
from tests.raft.test_service import Cluster

TIMEOUT = 10
MOST = 2


class Log:
    """A state machine, and the log that it has applied."""

    def __init__(self, session_timeout: int | None = TIMEOUT, max_sessions: int = MOST) -> None:
        self.store = KeyValueStore(session_timeout, max_sessions)
        self.last_index = 0

    def apply(self, command: Command, log_time: int = 0) -> Applied:
        self.last_index += 1
        return self.store.apply(self.last_index, encode_command(command.stamped(log_time)))

    def register(self, log_time: int = 0) -> str:
        result = self.apply(REGISTRATION, log_time).result
        assert result is not None
        assert result.value is not None
        return result.value

    def append(self, session: str, sequence: int, value: str, log_time: int = 0) -> Applied:
        return self.apply(Command(session, sequence, Append("a", value)), log_time)

    @property
    def value(self) -> str | None:
        return self.store.query(Get("a")).value


# The state machine.


def test_a_command_of_a_session_that_was_never_registered_is_not_executed() -> None:
    log = Log()
    applied = log.append("1", 1, "x")
    assert (applied.executed, applied.is_expired, applied.result) == (False, True, None)
    assert log.value is None


def test_a_session_is_named_by_the_index_of_its_registration() -> None:
    log = Log()
    assert (log.register(), log.register()) == ("1", "2")


def test_a_retry_is_answered_as_the_first_attempt_was() -> None:
    log = Log()
    session = log.register()
    log.apply(Command(session, 1, Put("a", "x")))
    first = log.apply(Command(session, 2, Get("a")))
    log.apply(Command(log.register(), 1, Put("a", "y")))
    again = log.apply(Command(session, 2, Get("a")))
    assert (first.result, again.result) == (Result("x"), Result("x"))
    assert (first.executed, again.executed) == (True, False)


def test_a_session_expires_by_log_time_alone() -> None:
    log = Log()
    session = log.register(100)
    assert log.append(session, 1, "x", 100 + TIMEOUT).executed
    assert log.append(session, 2, "y", 100 + 2 * TIMEOUT).executed
    applied = log.append(session, 3, "z", 101 + 3 * TIMEOUT)
    assert (applied.executed, applied.is_expired) == (False, True)
    assert log.value == "xy"


def test_a_duplicate_keeps_a_session_alive() -> None:
    log = Log()
    session = log.register(0)
    log.append(session, 1, "x", 0)
    log.append(session, 1, "x", TIMEOUT)
    assert log.append(session, 2, "y", 2 * TIMEOUT).executed


def test_a_retry_after_the_session_has_expired_is_not_executed_again() -> None:
    log = Log()
    session = log.register(0)
    log.append(session, 1, "x", 0)
    log.register(1 + TIMEOUT)
    assert log.append(session, 1, "x", 1 + TIMEOUT).is_expired
    assert log.value == "x"


def test_log_time_never_goes_back() -> None:
    log = Log()
    session = log.register(100)
    log.append(session, 1, "x", 50)
    assert log.store.log_time == 100
    assert log.append(session, 2, "y", 100 + TIMEOUT).executed


def test_of_too_many_sessions_the_least_recently_used_expires() -> None:
    log = Log()
    first, second = log.register(), log.register()
    log.append(first, 1, "x")
    third = log.register()
    assert log.append(second, 1, "y").is_expired
    assert log.append(first, 2, "y").executed
    assert log.append(third, 1, "z").executed


def test_where_sessions_never_expire_the_first_command_begins_one() -> None:
    log = Log(session_timeout=None)
    for session in ("r", "s", "t"):
        assert log.append(session, 1, session, 10**18).executed
    assert not log.append("r", 1, "r", 2 * 10**18).executed
    assert log.value == "rst"


def test_a_numbered_registration_is_no_command() -> None:
    log = Log()
    session = log.register()
    with pytest.raises(CommandError, match="sequence number 0"):
        log.apply(Command(session, 1, RegisterSession()))


class Model:
    """The session table, written once more: what is to be executed."""

    def __init__(self) -> None:
        self.time = 0
        self.used: OrderedDict[str, int] = OrderedDict()
        self.last: dict[str, int] = {}

    def apply(self, index: int, command: Command, log_time: int) -> tuple[bool, bool]:
        self.time = max(self.time, log_time)
        for session, used in list(self.used.items()):
            if self.time - used > TIMEOUT:
                del self.used[session]
        session, executed = command.session, True
        if command.sequence == 0:
            session = str(index)
            if len(self.used) == MOST:
                self.used.popitem(last=False)
        elif session not in self.used:
            return False, True
        else:
            executed = command.sequence > self.last.get(session, 0)
        self.used[session] = self.time
        self.used.move_to_end(session)
        self.last[session] = max(self.last.get(session, 0), command.sequence)
        return executed, False


COMMANDS = st.lists(
    st.tuples(
        st.just(REGISTRATION)
        | st.builds(
            Command,
            st.sampled_from("12345"),
            st.integers(1, 4),
            st.builds(Append, st.sampled_from("ab"), st.sampled_from("xyz"))
            | st.builds(Get, st.sampled_from("ab")),
        ),
        st.integers(0, 3),
    )
)


@given(COMMANDS)
def test_agrees_with_the_model(commands: list[tuple[Command, int]]) -> None:
    log, model, time, effects = Log(), Model(), 0, ""
    for command, step in commands:
        time += step * 4
        applied = log.apply(command, time)
        executed, is_expired = model.apply(log.last_index, command, time)
        assert (applied.executed, applied.is_expired) == (executed, is_expired)
        if executed and isinstance(command.operation, Append) and command.operation.key == "a":
            effects += command.operation.value
    assert (log.value or "") == effects


def test_even_one_attempt_may_be_executed_and_then_answered_as_expired() -> None:
    """Why the client takes that for "info", not "fail": the network copies the only attempt."""
    log = Log()
    session = log.register(0)
    assert log.append(session, 1, "x", 0).executed  # The answer is lost.
    assert log.append(session, 1, "x", 1 + TIMEOUT).is_expired
    assert log.value == "x"


# Snapshots.


@given(COMMANDS, st.integers(1, 10))
def test_going_on_from_a_snapshot_is_going_on(commands: list[tuple[Command, int]], at: int) -> None:
    one, other, time = Log(), Log(), 0
    for number, (command, step) in enumerate(commands, start=1):
        if number == at:
            other.store.restore(one.store.snapshot())
            other.last_index = one.last_index
        time += step * 4
        applied = one.apply(command, time)
        if number >= at:
            assert other.apply(command, time) == applied
            assert other.store.snapshot() == one.store.snapshot()


def test_equal_states_give_equal_bytes() -> None:
    one, other = Log(), Log()
    for log, keys in ((one, "ab"), (other, "ba")):
        session = log.register()
        for key in keys:
            log.apply(Command(session, 1 + log.last_index, Put(key, "x")))
    assert one.store.snapshot() == other.store.snapshot()
    one.register()
    assert one.store.snapshot() != other.store.snapshot()


def some_snapshot() -> bytes:
    log = Log()
    for _ in range(2):
        log.append(log.register(3), 1, "x", 4)
    return log.store.snapshot()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"?",
        *(some_snapshot()[:size] for size in (1, 5, len(some_snapshot()) - 1)),
        some_snapshot() + b"?",
        some_snapshot().replace(b"\xa13", b"\xa11"),  # One session twice.
    ],
)
def test_bytes_that_are_no_snapshot_are_refused_and_change_nothing(data: bytes) -> None:
    store = KeyValueStore(TIMEOUT, MOST)
    store.restore(some_snapshot())
    with pytest.raises(SnapshotError, match=f"^{len(data)} bytes"):
        store.restore(data)
    assert store.snapshot() == some_snapshot()


# The service.


class Service(Cluster):
    """Three replicas whose sessions expire."""

    def __init__(self) -> None:
        super().__init__(Settings(check_quorum=False, session_timeout=1_000 * MS))

    def command(self, name: str, command: Command) -> ClientReply:
        self.handle(name, ClientRequest("c", command.session, command.sequence, 1, command, None))
        return self.replies.pop()

    def register(self, name: str) -> str:
        result = self.command(name, REGISTRATION).result
        assert result is not None
        assert result.value is not None
        return result.value

    def states(self) -> set[bytes]:
        self.heartbeat("n1")
        self.heartbeat("n1")
        return {replica.state_machine.snapshot() for replica in self.replicas.values()}


def test_a_session_works_at_every_leader() -> None:
    service = Service()
    session = service.register("n1")
    append = Command(session, 1, Append("a", "x"))
    assert service.command("n1", append).status == "ok"
    service.elect("n2")
    assert service.command("n2", append).status == "ok"
    assert service.ask("n2", Get("a"), 2).result == Result("x")


def test_sessions_expire_on_all_replicas_alike() -> None:
    service = Service()
    session = service.register("n1")
    for _ in range(20):
        service.heartbeat("n1")
    reply = service.command("n1", Command(session, 1, Put("a", "x")))
    assert (reply.status, reply.result) == ("expired", None)
    assert len(service.states()) == 1


def test_log_time_goes_on_under_a_leader_whose_clock_is_behind() -> None:
    service = Service()
    service.register("n1")
    service.now += 500 * MS
    service.register("n1")
    before = service.replicas["n1"].state_machine.log_time
    service.elect("n2")
    service.handle(
        "n2",
        *(),
    )
    # Its clock is set back by far more than it has ever shown.
    service.now -= 10_000 * MS
    service.register("n2")
    after = service.replicas["n2"].state_machine.log_time
    assert after >= before
    service.now += 300 * MS
    service.register("n2")
    assert service.replicas["n2"].state_machine.log_time - after == 300 * MS


def test_log_time_goes_on_from_entries_that_are_not_applied_yet() -> None:
    service = Service()
    service.register("n1")
    service.now += 700 * MS
    service.register("n1")
    known = service.replicas["n1"].state_machine.log_time
    candidate, voter = service.replicas["n2"], service.replicas["n3"]
    service.now = candidate.deadline
    sent = candidate.handle((), service.now).messages
    while candidate.consensus.role != "leader":
        asked = [message for message in sent if message.target == "n3"]
        sent = candidate.handle(voter.handle(asked, service.now).messages, service.now).messages
    # It leads, and does not know yet that the second registration is committed.
    assert candidate.state_machine.log_time < known
    assert candidate.log_clock.read() == known


# In the simulator.


def test_sessions_really_expire_in_generated_runs_and_no_verdict_suffers() -> None:
    expired = registered = 0
    for seed in range(60):
        schedule = generate(seed)
        if schedule.knobs.session_timeout is None:
            continue
        result = run(schedule)
        assert result.verdict.failures == ()
        registered += 1
        expired += sum(event.error == "session-expired" for event in result.history)
    assert registered >= 5
    assert expired >= 5
