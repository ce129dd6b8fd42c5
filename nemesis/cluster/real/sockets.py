"""Which process owns a TCP connection on loopback, and ports that are free."""

from __future__ import annotations

import os
import secrets
import socket
import struct
from collections.abc import Mapping

from nemesis.errors import NemesisError

# Below the ports that Linux gives to outgoing connections, so that none takes the port of a server
# while it is down.
_LOWEST, _HIGHEST = 20_000, 32_000
_ATTEMPTS = 1_000

# Of netlink(7) and sock_diag(7).
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_HEADER = 16  # bytes
_ALL_STATES = _ANY = 0xFFFFFFFF
# Where the inode stands in struct inet_diag_msg.
_INODE_AT = 68


class NoFreePort(NemesisError):
    """No port on loopback could be bound."""


def hold(host: str, port: int) -> socket.socket:
    """Keep a port from everybody but who sets SO_REUSEPORT, also while that one is down; nothing is
    listened to. Raises NoFreePort."""
    held = socket.socket()
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((host, port))
    except OSError as error:
        held.close()
        raise NoFreePort(f"port {port} of {host} cannot be bound: {error.strerror}") from error
    return held


def owner_of(port: int, dialled: int, processes: Mapping[str, int]) -> str | None:
    """Which of these processes (name to pid) has a connection from ``port`` to ``dialled``, both of
    127.0.0.1; None if none of them has, or has it no more."""
    inode = _inode_of(port, dialled)
    if inode is None:
        return None
    wanted = f"socket:[{inode}]"
    for name, pid in processes.items():
        if _has_open(pid, wanted):
            return name
    return None


def _inode_of(port: int, dialled: int) -> int | None:
    """Of the socket, asked of the kernel (sock_diag(7)): to look it up in /proc/net/tcp takes tens
    of milliseconds where a machine has thousands of connections."""
    local = socket.inet_aton("127.0.0.1") + bytes(12)
    connection = struct.pack(">HH16s16s", port, dialled, local, local)
    request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ALL_STATES)
    request += connection + struct.pack("=III", 0, _ANY, _ANY)
    header = struct.pack(
        "=IHHII", _HEADER + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0
    )
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.send(header + request)
        answer = kernel.recv(1 << 12)
    _, kind, *_ = struct.unpack_from("=IHHII", answer)
    if kind != _SOCK_DIAG_BY_FAMILY:
        # An error: there is no such socket.
        return None
    inode: int = struct.unpack_from("=I", answer, _HEADER + _INODE_AT)[0]
    return inode or None


def _has_open(pid: int, wanted: str) -> bool:
    directory = f"/proc/{pid}/fd"
    try:
        for number in os.listdir(directory):
            try:
                if os.readlink(f"{directory}/{number}") == wanted:
                    return True
            except FileNotFoundError:
                continue
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    return False


def free_port(taken: set[int]) -> int:
    """A port on loopback that nobody uses, none of ``taken``, to which it is added. Raises
    NoFreePort.

    Nor is it that of a server which was just ended: as long as connections of that wait for
    stragglers (TIME_WAIT), the port cannot be held.
    """
    for _ in range(_ATTEMPTS):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port in taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port
    raise NoFreePort(f"no port of 127.0.0.1 from {_LOWEST} to {_HIGHEST} could be bound")
