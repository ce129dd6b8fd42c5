"""Mutual TLS: who has the right certificate gets in, and nobody else does."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.server.certificates import Pem, make_authority, make_certificate
from tests.server.processes import QUICK, ClusterOfProcesses, eventually

NAMES = ("n1", "n2", "n3")

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(directory: Path) -> Pem:
    return make_authority(directory, "authority")


@pytest.fixture(scope="module")
def servers(directory: Path, authority: Pem) -> Iterator[ClusterOfProcesses]:
    """Three servers with TLS between them and for clients, who need a certificate."""
    started = ClusterOfProcesses(directory, NAMES, settings=QUICK)
    try:
        client = make_certificate(directory, authority, "client")
        for name, server in started.servers.items():
            tls = tls_of(make_certificate(directory, authority, name), authority)
            server.config.update(peer_tls=tls, client_tls=tls)
            server.context = context(authority, client)
        started.start()
        started.leader()
        yield started
    finally:
        started.close()


def tls_of(pem: Pem, authority: Pem) -> dict[str, Any]:
    return {
        "certificate": str(pem.certificate),
        "key": str(pem.key),
        "authority": str(authority.certificate),
    }


def context(authority: Pem, client: Pem | None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(authority.certificate))
    if client is not None:
        made.load_cert_chain(client.certificate, client.key)
    return made


def test_clients_with_a_certificate_are_served(servers: ClusterOfProcesses) -> None:
    for server in servers.servers.values():
        assert server.put(b"k", server.name.encode()).status == 200
    assert servers["n1"].get(b"k").kvs == {b"k": b"n3"}
    members = servers["n1"].post("cluster/member/list").body["members"]
    assert members[0]["peerURLs"] == ["https://" + servers["n1"].config["listen_peers"]]
    assert members[0]["clientURLs"] == ["https://" + servers["n1"].config["listen_clients"]]


def test_clients_without_one_are_not(
    servers: ClusterOfProcesses, directory: Path, authority: Pem
) -> None:
    server = servers["n1"]
    stranger = make_certificate(directory, make_authority(directory, "stranger"), "client")
    good = server.context
    try:
        for client in (None, stranger):
            server.context = context(authority, client)
            with pytest.raises((ssl.SSLError, ConnectionError)):
                server.get(b"k")
        server.context = None
        with pytest.raises((OSError, ValueError)):
            server.get(b"k")
    finally:
        server.context = good


@pytest.mark.parametrize(
    ("signer", "name", "reason"),
    [
        ("authority", "n2", "its certificate is made out to 127.0.0.1, localhost, n2"),
        ("impostor", "n3", None),
    ],
)
def test_a_server_without_the_right_certificate_gets_nowhere(
    servers: ClusterOfProcesses,
    directory: Path,
    authority: Pem,
    signer: str,
    name: str,
    reason: str | None,
) -> None:
    """n3 with another server's certificate, and with one of another authority."""
    third = servers["n3"]
    servers.leader()
    third.kill()
    before = dict(third.config)
    own = authority if signer == "authority" else make_authority(directory, signer)
    tls = tls_of(make_certificate(directory, own, name), authority)
    third.config["peer_tls"] = tls
    third.log.write_text("")
    third.start()
    try:
        if reason is not None:
            eventually(lambda: f"refused: {reason}" in third.logged(), "a refusal")
            others = servers["n1"].logged() + servers["n2"].logged()
            assert "n3 refused at 127.0.0.1" in others
        else:
            eventually(lambda: third.logged().count("no connection to n") >= 2, "failures")
        status = eventually(third.status, "its status")
        assert "leader" not in status
        assert servers["n1"].put(b"k", b"v").status == 200
    finally:
        third.kill()
        third.config = before
        third.start()
        servers.leader()


def test_plain_connections_to_peers_are_cut_off(servers: ClusterOfProcesses) -> None:
    host, _, port = servers["n1"].config["listen_peers"].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"\0\0\0\x10" + bytes(16))
        with suppress(ConnectionResetError):
            assert connection.recv(1000)[:1] in (b"", b"\x15")


def test_certificates_that_cannot_be_read_are_an_error(
    servers: ClusterOfProcesses, tmp_path: Path, authority: Pem
) -> None:
    single = ClusterOfProcesses(tmp_path, ("n1",))
    try:
        missing = tls_of(Pem(tmp_path / "none.pem", tmp_path / "none.key"), authority)
        single["n1"].config["peer_tls"] = missing
        single.start()
        assert single["n1"].wait() == 1
        assert "none.pem" in single["n1"].logged()
    finally:
        single.close()
