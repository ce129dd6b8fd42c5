"""Three servers as processes: what clients see."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64decode
from collections.abc import Iterator

import pytest

from tests.server.processes import (
    PATIENCE,
    QUICK,
    ClusterOfProcesses,
    Response,
    ServerProcess,
    cluster,
    put,
    text,
)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterOfProcesses]:
    """A cluster that tests share which end nothing."""
    with cluster(tmp_path_factory.mktemp("shared"), settings=QUICK) as started:
        started.leader()
        yield started


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
