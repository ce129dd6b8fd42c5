"""Three servers as processes: what clients see, and what survives which end."""

from __future__ import annotations

import http.client
import json
import os
import resource
import shutil
import socket
import subprocess
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from checker.invariants import judge_trace
from checker.merge import merge_traces
from checker.trace import Started, Stopped, TraceEvent
from checker.verdict import Validity
from tests.server.processes import (
    PATIENCE,
    ClusterOfProcesses,
    Response,
    ServerProcess,
    cluster,
    eventually,
    text,
)

# Quicker than by default: these tests wait for elections, and nothing else is on the network.
QUICK = {"election_timeout_min": 300, "election_timeout_max": 600, "heartbeat_interval": 50}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterOfProcesses]:
    """A cluster that tests share which end nothing."""
    with cluster(tmp_path_factory.mktemp("shared"), settings=QUICK) as started:
        started.leader()
        yield started


def put(server: ServerProcess, key: bytes, value: bytes) -> Response:
    """A write that must succeed."""
    response = server.put(key, value)
    assert response.status == 200, response.raw
    return response


def judged(servers: ClusterOfProcesses) -> list[TraceEvent]:
    """The trace of the cluster, which the invariants must hold of."""
    header, events = merge_traces(sorted(servers.directory.glob("*.trace.jsonl")))
    verdict = judge_trace(header.members, events)
    assert verdict.validity is Validity.VALID, verdict.failures
    return events


# What clients see.


def test_every_server_takes_writes_and_reads(servers: ClusterOfProcesses) -> None:
    for server in servers.servers.values():
        put(server, b"every", server.name.encode())
        for other in servers.servers.values():
            assert other.get(b"every").kvs == {b"every": server.name.encode()}


def test_a_key_knows_its_revisions(servers: ClusterOfProcesses) -> None:
    first, second = servers.leader(), servers.followers()[0]
    created = put(first, b"revisions", b"1").revision
    changed = second.put(b"revisions", b"2", prev_kv=True)
    assert changed.revision == created + 1
    assert changed.body["prev_kv"] == {
        "key": text(b"revisions"),
        "value": text(b"1"),
        "create_revision": str(created),
        "mod_revision": str(created),
        "version": "1",
    }
    assert first.get(b"revisions").body["kvs"] == [
        {
            "key": text(b"revisions"),
            "value": text(b"2"),
            "create_revision": str(created),
            "mod_revision": str(created + 1),
            "version": "2",
        }
    ]


def test_ranges_limits_and_deletions(servers: ClusterOfProcesses) -> None:
    server = servers.followers()[0]
    for number in range(5):
        put(server, b"range-%d" % number, b"%d" % number)
    end = text(b"range.")
    found = server.get(b"range-", range_end=end, limit="2")
    assert (list(found.kvs), found.body["count"], found.body["more"]) == (
        [b"range-0", b"range-1"],
        "5",
        True,
    )
    gone = server.post("kv/deleterange", key=text(b"range-1"), range_end=text(b"range-3"))
    assert gone.body["deleted"] == "2"
    assert list(server.get(b"range-", range_end=end).kvs) == [b"range-0", b"range-3", b"range-4"]
    assert "deleted" not in server.post("kv/deleterange", key=text(b"range-1")).body


def test_a_transaction_takes_one_side(servers: ClusterOfProcesses) -> None:
    server = servers.followers()[1]
    put(server, b"txn", b"1")

    def compare_and_set(expected: bytes, value: bytes) -> Response:
        return server.post(
            "kv/txn",
            compare=[
                {"key": text(b"txn"), "target": "VALUE", "result": "EQUAL", "value": text(expected)}
            ],
            success=[{"requestPut": {"key": text(b"txn"), "value": text(value)}}],
            failure=[{"requestRange": {"key": text(b"txn")}}],
        )

    done = compare_and_set(b"1", b"2")
    assert done.body["succeeded"] is True
    refused = compare_and_set(b"1", b"3")
    assert "succeeded" not in refused.body
    (answer,) = refused.body["responses"]
    assert answer["response_range"]["kvs"][0]["value"] == text(b"2")
    assert refused.revision == done.revision


def test_only_the_present_revision_can_be_read(servers: ClusterOfProcesses) -> None:
    server = servers.leader()
    put(server, b"old", b"1")
    now = put(server, b"old", b"2").revision
    assert server.get(b"old", revision=str(now)).kvs == {b"old": b"2"}
    past, future = server.get(b"old", revision=str(now - 1)), server.get(b"old", revision=now + 9)
    assert (past.status, past.code) == (future.status, future.code) == (400, 11)
    assert "has been compacted" in past.body["error"]
    assert "is a future revision" in future.body["error"]


def test_every_server_tells_its_status(servers: ClusterOfProcesses) -> None:
    leader = servers.leader()
    members = servers["n1"].post("cluster/member/list").body["members"]
    assert [member["name"] for member in members] == ["n1", "n2", "n3"]
    ids = {member["name"]: member["ID"] for member in members}
    for server in servers.servers.values():
        status = server.status()
        assert status is not None
        assert status["leader"] == ids[leader.name]
        assert status["header"]["member_id"] == ids[server.name]
        assert int(status["raftAppliedIndex"]) <= int(status["raftIndex"])
        assert server.request("GET", "/health", None).body == {"health": "true"}
        assert server.request("GET", "/version", None).body["etcdserver"].startswith("3.4")
    clients = {member["name"]: member["clientURLs"] for member in members}
    assert clients["n1"] == ["http://" + servers["n1"].config["listen_clients"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v3/kv/put", b"{", 400, 3),
        ("POST", "/v3/kv/put", b'{"key":""}', 400, 3),
        ("POST", "/v3/kv/put", b" " * 2_000_000, 413, 3),
        ("POST", "/v3/kv/frob", b"{}", 404, 5),
        ("GET", "/v3/kv/put", None, 405, 12),
        ("POST", "/health", b"{}", 405, 12),
        ("POST", "/v3/cluster/member/remove", b'{"ID":"7"}', 404, 5),
        ("POST", "/v3/cluster/member/add", b"{}", 400, 3),
        ("POST", "/v3/cluster/member/add", b'{"peerURLs":["x"]}', 400, 3),
        ("POST", "/v3/cluster/member/add", b'{"peerURLs":["a:1"],"name":"n1"}', 400, 9),
    ],
)
def test_what_makes_no_sense_is_answered_with_a_reason(
    servers: ClusterOfProcesses, method: str, path: str, body: bytes | None, status: int, code: int
) -> None:
    refused = servers["n2"].request(method, path, body)
    assert (refused.status, refused.code) == (status, code)
    assert refused.body["error"] == refused.body["message"] != ""


def test_clients_at_once_lose_nothing(servers: ClusterOfProcesses) -> None:
    def increment(server: ServerProcess) -> None:
        done = 0
        while done < 10:
            found = server.get(b"counter").body.get("kvs", [{}])[0]
            value = int(b64decode(found.get("value", text(b"0"))))
            put = {"key": text(b"counter"), "value": text(b"%d" % (value + 1))}
            unchanged = {
                "key": text(b"counter"),
                "target": "MOD",
                "mod_revision": found.get("mod_revision", "0"),
            }
            response = server.post("kv/txn", compare=[unchanged], success=[{"requestPut": put}])
            assert response.status == 200
            done += response.body.get("succeeded", False)

    threads = [
        threading.Thread(target=increment, args=(server,)) for server in servers.servers.values()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert servers["n1"].get(b"counter").kvs == {b"counter": b"30"}


# What survives.


class Writer(threading.Thread):
    """A client that writes numbers, each to a key of its own, and remembers which were accepted."""

    def __init__(self, servers: list[ServerProcess]) -> None:
        super().__init__()
        self._servers = servers
        self._ended = threading.Event()
        self.acknowledged: dict[bytes, bytes] = {}
        self.refused = 0

    def run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            key = b"written-%d" % (number % 200)
            try:
                response = self._servers[number % len(self._servers)].put(key, b"%d" % number)
            except (OSError, http.client.HTTPException):
                self.refused += 1
                continue
            if response.status == 200:
                self.acknowledged[key] = b"%d" % number
            else:
                assert response.status in (503, 504), response.raw
                assert response.code == 14
                self.refused += 1

    def end(self) -> None:
        self._ended.set()
        self.join(PATIENCE)
        assert not self.is_alive()

    def lost(self, server: ServerProcess) -> list[bytes]:
        """Keys that hold something older than what was acknowledged last."""
        response = server.get(b"written-", range_end=text(b"written."))
        assert response.status == 200, response.raw
        held = response.kvs
        return [
            key for key, value in self.acknowledged.items() if int(held.get(key, b"0")) < int(value)
        ]


def test_sigkill_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """The leader each time, while clients write; snapshots and new segments come in between."""
    settings = {
        **QUICK,
        "snapshot_threshold_bytes": 4000,
        "entries_kept_after_snapshot": 10,
        "segment_bytes": 4096,
    }
    with cluster(tmp_path, settings=settings) as servers:
        servers.leader()
        writer = Writer(list(servers.servers.values()))
        writer.start()
        for _ in range(3):
            leader = servers.leader()
            before = len(writer.acknowledged)
            eventually(
                lambda before=before: len(writer.acknowledged) >= min(before + 30, 200), "writes"
            )
            leader.kill()
            servers.leader()
            leader.start()
        servers.leader()
        writer.end()
        assert writer.refused > 0
        for server in servers.servers.values():
            assert writer.lost(server) == []
        # All at once: what is there was on the disks.
        for server in servers.servers.values():
            server.kill()
        servers.start()
        servers.leader()
        for server in servers.servers.values():
            assert writer.lost(server) == []
        for server in servers.servers.values():
            assert server.terminate() == 0
        events = judged(servers)
    assert sum(isinstance(event, Started) for event in events) == 9
    names = {type(event).__name__ for event in events}
    assert names >= {"SnapshotTaken", "Compacted", "Committed", "Persisted"}


def test_sigterm_hands_over_and_leaves_files_in_order(tmp_path: Path) -> None:
    with cluster(tmp_path, settings=QUICK) as servers:
        leader = servers.leader()
        put(leader, b"k", b"v")
        assert leader.terminate() == 0
        successor = servers.leader()
        assert f"handed over to {successor.name}" in leader.logged()
        put(successor, b"k", b"w")
        leader.start()
        eventually(lambda: servers.leader() is successor, "the old leader to follow")
        assert leader.get(b"k").kvs == {b"k": b"w"}
        for server in servers.servers.values():
            assert server.terminate() == 0
        events = judged(servers)
        ends = [event for event in events if isinstance(event, Stopped)]
        assert [event.reason for event in ends] == ["stopped"] * 4
        put_back = [event for event in events if type(event).__name__ == "TransferEnded"]
        assert put_back


def test_without_a_majority_requests_are_answered_in_time(tmp_path: Path) -> None:
    limits = {"request_timeout": 700, "leader_wait": 300}
    with cluster(tmp_path, settings=QUICK, limits=limits) as servers:
        leader = servers.leader()
        put(leader, b"k", b"v")
        for follower in servers.followers():
            follower.kill()
        # It may still think that it leads: then nobody knows what becomes of the request.
        answer = leader.put(b"k", b"w")
        assert (answer.status, answer.code) in ((503, 14), (504, 14))
        eventually(lambda: not (leader.status() or {"leader": 1}).get("leader"), "it to step down")
        answer = leader.put(b"k", b"x")
        assert (answer.status, answer.code) == (503, 14)
        assert answer.body["error"] == "etcdserver: no leader"
        assert leader.get(b"k").status == 503
        assert leader.get(b"k", serializable=True).status == 200
        assert leader.request("GET", "/health", None).body == {"health": "false"}


def test_members_are_added_promoted_and_removed(tmp_path: Path) -> None:
    with cluster(tmp_path, settings=QUICK) as servers:
        put(servers.leader(), b"k", b"v")
        fourth = servers.add("n4", settings=QUICK)
        added = servers.followers()[0].post(
            "cluster/member/add",
            name="n4",
            peerURLs=["http://" + fourth.config["listen_peers"]],
            isLearner=True,
        )
        assert added.status == 200, added.raw
        assert added.body["member"]["isLearner"] is True
        identity = added.body["member"]["ID"]
        fourth.start()
        eventually(lambda: (fourth.status() or {}).get("isLearner"), "it to be a learner")
        assert eventually(lambda: fourth.get(b"k").kvs, "it to read") == {b"k": b"v"}
        promoted = servers["n2"].post("cluster/member/promote", ID=identity)
        assert promoted.status == 200, promoted.raw
        assert "isLearner" not in promoted.body["members"][3]
        put(fourth, b"k", b"w")
        # Of four, two may not go; of the three that are left without n4, one may.
        removed = servers["n3"].post("cluster/member/remove", ID=identity)
        assert removed.status == 200, removed.raw
        assert len(removed.body["members"]) == 3
        assert fourth.terminate() == 0
        servers.leader().kill()
        put(servers.leader(), b"k", b"x")
        again = servers["n1" if servers["n1"].process else "n2"]
        refused = again.post("cluster/member/promote", ID=identity)
        assert (refused.status, refused.code) == (404, 5)
        judged(servers)


def test_a_server_of_another_cluster_gets_nowhere(tmp_path: Path) -> None:
    with cluster(tmp_path, settings=QUICK) as servers:
        put(servers.leader(), b"k", b"v")
        victim = servers.followers()[0]
        victim.kill()
        shutil.rmtree(victim.data)
        victim.config["cluster"] = "other"
        victim.config["trace"] = str(tmp_path / "other.jsonl")
        victim.start()
        leader = servers.servers["n1" if victim.name != "n1" else "n2"]
        eventually(lambda: f"{victim.name} refused at" in leader.logged(), "a refusal")
        eventually(lambda: "refused: is of cluster" in victim.logged(), "the reason")
        status = eventually(victim.status, "its status")
        assert "leader" not in status


def test_a_broken_disk_ends_the_server(tmp_path: Path) -> None:
    with cluster(tmp_path, ("n1",), settings=QUICK) as servers:
        server = servers.leader()
        put(server, b"k", b"v")
        server.kill()
        (log,) = (server.data / "raft").glob("log-*")
        data = bytearray(log.read_bytes())
        data[-len(data.lstrip(b"\0")) // 2 + 200] ^= 1
        data[150] ^= 1
        log.write_bytes(data)
        server.start()
        assert server.wait() == 1
        assert "replace this replica by a new member" in server.logged()


def test_a_disk_that_fails_ends_the_server_and_loses_nothing(tmp_path: Path) -> None:
    """The system refuses to write beyond some byte of the log, in the middle of the work."""
    with cluster(tmp_path, ("n1",), settings=QUICK, trace=None) as servers:
        server = servers.leader()
        assert server.process is not None
        put(server, b"k", b"v")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (8192, 8192))
        acknowledged = []
        with suppress(OSError, http.client.HTTPException):
            while server.put(b"%02d" % len(acknowledged), bytes(1000)).status == 200:
                acknowledged.append(b"%02d" % len(acknowledged))
        assert server.wait() == 70
        assert 0 < len(acknowledged) < 10
        assert "cannot go on: DiskError: log-" in server.logged()
        server.start()
        found = list(servers.leader().get(b"0", range_end=text(b"\0")).kvs)
        assert found[: len(acknowledged)] == acknowledged


def test_a_large_request_does_not_wait(servers: ClusterOfProcesses) -> None:
    """Who announces a large body is told to go on."""
    body = json.dumps({"key": text(b"large"), "value": text(bytes(500_000))}).encode()
    host, _, port = servers["n1"].config["listen_clients"].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(
            b"POST /v3/kv/put HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert servers["n2"].get(b"large").kvs == {b"large": bytes(500_000)}


def test_a_bug_of_the_zoo_runs_as_a_process(tmp_path: Path) -> None:
    with cluster(tmp_path, ("n1",), settings=QUICK, variant="log-not-synced") as servers:
        put(servers.leader(), b"k", b"v")


def test_arguments_that_cannot_be(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, {"name": "n1", "listen_clients": "0.0.0.0:1"})
    server.start()
    assert server.wait() == 254
    assert "n1.json: Object missing required field" in server.logged()


def test_an_address_in_use_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with cluster(tmp_path, ("n1",), reuse_port=False) as servers:
            server = servers["n1"]
            server.end()
            server.config["listen_clients"] = f"127.0.0.1:{port}"
            server.start()
            assert server.wait() == 1
            assert "cannot listen" in server.logged()


def test_no_process_is_left(tmp_path: Path) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def fail() -> None:
        with cluster(tmp_path, ("n1",)) as servers:
            process = servers["n1"].process
            assert process is not None
            started.append(process)
            raise RuntimeError("a test fails")

    with pytest.raises(RuntimeError):
        fail()
    assert not os.path.exists(f"/proc/{started[0].pid}")
    assert json.loads((tmp_path / "n1.json").read_text())["name"] == "n1"
