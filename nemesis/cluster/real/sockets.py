"""Which process owns a TCP connection on loopback, and ports that are free; from /proc."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

from nemesis.errors import NemesisError

# Below the ports that Linux gives to outgoing connections, so that none takes the port of a server
# while it is down.
_LOWEST, _HIGHEST = 20_000, 32_000
_ATTEMPTS = 1_000


class NoFreePort(NemesisError):
    """No port on loopback could be bound."""


def owner_of(port: int, dialled: int, processes: Mapping[str, int]) -> str | None:
    """Which of these processes (name to pid) has a connection from ``port`` to ``dialled``; None if
    none of them has, or has it no more."""
    inode = _inode_of(port, dialled)
    if inode is None:
        return None
    wanted = f"socket:[{inode}]"
    for name, pid in processes.items():
        if _has_open(pid, wanted):
            return name
    return None


def _inode_of(port: int, dialled: int) -> str | None:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, remote, *fields = line.split()
            if _port_in(local) == port and _port_in(remote) == dialled:
                return fields[6]
    return None


def _port_in(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


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
    """A port on loopback that nothing listens on, none of ``taken``, to which it is added. Raises
    NoFreePort."""
    for _ in range(_ATTEMPTS):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port
    raise NoFreePort(f"no port of 127.0.0.1 from {_LOWEST} to {_HIGHEST} could be bound")
