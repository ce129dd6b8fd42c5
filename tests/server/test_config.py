"""What a server is told: read whole, and refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from raft.bugs import BUGS
from raft.consensus.settings import MILLISECOND
from raft.kv.revision_store import RevisionStore
from raft.server.config import (
    Address,
    Config,
    ConfigError,
    exposures,
    number_of,
    parse_address,
    read_config,
    variant_of,
)
from tests.docs.blocks import ROOT, read_page

PAGE = ROOT / "docs" / "server.md"

GOOD: dict[str, Any] = {
    "name": "n1",
    "cluster": "c",
    "data_directory": "/tmp/none",
    "listen_peers": "127.0.0.1:2380",
    "listen_clients": "[::1]:2379",
    "members": {"n1": {"peer": "127.0.0.1:2380"}, "n2": {"peer": "127.0.0.1:2381"}},
}


def read(tmp_path: Path, **changes: Any) -> Config:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**GOOD, **changes}))
    return read_config(path)


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        'name = "n1"\ncluster = "c"\ndata_directory = "/tmp/none"\n'
        'listen_peers = "127.0.0.1:2380"\nlisten_clients = "[::1]:2379"\n'
        '[members]\nn1 = {peer = "127.0.0.1:2380"}\nn2 = {peer = "127.0.0.1:2381"}\n'
    )
    assert read_config(path) == read(tmp_path)
    assert read_config(path).voters == ("n1", "n2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"listen_clients": "0.0.0.0:2379"}, "listen_clients: 0.0.0.0:2379 can be reached"),
        ({"listen_peers": "example.org:2380"}, "listen_peers: example.org:2380 can be reached"),
        ({"listen_peers": "2380"}, "'2380' is no address"),
        ({"listen_peers": "127.0.0.1:99999"}, "is no address"),
        ({"listen_peers": "127.0.0.1:" + "9" * 5000}, "is no address"),
        ({"members": {"n1": {"peer": "x"}}}, "'x' is no address"),
        ({"members": {"n1": {"peer": "a..b:1"}}}, "'a..b:1' is no address"),
        ({"members": {"n1": {"peer": "a\0b:1"}}}, "is no address"),
        ({"members": {"n1": {"peer": "x" * 64 + ":1"}}}, "is no address"),
        ({"members": {"n1": {}}}, "missing required field `peer`"),
        ({"name": ""}, "name: is empty"),
        ({"cluster": ""}, "cluster: is empty"),
        ({"name": "n9"}, "'n9' is not among the members of the new cluster, n1, n2"),
        ({"initial_members": ["n3"]}, "initial_members: no address is known of n3"),
        ({"frobnicate": 1}, "unknown field `frobnicate`"),
        ({"initial_state": "old"}, "Invalid enum value 'old'"),
        ({"settings": {"election_timeout_min": 50}}, "heartbeat_interval must be above 0"),
        ({"settings": {"lease_reads": True, "check_quorum": False}}, "lease_reads needs check_quorum"),
        ({"settings": {"segment_bytes": 1}}, "segment_bytes must be at least 4096"),
        ({"limits": {"request_bytes": 0}}, "request_bytes must be at least 1"),
        ({"peer_tls": {"certificate": "c", "key": "k"}}, "peer_tls: authority is missing"),
        ({"variant": "vote-not-persited"}, "did you mean 'vote-not-persisted'"),
        ({"variant": "retry-applied-twice"}, "is a bug of sessions"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_file_and_reason(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, **changes)
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "config.json"))


@pytest.mark.parametrize("content", ["", "{", "name = ", "\xff"])
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    for name in ("config.json", "config.toml"):
        path = tmp_path / name
        path.write_bytes(content.encode("latin-1"))
        with pytest.raises(ConfigError, match=name):
            read_config(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_config(tmp_path / "none.toml")


def test_other_machines_are_let_in_only_if_that_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, listen_clients="0.0.0.0:1", allow_remote=True).allow_remote
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**GOOD, "listen_clients": "0.0.0.0:1"}))
    assert read_config(path, allow_remote=True).allow_remote


def test_who_listens_to_strangers_is_told_what_they_can_do(tmp_path: Path) -> None:
    tls = {"certificate": "c", "key": "k", "authority": "a"}
    without = {"certificate": "c", "key": "k"}

    def told(**changes: Any) -> list[str]:
        return [
            each.partition(":")[0]
            for each in exposures(read(tmp_path, allow_remote=True, **changes))
        ]

    everywhere = {"listen_peers": "0.0.0.0:1", "listen_clients": "[::]:2"}
    assert told() == []
    assert told(**everywhere) == ["listen_peers", "listen_clients"]
    assert told(**everywhere, peer_tls=tls) == ["listen_clients"]
    assert told(**everywhere, peer_tls=tls, client_tls=without) == ["listen_clients"]
    assert told(**everywhere, client_tls=tls) == ["listen_peers"]
    assert told(**everywhere, peer_tls=tls, client_tls=tls) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:1", Address("127.0.0.1", 1)),
        ("http://127.0.0.1:1/", Address("127.0.0.1", 1)),
        ("[::1]:1", Address("::1", 1)),
        ("localhost:0", Address("localhost", 0)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address
    assert address.is_loopback


def test_times_are_milliseconds(tmp_path: Path) -> None:
    settings = read(tmp_path, settings={"heartbeat_interval": 7}).settings.settings()
    assert settings.heartbeat_interval == 7 * MILLISECOND
    assert settings.asynchronous_storage
    assert settings.session_timeout is None


def test_a_bug_of_the_zoo_runs_on_this_service(tmp_path: Path) -> None:
    variant = variant_of(read(tmp_path, variant="vote-not-persisted"))
    assert variant.state_machine is RevisionStore
    assert variant.storage is BUGS["vote-not-persisted"].variant.storage


def test_clusters_and_members_have_numbers_of_their_own() -> None:
    numbers = {number_of("a"), number_of("b"), number_of("a", "b"), number_of("ab")}
    assert len(numbers) == 4
    assert all(0 < number < 1 << 63 for number in numbers)


def test_the_configurations_of_the_page_are_read(tmp_path: Path) -> None:
    blocks = [block.text for block in read_page(PAGE) if block.language == "toml"]
    path = tmp_path / "n1.toml"
    path.write_text("\n".join(blocks))
    config = read_config(path)
    assert config.voters == ("n1", "n2", "n3")
    assert config.peer_tls is not None
    assert config.client_tls is not None


def test_the_page_names_every_key_and_its_default() -> None:
    page = PAGE.read_text()
    for name in Config.__struct_fields__:
        assert f"`{name}" in page, name
    config = Config(**{**GOOD, "members": {}})
    for part in (config.settings, config.limits):
        for name in part.__struct_fields__:
            value = getattr(part, name)
            written = str(value).lower() if isinstance(value, bool) else str(value)
            assert f"`{name}` ({written}" in page, name
