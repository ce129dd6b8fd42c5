"""What clients ask for, found again in the logs of servers: in traces of ours, in etcd's WAL."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checker.evidence import Entry, Log
from checker.history import Event
from checker.trace import (
    Appended,
    Committed,
    SnapshotRestored,
    Started,
    TraceEvent,
    Truncated,
)
from checker.verdict import Validity
from nemesis.chooser import RandomChooser
from nemesis.cluster.real.etcd import EtcdCluster
from nemesis.cluster.real.etcd_log import LogUnreadable, Unknown, crc32c, read_log
from nemesis.cluster.real.evidence import logs_of_trace, with_evidence, write_of
from nemesis.cluster.real.judging import BY_EVIDENCE, LOST
from nemesis.cluster.real.process import ProcessCluster
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.runner import RealExecution, RealRun
from nemesis.faults import Heal, Partition
from nemesis.schedule import MILLISECOND, Advance, Operate, Schedule, Step
from nemesis.search.real_time import Plan, generate_real_time
from nemesis.workloads import WORKLOADS, Outcome, Program, Values, Workload
from raft.kv import commands
from raft.kv.commands import Append, CompareAndSet, Delete, Get
from raft.kv.revisions import (
    Compare,
    DeleteRange,
    Put,
    PutMember,
    Range,
    Transaction,
    Update,
    Write,
)

REGISTER = WORKLOADS["register"]
NEEDS_ETCD = pytest.mark.skipif(
    shutil.which("etcd") is None, reason="etcd is not installed: apt-get install etcd-server"
)


# -- What was asked for, and what came of it -----------------------------------------------------------


def test_what_is_asked_for_is_what_the_log_holds() -> None:
    put = Put(b"x", b"1")
    assert write_of(commands.Put("x", "1")) == put
    assert write_of(Delete("x")) == DeleteRange(b"x")
    absent = Compare(b"x", "VERSION", "EQUAL", 0)
    assert write_of(CompareAndSet("x", None, "1")) == Transaction((absent,), (put,), ())
    held = Compare(b"x", "VALUE", "EQUAL", b"0")
    assert write_of(CompareAndSet("x", "0", "1")) == Transaction((held,), (put,), ())
    then = commands.Transaction((), (commands.Put("x", "1"), Get("y")), (Delete("x"),))
    assert write_of(then) == Transaction((), (put, Range(b"y")), (DeleteRange(b"x"),))
    # A read is not there, and what an append writes depends on what was read.
    assert write_of(Get("x")) is None
    assert write_of(Append("x", "1")) is None
    assert write_of(commands.Transaction((), (Append("x", "1"),), ())) is None
    assert write_of(commands.Transaction((), (Get("x"),), (Get("y"),))) is None


def log_of(*writes: Hashable, node: str = "n1") -> Log:
    entries = {index: Entry(index, 1, each) for index, each in enumerate(writes, 1)}
    return Log(node, 0, entries, frozenset(entries.values()))


def left_open(f: str, value: object) -> list[Event]:
    return [
        Event(0, 0, "invoke", f, "x", value, 0),
        Event(1, 0, "info", f, "x", value, 1, "time-out"),
    ]


def completion(f: str, value: object, *writes: Hashable) -> Event:
    return with_evidence(left_open(f, value), REGISTER, [log_of(*writes)]).events[-1]


def test_a_compare_and_set_is_told_what_the_log_made_of_it() -> None:
    asked = write_of(CompareAndSet("x", "1", "2"))
    one, other = Put(b"x", b"1"), Put(b"x", b"0")
    assert completion("cas", ["1", "2"], one, asked).type == "ok"
    failed = completion("cas", ["1", "2"], one, other, asked)
    assert (failed.type, failed.error) == ("fail", "mismatch")


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_every_workload_can_be_looked_for(name: str) -> None:
    """What takes several requests stays open; nothing is said to have been lost or never to be."""
    workload = WORKLOADS[name]
    values = Values()
    events: list[Event] = []
    for number in range(60):
        drawn = workload.draw(RandomChooser(number), workload.operations, ("k0",), 0, values, 0)
        type_ = "info" if number % 2 else "ok"
        for each in ("invoke", type_):
            events.append(Event(len(events), number, each, drawn.f, drawn.key, drawn.value))
    found = with_evidence(events, workload, [log_of(Put(b"other", b"1"))])
    assert (found.count("happened"), found.count("never"), found.lost) == (0, 0, [])
    assert found.count("open") == 30


def append_as_sent(key: bytes, modified: int, value: bytes) -> Transaction:
    """After the client has read the key as it was at this revision."""
    return Transaction((Compare(key, "MOD", "EQUAL", modified),), (Put(key, value),), ())


KV = WORKLOADS["kv"]


def kv_events(*operations: tuple[str, str, str | None, object]) -> list[Event]:
    events: list[Event] = []
    for process, (type_, f, key, value) in enumerate(operations):
        for each in ("invoke", type_):
            events.append(Event(len(events), process, each, f, key, value))
    return events


def test_an_append_is_recognised_by_the_state_that_it_met() -> None:
    events = kv_events(
        ("ok", "append", "x", "a"), ("info", "append", "x", "b"), ("info", "append", "x", "c"),
        ("ok", "append", "x", "d"), ("info", "append", "x", "e"),
    )  # fmt: skip
    log = log_of(
        append_as_sent(b"x", 0, b"a"),
        # Modified since it was read: nothing happens.
        append_as_sent(b"x", 0, b"c"),
        append_as_sent(b"x", 2, b"ab"),
        append_as_sent(b"x", 3, b"abd"),
    )
    found = with_evidence(events, KV, [log])
    assert [each.fate for each in found.resolutions] == ["happened", "never", "never"]
    assert found.resolutions[0].index == 3
    assert found.resolutions[0].before == events[7]
    assert found.lost == []


def test_nothing_is_said_of_appends_if_one_that_was_acknowledged_is_not_recognised() -> None:
    events = kv_events(
        ("ok", "append", "x", "a"), ("ok", "append", "x", "b"), ("info", "append", "x", "c")
    )
    strange = Transaction((Compare(b"x", "MOD", "EQUAL", 2),), (Put(b"x", b"b and more"),), ())
    found = with_evidence(events, KV, [log_of(append_as_sent(b"x", 0, b"a"), strange)])
    assert [each.fate for each in found.resolutions] == ["open"]
    assert found.lost == []


def test_nothing_is_said_of_appends_as_long_as_one_may_still_be_committed() -> None:
    events = kv_events(("ok", "append", "x", "a"), ("info", "append", "x", "b"))
    entry = Entry(1, 1, append_as_sent(b"x", 0, b"a"))
    held = Entry(2, 1, append_as_sent(b"x", 2, b"a?"))
    log = Log("n1", 0, {1: entry}, frozenset((entry, held)))
    assert [each.fate for each in with_evidence(events, KV, [log]).resolutions] == ["open"]


def test_a_transaction_that_appends_is_told_what_it_has_read() -> None:
    value = {
        "compare": [["x", "1"]],
        "then": [["put", "x", "2"], ["get", "y"]],
        "else": [["get", "x"], ["append", "y", "3"]],
    }
    events = kv_events(("info", "txn", None, value))
    guards = (Compare(b"x", "MOD", "EQUAL", 3), Compare(b"y", "MOD", "EQUAL", 2))
    y = Put(b"y", b"7")
    held = Transaction(guards, (Put(b"x", b"2"), Range(b"y")), ())
    otherwise = Transaction(guards, (Range(b"x"), Put(b"y", b"73")), ())
    for log, answer in (
        (log_of(y, Put(b"x", b"1"), held), {"succeeded": True, "results": [None, "7"]}),
        (log_of(y, Put(b"x", b"0"), otherwise), {"succeeded": False, "results": ["0", None]}),
    ):
        found = with_evidence(events, KV, [log])
        assert (found.events[-1].type, found.events[-1].value) == ("ok", answer)
    # What stands there is not what it would have sent in that state.
    wrong = with_evidence(events, KV, [log_of(y, Put(b"x", b"0"), held)])
    assert wrong.count("happened") == 0


class Bumps(Workload):
    """Writes, and a program that may write the same."""

    reads = frozenset({"read"})

    def perform(self, f: str, key: str | None, value: Any) -> Program:
        assert key is not None
        if f == "bump":
            found = (yield Get(key)).value
            value = str(int(found or 0) + 1)
        yield commands.Put(key, value)
        return Outcome("ok", value)


def test_beside_what_may_write_anything_everything_stays_open() -> None:
    events = [*left_open("write", "1"), Event(2, 1, "invoke", "bump", "x", None, 2)]
    log = log_of(Put(b"x", b"1"))
    assert with_evidence(events[:2], Bumps(), [log]).count("happened") == 1
    assert with_evidence(events, Bumps(), [log]).count("open") == 2


def test_what_follows_an_entry_that_nobody_understands_is_not_told() -> None:
    asked = write_of(CompareAndSet("x", "1", "2"))
    assert completion("cas", ["1", "2"], Put(b"x", b"1"), Unknown(b"?"), asked).type == "info"
    # A write needs no state.
    assert completion("write", "3", Unknown(b"?"), Put(b"x", b"3")).type == "ok"


def test_a_transaction_is_told_what_it_has_read() -> None:
    value = {
        "compare": [["x", "1"]],
        "then": [["put", "x", "2"], ["get", "y"]],
        "else": [["get", "x"]],
    }
    kv = WORKLOADS["kv"]
    asked = write_of(kv.operation("txn", None, value))
    events = [Event(0, 0, "invoke", "txn", None, value, 0)]
    for before, answer in (
        (Put(b"x", b"1"), {"succeeded": True, "results": [None, "3"]}),
        (Put(b"x", b"0"), {"succeeded": False, "results": ["0"]}),
    ):
        found = with_evidence(events, kv, [log_of(Put(b"y", b"3"), before, asked)])
        assert (found.events[-1].type, found.events[-1].value) == ("ok", answer)


# -- Our traces ---------------------------------------------------------------------------------------


def command(write: Write) -> bytes:
    return msgspec.msgpack.encode(Update("n1-0", 1, write))


def test_the_trace_tells_every_entry_and_which_are_committed() -> None:
    a, b, c = (Put(b"x", value) for value in (b"a", b"b", b"c"))
    member = PutMember("n1", "127.0.0.1:1", "")
    events: list[TraceEvent] = [
        Started(0, 0, "n1", 0, None),
        Appended(0, 0, "n1", 1, 1, b""),
        Appended(0, 0, "n1", 2, 1, command(a)),
        Appended(0, 0, "n1", 3, 1, command(b)),
        Committed(0, 0, "n1", 2),
        Truncated(0, 0, "n1", 3),
        Appended(0, 0, "n1", 3, 2, command(c)),
        Appended(0, 0, "n1", 4, 2, command(member)),
        Started(0, 0, "n1", 2, None),
        Appended(0, 0, "n1", 1, 1, b""),
        Appended(0, 0, "n1", 2, 1, command(a)),
        Appended(0, 0, "n1", 3, 2, command(c)),
        Committed(0, 0, "n1", 3),
        Started(0, 0, "n2", 0, None),
        SnapshotRestored(0, 0, "n2", 2, 1, "", 2),
        Appended(0, 0, "n2", 3, 2, command(c)),
        Committed(0, 0, "n2", 3),
    ]
    n1, n2 = logs_of_trace(("n1", "n2"), events)
    assert (n1.begins_after, n2.begins_after) == (0, 2)
    assert n1.committed == {1: Entry(1, 1, None), 2: Entry(2, 1, a), 3: Entry(3, 2, c)}
    assert n2.committed == {3: Entry(3, 2, c)}
    assert {Entry(3, 1, b), Entry(4, 2, None)} <= n1.appended


# -- etcd's write-ahead log -----------------------------------------------------------------------------


def field(number: int, value: int | bytes) -> bytes:
    """A field of a message of Protocol Buffers."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


class Wal:
    """Writes as etcd does (wal/encoder.go)."""

    def __init__(self) -> None:
        self.crc = 0
        self.content = b""
        self.record(4, b"")
        self.record(1, b"metadata")
        self.record(5, b"")

    def record(self, kind: int, data: bytes) -> None:
        self.crc = crc32c(data, self.crc)
        body = field(1, kind) + field(2, self.crc) + (field(3, data) if data else b"")
        padding = -len(body) % 8
        head = len(body) | ((0x80 | padding) << 56 if padding else 0)
        self.content += struct.pack("<Q", head) + body + bytes(padding)

    def entry(self, index: int, term: int, data: bytes, kind: int = 0) -> None:
        self.record(2, field(1, kind) + field(2, term) + field(3, index) + field(4, data))

    def commit(self, index: int) -> None:
        self.record(3, field(1, 1) + field(2, 1) + field(3, index))

    def save(self, directory: Path) -> Path:
        path = directory / "member" / "wal" / f"{0:016x}-{0:016x}.wal"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content + bytes(4096))
        return path


def put(key: bytes, value: bytes) -> bytes:
    return field(100, field(1, 7)) + field(4, field(1, key) + field(2, value))


def test_the_checksum_is_castagnolis() -> None:
    # RFC 3720, B.4
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"6789", crc32c(b"12345")) == 0xE3069283


def test_the_write_ahead_log_tells_entries_and_which_are_committed(tmp_path: Path) -> None:
    wal = Wal()
    wal.entry(1, 1, b"change", kind=1)
    # Of the v2 API: id, method, path, value.
    wal.entry(2, 1, field(1, 9) + field(2, b"PUT") + field(3, b"/0/members") + field(4, b"{}"))
    wal.entry(3, 1, put(b"x", b"a"))
    wal.entry(4, 1, put(b"x", b"lost"))
    wal.commit(3)
    compare = field(2, 3) + field(3, b"x") + field(7, b"a")
    transaction = field(1, compare) + field(2, field(2, field(1, b"x") + field(2, b"b")))
    wal.entry(4, 2, field(6, transaction))
    wal.entry(5, 2, field(5, field(1, b"x")))
    wal.entry(6, 2, field(9, b"a lease"))
    wal.commit(6)
    wal.entry(7, 2, put(b"x", b"nobody knows"))
    wal.save(tmp_path)
    log = read_log("n1", tmp_path)
    held = Compare(b"x", "VALUE", "EQUAL", b"a")
    contents = [log.committed[index].content for index in range(1, 7)]
    assert contents[:5] == [
        None, None, Put(b"x", b"a"), Transaction((held,), (Put(b"x", b"b"),), ()),
        DeleteRange(b"x"),
    ]  # fmt: skip
    assert isinstance(contents[5], Unknown)
    assert (log.begins_after, log.is_whole, sorted(log.committed)) == (0, True, [1, 2, 3, 4, 5, 6])
    undecided = {Entry(4, 1, Put(b"x", b"lost")), Entry(7, 2, Put(b"x", b"nobody knows"))}
    assert undecided == log.appended - set(log.committed.values())


def test_what_followed_an_entry_that_was_replaced_is_gone(tmp_path: Path) -> None:
    wal = Wal()
    for index, value in ((1, b"a"), (2, b"b"), (3, b"c")):
        wal.entry(index, 1, put(b"x", value))
    wal.entry(2, 2, put(b"x", b"d"))
    # More than it holds: no etcd says so, but if one did, it would not be of what is gone.
    wal.commit(3)
    wal.save(tmp_path)
    log = read_log("n1", tmp_path)
    assert log.committed == {1: Entry(1, 1, Put(b"x", b"a")), 2: Entry(2, 2, Put(b"x", b"d"))}
    events: list[TraceEvent] = [
        Appended(0, 0, "n1", 1, 1, command(Put(b"x", b"a"))),
        Appended(0, 0, "n1", 2, 1, command(Put(b"x", b"b"))),
        Committed(0, 0, "n1", 1),
        Truncated(0, 0, "n1", 2),
        Committed(0, 0, "n1", 2),
    ]
    assert logs_of_trace(("n1",), events)[0].committed == {1: log.committed[1]}


def test_a_record_that_was_not_written_to_its_end_is_left_out_and_a_damaged_one_is_told(
    tmp_path: Path,
) -> None:
    wal = Wal()
    wal.entry(1, 1, put(b"x", b"a"))
    wal.commit(1)
    whole = len(wal.content)
    wal.entry(2, 1, put(b"x", b"b" * 2000))
    path = wal.save(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: whole + 1000] + bytes(4096))
    torn = read_log("n1", tmp_path)
    assert (torn.is_whole, len(torn.appended)) == (True, 1)
    flipped = bytearray(content)
    flipped[whole + 1000] ^= 1
    path.write_bytes(flipped)
    damaged = read_log("n1", tmp_path)
    assert (damaged.is_whole, len(damaged.appended)) == (False, 1)


def test_no_log_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="holds no write-ahead log"):
        read_log("n1", tmp_path)


# -- Runs -----------------------------------------------------------------------------------------------


Kind = type[EtcdCluster] | type[ProcessCluster]
ONE_WRITE = (Operate(client=0, f="write", key="x", value="before", wait=200 * MILLISECOND),)
# While the leader is cut off its client writes in vain: nobody is told whether it will be.
CUT_OFF: tuple[Step, ...] = (
    *ONE_WRITE,
    Partition(target="leader", shape="isolate", wait=200 * MILLISECOND),
    *(Operate(client=each, f="write", key=f"y{each}", value="new") for each in range(3)),
    Advance(wait=2_500 * MILLISECOND),
    Heal(wait=1_000 * MILLISECOND),
    Operate(client=1, f="write", key="z", value="after", wait=500 * MILLISECOND),
)


def run_on(
    kind: Kind, directory: Path, steps: tuple[Step, ...], *, evidence_counts: bool = True
) -> RealRun:
    knobs = generate_real_time(0, Plan(workload="register", clients=3)).knobs
    run_file = RunFile(directory)
    cluster = kind(knobs, 0, directory, run_file)
    try:
        cluster.start()
        schedule = Schedule(knobs=knobs, steps=steps)
        return RealExecution(schedule, cluster, evidence_counts=evidence_counts).perform()
    finally:
        cluster.close()
        run_file.remove()


@pytest.mark.parametrize(
    "kind", [pytest.param(EtcdCluster, marks=NEEDS_ETCD), pytest.param(ProcessCluster)]
)
def test_logs_of_real_servers_tell_what_became_of_every_write(kind: Kind, tmp_path: Path) -> None:
    result = run_on(kind, tmp_path, CUT_OFF)
    found = result.evidence
    assert found is not None
    assert result.run.verdict.validity is Validity.VALID, result.run.verdict
    assert (found.reason, found.validity) == (None, Validity.VALID)
    left = [each for each in result.run.history if each.type == "info" and each.f == "write"]
    assert left
    # Of etcd some may stay open: how far it has committed is not always on its disk.
    assert found.happened + found.never + found.open == len(left)
    assert found.happened + found.never > 0
    if kind is ProcessCluster:
        assert found.open == 0


class Lying(ProcessCluster):
    """Its logs tell of the writes left open the contrary of what the last reads tell."""

    def collect_logs(self, trace: Sequence[TraceEvent]) -> list[Log]:
        events = self.history.events
        seen = {event.key for event in events if event.f == "read" and event.value == "new"}
        writes: dict[str, list[Event]] = {"ok": [], "info": []}
        for event in events:
            if event.f == "write" and event.type in writes:
                writes[event.type].append(event)
        lies = [each for each in writes["info"] if each.key not in seen]
        told = [writes["ok"][0], *lies, *writes["ok"][1:]]
        contents = [Put(str(each.key).encode(), str(each.value).encode()) for each in told]
        return [log_of(*dict.fromkeys(contents))]


@pytest.mark.long
def test_a_run_is_convicted_by_its_logs_alone_unless_they_are_not_to_count(tmp_path: Path) -> None:
    result = run_on(Lying, tmp_path / "on", CUT_OFF)
    assert result.history_validity is Validity.VALID
    assert result.evidence is not None
    assert result.evidence.validity is Validity.INVALID
    assert result.run.verdict.kinds == {BY_EVIDENCE}
    off = run_on(Lying, tmp_path / "off", CUT_OFF, evidence_counts=False)
    assert off.evidence is not None
    assert off.evidence.validity is Validity.INVALID
    assert off.run.verdict.validity is Validity.VALID, off.run.verdict


class Amnesiac(ProcessCluster):
    """Its logs lack the last write that was acknowledged."""

    def collect_logs(self, trace: Sequence[TraceEvent]) -> list[Log]:
        done = [each for each in self.history.events if (each.f, each.type) == ("write", "ok")]
        contents = [Put(str(each.key).encode(), str(each.value).encode()) for each in done]
        return [log_of(*(each for each in contents if each != contents[-1]))]


def test_a_write_that_was_acknowledged_and_is_in_no_log_convicts(tmp_path: Path) -> None:
    result = run_on(Amnesiac, tmp_path, ONE_WRITE)
    assert LOST in result.run.verdict.kinds
    assert result.evidence is not None
    assert result.evidence.lost >= 1


class Contradicting(ProcessCluster):
    """Two servers say that they have committed different entries."""

    def collect_logs(self, trace: Sequence[TraceEvent]) -> list[Log]:
        return [log_of(Put(b"x", b"1")), log_of(Put(b"x", b"2"), node="n2")]


def test_logs_that_contradict_each_other_are_told_and_prove_nothing(tmp_path: Path) -> None:
    result = run_on(Contradicting, tmp_path, ONE_WRITE)
    assert result.evidence is not None
    assert result.evidence.reason is not None
    assert "n2 has committed another entry" in result.evidence.reason
    assert not result.run.verdict.failures
