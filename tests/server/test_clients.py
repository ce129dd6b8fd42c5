"""Clients that others wrote: etcd3gw from PyPI, and curl as the page has it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.checker.documents import ROOT
from tests.server.processes import QUICK, ClusterOfProcesses, cluster

PAGE = ROOT / "docs" / "server.md"
# A command of the page, and what it prints: "$ command", then lines of JSON up to an empty one.
EXAMPLE = re.compile(r"^    \$ (curl .*(?:\n      .*)*)\n((?:    .*\n)*)", re.MULTILINE)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterOfProcesses]:
    with cluster(tmp_path_factory.mktemp("clients"), settings=QUICK) as started:
        started.leader()
        yield started


def test_etcd3gw_works(servers: ClusterOfProcesses) -> None:
    etcd3gw = pytest.importorskip("etcd3gw", reason="etcd3gw is not installed")
    host, _, port = servers.followers()[0].config["listen_clients"].rpartition(":")
    client = etcd3gw.client(host=host, port=int(port), api_path=None)
    assert client.put("gw/a", "1")
    assert client.create("gw/a", "x") is False
    assert client.create("gw/b", "2") is True
    assert client.replace("gw/a", "1", "3") is True
    assert client.replace("gw/a", "1", "4") is False
    assert client.get("gw/a") == [b"3"]
    assert client.get("gw/none") == []
    found = client.get_prefix("gw/", sort_order="descend", sort_target="key")
    assert [(value, each["key"], each["version"]) for value, each in found] == [
        (b"2", b"gw/b", "1"),
        (b"3", b"gw/a", "2"),
    ]
    assert client.delete("gw/b") is True
    assert client.delete("gw/b") is False
    assert client.delete_prefix("gw/") is True
    assert client.get_prefix("gw/") == []
    assert [member["name"] for member in client.members()] == ["n1", "n2", "n3"]
    assert int(client.status()["raftTerm"]) > 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_examples_of_the_page_do_what_it_says(servers: ClusterOfProcesses) -> None:
    address = servers.followers()[0].config["listen_clients"]
    examples = EXAMPLE.findall(PAGE.read_text())
    assert len(examples) >= 8
    for command, expected in examples:
        words = command.replace("127.0.0.1:2379", address)
        printed = subprocess.run(
            ["bash", "-c", words], check=True, capture_output=True, text=True
        ).stdout
        found = json.loads(printed)
        found.pop("header", None)
        told = json.loads(expected)
        told.pop("header", None)
        assert without_revisions(found) == without_revisions(told), command


def without_revisions(value: object) -> object:
    """Revisions depend on what else has happened on the cluster."""
    if isinstance(value, dict):
        return {
            key: "..." if key in ("revision", "create_revision", "mod_revision") else
            without_revisions(each)
            for key, each in value.items()
        }  # fmt: skip
    if isinstance(value, list):
        return [without_revisions(each) for each in value]
    return value
