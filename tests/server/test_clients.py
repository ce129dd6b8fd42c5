"""Clients that others wrote: etcd3gw from PyPI. Those of docs/server.md, with curl, run with the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.processes import QUICK, ClusterOfProcesses, cluster


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
