"""Three servers as processes: what survives which end, and what ends them."""

from __future__ import annotations

import http.client
import json
import os
import resource
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from checker.invariants import judge_trace
from checker.merge import merge_traces
from checker.trace import Started, Stopped, TraceEvent, TraceHeader
from checker.verdict import Validity
from tests.server.processes import (
    QUICK,
    ClusterOfProcesses,
    ServerProcess,
    cluster,
    eventually,
    put,
    text,
)
from tests.server.writer import Writer


def merged(servers: ClusterOfProcesses) -> tuple[TraceHeader, list[TraceEvent]]:
    """The trace of the cluster."""
    return merge_traces(sorted(servers.directory.glob("*.trace.jsonl")))


def judged(servers: ClusterOfProcesses) -> list[TraceEvent]:
    """The trace of the cluster, which the invariants must hold of."""
    header, events = merged(servers)
    verdict = judge_trace(header.members, events)
    assert verdict.validity is Validity.VALID, verdict.failures
    return events


# What survives.


@pytest.mark.long
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
            before = writer.accepted
            eventually(lambda before=before: writer.accepted >= before + 30, "writes")
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


def _identity(server: ServerProcess) -> str:
    status = server.status()
    assert status is not None
    return str(status["header"]["member_id"])


def test_a_leader_that_removes_itself_is_told_that_it_is_done(tmp_path: Path) -> None:
    """The others, in whose configuration it is no more, must still answer it; else it is deposed
    first."""
    with cluster(tmp_path, settings=QUICK) as servers:
        put(servers.leader(), b"k", b"v")
        leader = servers.leader()
        removed = leader.post("cluster/member/remove", ID=_identity(leader))
        assert removed.status == 200, removed.raw
        assert len(removed.body["members"]) == 2
        assert leader.terminate() == 0
        judged(servers)


def test_who_lags_behind_votes_for_members_that_it_does_not_know(tmp_path: Path) -> None:
    """Three of five run, one of them with a log in which the other two are no members yet."""
    names = ("n1", "n2", "n3", "n4", "n5")
    first = ("n1", "n2", "n3")
    servers = ClusterOfProcesses(tmp_path, names, settings=QUICK, initial_members=list(first))
    try:
        for name in ("n4", "n5"):
            servers[name].config["initial_state"] = "existing"
        for name in first:
            servers[name].start()
        put(servers.leader(), b"k", b"v")
        behind = servers.followers()[0]
        behind.kill()
        for name in ("n4", "n5"):
            servers[name].start()
            asked = servers["n1" if behind.name != "n1" else "n2"]
            place = ["http://" + servers.members[name]["peer"]]

            def is_member(
                asked: ServerProcess = asked, name: str = name, place: list[str] = place
            ) -> bool:
                asked.post("cluster/member/add", name=name, peerURLs=place)
                members = servers.leader().post("cluster/member/list").body["members"]
                return name in {each["name"] for each in members}

            eventually(is_member, f"{name} to be added")
        put(servers.leader(), b"k", b"w")
        for name in first:
            if servers[name] is not behind:
                servers[name].kill()
        behind.start()
        put(servers.leader(), b"k", b"x")
        judged(servers)
    finally:
        servers.close()


def test_several_changes_at_once_and_a_transfer(tmp_path: Path) -> None:
    with cluster(tmp_path, settings=QUICK) as servers:
        put(servers.leader(), b"k", b"v")
        leader, (first, second) = servers.leader(), servers.followers()
        demotion = {"verb": "demote", "name": second.name}
        for refused in (
            first.post("maintenance/transfer-leadership", targetID=_identity(second)),
            first.post("cluster/member/change", changes=[demotion]),
        ):
            assert (refused.status, refused.code) == (400, 9), refused.raw
            assert refused.body["error"] == "etcdserver: not leader"
        unknown = leader.post("maintenance/transfer-leadership", targetID="7")
        assert (unknown.status, unknown.code) == (404, 5)
        moved = leader.post("maintenance/transfer-leadership", targetID=_identity(first))
        assert moved.status == 200, moved.raw
        eventually(lambda: servers.leader() is first, "the successor to lead")
        nonsense = first.post(
            "cluster/member/change", changes=[{"verb": "promote", "name": leader.name}]
        )
        assert (nonsense.status, nonsense.code) == (400, 9), nonsense.raw
        # Two votes go: through a joint configuration.
        changed = first.post(
            "cluster/member/change",
            changes=[{"verb": "demote", "name": each.name} for each in (leader, second)],
        )
        assert changed.status == 200, changed.raw

        def learners() -> set[str]:
            members = first.post("cluster/member/list").body["members"]
            return {each["name"] for each in members if "isLearner" in each}

        eventually(lambda: learners() == {leader.name, second.name}, "two learners")
        put(first, b"k", b"w")
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


def test_a_trace_that_cannot_be_written_ends_the_server_and_stays_a_trace(tmp_path: Path) -> None:
    """The limit falls within a line, after which nothing more is written."""
    with cluster(tmp_path, ("n1",), settings={**QUICK, "segment_bytes": 4096}) as servers:
        server = servers.leader()
        assert server.process is not None
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (20_000, 20_000))
        with suppress(OSError, http.client.HTTPException):
            while server.put(b"k", b"v").status == 200:
                pass
        assert server.wait() == 70
        assert "cannot go on: TraceFileError: " in server.logged()
        assert not Path(server.config["trace"]).read_bytes().endswith(b"\n")
        server.start()
        assert servers.leader().terminate() == 0
        ends = [event.reason for event in judged(servers) if isinstance(event, Stopped)]
    assert ends == ["killed", "stopped"]


def test_a_bug_of_the_zoo_is_convicted_as_processes_too(tmp_path: Path) -> None:
    """Votes that are not persisted: told of, and gone after a restart."""
    with cluster(tmp_path, settings=QUICK, variant="vote-not-persisted") as servers:
        put(servers.leader(), b"k", b"v")
        for server in servers.servers.values():
            server.kill()
        servers.start()
        put(servers.leader(), b"k", b"w")
        header, events = merged(servers)
    verdict = judge_trace(header.members, events)
    assert verdict.validity is Validity.INVALID
    assert "one-vote-a-term" in {failure.kind for failure in verdict.failures}


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
