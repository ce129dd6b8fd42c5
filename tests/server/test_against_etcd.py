"""The same requests to a real etcd and to our state machine behind our JSON: the same answers."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from nemesis.cluster.real.sockets import free_port
from raft.kv.revision_store import RevisionStore
from raft.kv.revisions import Range, Update, Write
from raft.server.etcd_answers import Header, body_of
from raft.server.etcd_json import (
    ApiError,
    DeleteRangeRequest,
    PutRequest,
    RangeRequest,
    TxnRequest,
    decode,
    delete_of,
    put_of,
    range_of,
    transaction_of,
)
from tests.server.processes import PATIENCE, eventually, text

pytestmark = pytest.mark.skipif(shutil.which("etcd") is None, reason="etcd is not installed")

REQUESTS = 1500


class Etcd:
    """One etcd, and a connection to it."""

    def __init__(self, directory: Path) -> None:
        taken: set[int] = set()
        ports = [free_port(taken) for _ in range(2)]
        client, peer = (f"http://127.0.0.1:{port}" for port in ports)
        self._log = (directory / "log").open("wb")
        self._process = subprocess.Popen(
            ["etcd", "--data-dir", str(directory / "data"), "--listen-client-urls", client]
            + ["--advertise-client-urls", client, "--listen-peer-urls", peer]
            + ["--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"]
            + ["--unsafe-no-fsync"] * self._may_skip_fsync(),
            stdout=self._log,
            stderr=self._log,
        )
        self._connection = http.client.HTTPConnection("127.0.0.1", ports[0], timeout=PATIENCE)

    @staticmethod
    def _may_skip_fsync() -> bool:
        told = subprocess.run(["etcd", "--help"], capture_output=True, check=False)
        return b"--unsafe-no-fsync" in told.stdout + told.stderr

    def answers(self) -> bool:
        try:
            return "error" not in self.post("range", {"key": text(b"a")})
        except OSError:
            self._connection.close()
            return False

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self._connection.request("POST", f"/v3/kv/{path}", json.dumps(body))
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return answer

    def end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait(PATIENCE)
        self._log.close()


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[Etcd]:
    started = Etcd(tmp_path)
    try:
        eventually(started.answers, "etcd")
        yield started
    finally:
        started.end()


class Ours:
    """The state machine behind the JSON of the gateway."""

    def __init__(self) -> None:
        self.store = RevisionStore(None, 1)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            operation = self._read(path, json.dumps(body).encode())
        except ApiError as error:
            refused: dict[str, Any] = json.loads(error.body())
            return refused
        if isinstance(operation, Range):
            answer = self.store.query(operation)
        else:
            command = msgspec.msgpack.encode(Update("test", 1, operation))
            result = self.store.apply(1, command).result
            answer = result  # type: ignore[assignment]
        found: dict[str, Any] = json.loads(body_of(answer, Header()))
        return found

    def _read(self, path: str, body: bytes) -> Range | Write:
        if path == "range":
            return range_of(decode(body, RangeRequest))
        if path == "put":
            return put_of(decode(body, PutRequest))
        if path == "deleterange":
            return delete_of(decode(body, DeleteRangeRequest))
        return transaction_of(decode(body, TxnRequest), 128)


class Requests:
    """Random requests over few keys, so that they meet."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def key(self) -> str:
        return text(self._random.choice([b"a", b"b", b"ba", b"c", b"\xff", b"d", b"", b"a\0"]))

    def some(self, **fields: list[Any]) -> dict[str, Any]:
        """A part of these fields, each with one of its values."""
        return {
            name: self._random.choice(values)
            for name, values in fields.items()
            if self._random.random() < 0.4
        }

    def range(self) -> dict[str, Any]:
        ends = [text(b"\0"), text(b"\0"), text(b"c"), text(b"a"), text(b"\xff\xff"), ""]
        return {
            "key": self.key(),
            "range_end": self._random.choice(ends),
            **self.some(
                limit=["0", 1, "2"],
                sort_order=["NONE", "ASCEND", "DESCEND", 0, 2],
                sort_target=["KEY", "VERSION", "CREATE", "MOD", "VALUE", 4],
                keysOnly=[True],
                count_only=[True, False],
            ),
        }

    def put(self) -> dict[str, Any]:
        return {"key": self.key(), **self.some(value=[text(b"1"), text(b"2"), ""], prev_kv=[True])}

    def delete(self) -> dict[str, Any]:
        return {
            "key": self.key(),
            **self.some(range_end=[text(b"\0"), text(b"b"), text(b"c")], prevKv=[True]),
        }

    def compare(self) -> dict[str, Any]:
        target = self._random.choice(["VERSION", "CREATE", "MOD", "VALUE"])
        number = str(self._random.choice([0, 1, 2, self._random.randrange(REQUESTS)]))
        return {
            "key": self.key(),
            "target": target,
            "result": self._random.choice(["EQUAL", "GREATER", "LESS", "NOT_EQUAL"]),
            **(
                {"value": self._random.choice([text(b"1"), text(b"2"), ""])}
                if target == "VALUE"
                else {{"VERSION": "version", "CREATE": "createRevision", "MOD": "mod_revision"}[target]: number}
            ),
            **self.some(range_end=[text(b"\0"), text(b"b")]),
        }  # fmt: skip

    def operation(self) -> dict[str, Any]:
        kind = self._random.choice(["range", "put", "put", "delete"])
        name = {"range": "requestRange", "put": "request_put", "delete": "requestDeleteRange"}[kind]
        return {name: getattr(self, kind)()}

    def txn(self) -> dict[str, Any]:
        several = [self._random.randrange(3) for _ in range(3)]
        return {
            "compare": [self.compare() for _ in range(several[0])],
            "success": [self.operation() for _ in range(several[1])],
            "failure": [self.operation() for _ in range(several[2])],
        }

    def next(self) -> tuple[str, dict[str, Any]]:
        path = self._random.choice(["range", "put", "put", "deleterange", "txn", "txn"])
        made = {"range": self.range, "put": self.put, "deleterange": self.delete, "txn": self.txn}
        return path, made[path]()


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what names the cluster, and the wording of errors that are not etcd's own."""
    if "error" in answer:
        return {"code": answer["code"]}
    return {**answer, "header": {"revision": answer["header"].get("revision")}}


def test_the_answers_are_etcds(etcd: Etcd) -> None:
    ours, requests = Ours(), Requests(seed=6)
    seen = {"error": 0, "succeeded": 0, "kvs": 0, "deleted": 0, "prev_kv": 0, "more": 0}
    for number in range(REQUESTS):
        path, body = requests.next()
        expected = etcd.post(path, body)
        found = ours.post(path, body)
        assert comparable(found) == comparable(expected), (number, path, body, expected, found)
        for name in seen:
            seen[name] += name in expected
    assert min(seen.values()) > 5, seen
