"""The log of an etcd server, read from its write-ahead log while it does not run.

The format is that of etcd 3.4: frames (wal/encoder.go) that hold a walpb.Record each, these hold
raftpb.Entry, HardState and walpb.Snapshot; an entry's data is an etcdserverpb.InternalRaftRequest,
or, for what is left of the v2 API (names of members, version of the cluster), a Request.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from checker.evidence import Entry, EvidenceError, Log
from nemesis.cluster.real.protobuf import Fields, ProtobufError, parse
from raft.kv.revisions import (
    Compare,
    CompareResult,
    CompareTarget,
    DeleteRange,
    Put,
    Range,
    Simple,
    Transaction,
    Write,
)

# Types of a walpb.Record.
_METADATA, _ENTRY, _STATE, _CRC, _SNAPSHOT = 1, 2, 3, 4, 5
_NORMAL: Final = 0
_RESULTS: Final[tuple[CompareResult, ...]] = ("EQUAL", "GREATER", "LESS", "NOT_EQUAL")
_TARGETS: Final[tuple[CompareTarget, ...]] = ("VERSION", "CREATE", "MOD", "VALUE")
# Of an InternalRaftRequest: the field that stands where a Request of v2 has its method.
_V2: Final = 2
# Header and id; compaction, grant and checkpoint of a lease, alarm; from 3.5 on, the version of the
# cluster and names of members, and downgrades: they change no key.
_HARMLESS: Final = frozenset((1, 7, 8, 10, 11, 100, 1300, 1301, 1302))


class LogUnreadable(EvidenceError):
    """A write-ahead log that is not as etcd writes it; the message names file and offset."""


class Unknown(NamedTuple):
    """What an entry holds that may change keys in a way that is not known here."""

    data: bytes


def read_log(node: str, directory: Path) -> Log:
    """The log in the data directory of a server. What follows a record that is damaged is left out,
    and the log is not whole then. Raises LogUnreadable if there is none."""
    paths = sorted((directory / "member" / "wal").glob("*.wal"))
    if not paths:
        raise LogUnreadable(f"{directory}: holds no write-ahead log of etcd")
    entries: dict[int, Entry] = {}
    committed: dict[int, Entry] = {}
    appended: set[Entry] = set()
    begins_after: int | None = None
    is_whole = True
    last = known = 0
    try:
        for kind, data in _records(paths):
            if kind == _ENTRY:
                entry = _entry(data)
                # It takes the place of what was there, and of all that followed that.
                for index in range(entry.index + 1, last + 1):
                    entries.pop(index, None)
                entries[entry.index] = entry
                last = entry.index
                appended.add(entry)
            elif kind == _STATE:
                commit = parse(data).number(3)
                for index in range(known + 1, commit + 1):
                    if index in entries:
                        committed[index] = entries[index]
                known = max(known, commit)
            elif kind == _SNAPSHOT and begins_after is None:
                begins_after = parse(data).number(1)
    except (LogUnreadable, ProtobufError):
        is_whole = False
    return Log(node, begins_after or 0, committed, frozenset(appended), is_whole)


def _records(paths: list[Path]) -> Iterator[tuple[int, bytes]]:
    """Type and data of each record. The last file ends in zeros, or in what was being written when
    the server was killed. Raises LogUnreadable for one that is damaged."""
    crc = 0
    for path in paths:
        content = path.read_bytes()
        offset = 0
        while offset + 8 <= len(content):
            (head,) = struct.unpack_from("<Q", content, offset)
            length = head & ((1 << 56) - 1)
            padding = (head >> 56) & 7 if head >> 63 else 0
            if head == 0:
                break
            end = offset + 8 + length
            if end + padding > len(content):
                break
            try:
                record = parse(content[offset + 8 : end])
                kind, data = record.number(1), record.data(3)
            except ProtobufError as error:
                if _is_torn(content, offset, end):
                    break
                raise LogUnreadable(f"{path}: damaged at byte {offset}: {error}") from error
            if kind == _CRC:
                if crc and record.number(2) != crc:
                    raise LogUnreadable(f"{path}: does not follow the file before it")
                crc = record.number(2)
            else:
                crc = crc32c(data, crc)
                if record.number(2) != crc:
                    if _is_torn(content, offset, end):
                        break
                    raise LogUnreadable(f"{path}: wrong checksum at byte {offset}")
                yield kind, data
            offset = end + padding


_SECTOR: Final = 512


def _is_torn(content: bytes, begin: int, end: int) -> bool:
    """Whether a sector of the record was never written: it is all zeros (wal/decoder.go)."""
    at = begin + 8
    while at < end:
        following = min(end, (at // _SECTOR + 1) * _SECTOR)
        if not any(content[at:following]):
            return True
        at = following
    return False


def _entry(data: bytes) -> Entry:
    fields = parse(data)
    content = None
    if fields.number(1) == _NORMAL and (request := fields.data(4)):
        content = _content(request)
    return Entry(fields.number(3), fields.number(2), content)


def _content(data: bytes) -> Write | Unknown | None:
    try:
        request = parse(data)
        if request.has(_V2):
            return None if _is_method(request.data(_V2)) else Unknown(data)
        for field, read in ((4, _put), (5, _delete), (6, _transaction)):
            if request.has(field):
                return read(parse(request.data(field)))
        if request.names() <= _HARMLESS:
            return None
    except (ProtobufError, IndexError):
        pass
    # Nobody can say what it has done.
    return Unknown(data)


def _is_method(data: bytes) -> bool:
    """Whether this is the method of a Request, which touches no key of v3, and not what the field
    of that number is in an InternalRaftRequest, a message; as etcd tells one from the other."""
    try:
        parse(data)
    except ProtobufError:
        return data.isalpha()
    return False


def _put(fields: Fields) -> Put | Unknown:
    if not fields.names() <= {1, 2, 4}:
        return Unknown(fields.encoded)
    return Put(fields.data(1), fields.data(2), bool(fields.number(4)))


def _delete(fields: Fields) -> DeleteRange:
    return DeleteRange(fields.data(1), fields.data(2), bool(fields.number(3)))


def _transaction(fields: Fields) -> Transaction | Unknown:
    compares = tuple([_compare(parse(each)) for each in fields.all_data(1)])
    branches: list[tuple[Simple, ...]] = []
    for field in (2, 3):
        branch = [_operation(parse(each)) for each in fields.all_data(field)]
        known = tuple([each for each in branch if not isinstance(each, Unknown)])
        if len(known) != len(branch):
            return Unknown(fields.encoded)
        branches.append(known)
    return Transaction(compares, branches[0], branches[1])


def _compare(fields: Fields) -> Compare:
    target = _TARGETS[fields.number(2)]
    operand: int | bytes = fields.data(7)
    if target != "VALUE":
        operand = fields.number({"VERSION": 4, "CREATE": 5, "MOD": 6}[target])
    return Compare(fields.data(3), target, _RESULTS[fields.number(1)], operand, fields.data(64))


def _operation(fields: Fields) -> Simple | Unknown:
    if fields.has(1):
        asked = parse(fields.data(1))
        if asked.names() <= {1, 2}:
            return Range(asked.data(1), asked.data(2))
    elif fields.has(2):
        return _put(parse(fields.data(2)))
    elif fields.has(3):
        return _delete(parse(fields.data(3)))
    return Unknown(fields.encoded)


def _crc_table() -> list[int]:
    table = []
    for crc in range(256):
        rest = crc
        for _ in range(8):
            rest = rest >> 1 ^ (0x82F63B78 if rest & 1 else 0)
        table.append(rest)
    return table


_TABLE: Final = _crc_table()


def crc32c(data: bytes, crc: int = 0) -> int:
    """The checksum by Castagnoli's polynomial, going on from ``crc``."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF
