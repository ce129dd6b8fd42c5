"""What can be said of containers without an engine."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nemesis.cluster.real import docker_client, docker_image, docker_leftovers
from nemesis.cluster.real.docker_cluster import PublishedService
from nemesis.cluster.real.docker_server import is_frozen
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.service import NodeState, NotReached, Service
from raft.kv.commands import Get, Operation, Result

LIST = """
# deb http://commented.test/debian sid main
deb [arch=amd64 signed-by=/key] http://first.test/debian sid main contrib
deb-src http://source.test/debian sid main
deb http://first.test/security sid-security main
"""
FIELDS = """
Types: deb deb-src
# Not this one.
URIs: http://second.test/debian http://third.test/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.test/debian
Suites: trixie
Components: main
Enabled: no
"""


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(LIST)
    (tmp_path / "sources.list.d" / "debian.sources").write_text(FIELDS)
    return tmp_path


@pytest.mark.parametrize(
    ("suite", "mirror"),
    [("sid", "http://first.test/debian"), ("trixie", "http://second.test/debian")],
)
def test_mirror_of_the_machine_s_own_suite(apt: Path, suite: str, mirror: str) -> None:
    lines = docker_image.sources(apt)
    assert docker_image.distribution(suite, lines) == docker_image.Distribution(suite, mirror)


@pytest.mark.parametrize("suite", ["bookworm", "sid-security-updates", "", "s.d"])
def test_no_mirror(apt: Path, suite: str) -> None:
    with pytest.raises(ProcessError, match="apt's sources name no mirror of"):
        docker_image.distribution(suite, docker_image.sources(apt))


def test_no_sources(tmp_path: Path) -> None:
    assert list(docker_image.sources(tmp_path)) == []


def test_names_tell_contents_apart() -> None:
    named = {
        docker_image.name_of("server", parts)
        for parts in ([b"ab", b"c"], [b"a", b"bc"], [b"abc"], [b"abc", b""])
    }
    assert len(named) == 4
    assert docker_image.name_of("server", [b"ab", b"c"]) in named


def test_no_engine_and_no_sdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    pytest.importorskip("docker.client")
    with pytest.raises(ProcessError, match="no Docker engine answers at unix:"):
        docker_client.connect()
    monkeypatch.setitem(sys.modules, "docker.client", None)
    assert docker_client.missing() == (
        "the Docker SDK for Python is not installed: pip install 'splitbrain[docker]'"
    )


@pytest.mark.parametrize(
    ("lines", "file", "content", "frozen"),
    [
        ("4:memory:/a\n6:freezer:/a/b\n0::/a/b", "freezer/a/b/freezer.state", "FROZEN\n", True),
        ("6:freezer:/a/b", "freezer/a/b/freezer.state", "FREEZING\n", False),
        ("6:freezer:/a/b", "freezer/a/b/freezer.state", "THAWED\n", False),
        ("0::/a/b", "a/b/cgroup.events", "populated 1\nfrozen 1\n", True),
        ("0::/a/b", "a/b/cgroup.events", "populated 1\nfrozen 0\n", False),
        ("6:freezer:/a/b", "elsewhere", "", None),
        ("0::/a/b", "elsewhere", "", None),
        ("4:memory:/a/b", "elsewhere", "", None),
    ],
)
def test_frozen_as_either_version_of_cgroups_tells(
    tmp_path: Path, lines: str, file: str, content: str, frozen: bool | None
) -> None:
    process, cgroups = tmp_path / "proc" / "7", tmp_path / "cgroup"
    process.mkdir(parents=True)
    (process / "cgroup").write_text(lines)
    (cgroups / file).parent.mkdir(parents=True)
    (cgroups / file).write_text(content)
    assert is_frozen(7, tmp_path / "proc", cgroups) is frozen
    assert is_frozen(8, tmp_path / "proc", cgroups) is None


class Engine:
    """What remove_left asks of one."""

    def __init__(self, *containers: tuple[str, dict[str, str]]) -> None:
        self.api = self
        self.there = {
            f"c{number}": {"Id": f"c{number}", "Names": [f"/c{number}"], "State": state, "Labels": labels}
            for number, (state, labels) in enumerate(containers)
        }  # fmt: skip

    def containers(self, filters: dict[str, str], **_: Any) -> list[dict[str, Any]]:
        name, _, value = filters["label"].partition("=")
        return [
            each
            for each in self.there.values()
            if name in each["Labels"] and value in ("", each["Labels"][name])
        ]

    def networks(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        return []

    def remove_container(self, name: str, **_: Any) -> None:
        del self.there[name]


def _labels(token: str, runner: str = "", age: float = 0) -> dict[str, str]:
    made = docker_leftovers.marks_of(token)
    return made | {
        "splitbrain.runner": runner or made["splitbrain.runner"],
        "splitbrain.made": str(int(time.time() - age)),
    }


def test_what_is_left_is_told_from_what_is_in_use() -> None:
    world, pid, started = _labels("")["splitbrain.runner"].rsplit(" ", 2)
    assert int(pid) == os.getpid()
    engine = Engine(
        ("running", {}),
        ("running", _labels("ours, goes on")),
        ("exited", _labels("ours, goes on")),
        ("running", _labels("of a pid that is somebody else's now", f"{world} {pid} 1{started}")),
        ("running", _labels("of a pid that nobody has", f"{world} 999999999 {started}")),
        ("running", _labels("of another world, goes on", f"another {pid} {started}", age=999)),
        ("exited", _labels("of another world, goes on", f"another {pid} {started}", age=999)),
        ("created", _labels("of another world, begins", f"another {pid} {started}")),
        ("exited", _labels("of another world, no more", f"another {pid} {started}", age=999)),
    )  # fmt: skip
    assert docker_leftovers.remove_left(engine) == [
        "of a pid that is somebody else's now",
        "of a pid that nobody has",
        "of another world, no more",
    ]
    assert list(engine.there) == ["c0", "c1", "c2", "c5", "c6", "c7"]
    assert docker_leftovers.remove_left(engine) == []


class Asked(Service):
    """A service that performs everything once it has begun to answer."""

    performs = frozenset({Get})

    def __init__(self) -> None:
        self.answers = False
        self.by: list[str] = []

    async def perform(self, node: str, operation: Operation) -> Result:
        self.by.append(node)
        return Result("found")

    async def state(self, node: str, timeout: float) -> NodeState | None:
        return NodeState("1", "1", 1, 1) if self.answers else None

    async def close(self) -> None:
        self.by.append("nobody")


class Stub:
    def __init__(self, pid: int | None) -> None:
        self.pid = pid


def test_a_published_port_is_no_server() -> None:
    servers: Any = {"n1": Stub(1), "n2": Stub(None)}
    service = PublishedService(asked := Asked(), servers)
    assert service.performs == asked.performs

    def perform(node: str) -> Result:
        return asyncio.run(service.perform(node, Get("x")))

    with pytest.raises(NotReached, match="the server of n1 has not answered yet"):
        perform("n1")
    with pytest.raises(NotReached, match="the container of n2 does not run"):
        perform("n2")
    assert asked.by == []
    asked.answers = True
    assert perform("n1") == Result("found")
    asked.answers = False
    perform("n1")
    assert asked.by == ["n1", "n1"], "it is asked whatever it says: it was there"
    servers["n1"].pid = 2
    with pytest.raises(NotReached, match="n1 has not answered yet"):
        perform("n1")
    asyncio.run(service.close())
    assert asked.by == ["n1", "n1", "nobody"]
