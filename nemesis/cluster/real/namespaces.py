"""Network namespaces by their names, as ip-netns(8) has them, and sockets inside one.

Nothing here touches the namespace that we run in. What runs in another one is started by
nsenter(1), which becomes the program: so its pid is the program's.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nemesis.cluster.real.commands import CommandError, run_command

_DIRECTORY = Path("/run/netns")
# Programs, and Debian's packages that they are in.
_NEEDED = {"ip": "iproute2", "tc": "iproute2", "iptables": "iptables", "nsenter": "util-linux"}
_CLONE_NEWNET = 0x40000000


def unavailable() -> str | None:
    """Why this machine has no network namespaces for us; None if it has."""
    if os.geteuid() != 0:
        return "network namespaces can only be made by root"
    missing = sorted({package for tool, package in _NEEDED.items() if not shutil.which(tool)})
    if missing:
        return f"programs are missing: apt-get install {' '.join(missing)}"
    try:
        run_command("unshare", "--net", "true")
    except CommandError as error:
        return f"network namespaces cannot be made here: {error}"
    return None


def path_of(name: str) -> Path:
    """Where the namespace is in the file system."""
    return _DIRECTORY / name


def inside(name: str) -> tuple[str, ...]:
    """What a command begins with that is run in the namespace."""
    return ("nsenter", f"--net={path_of(name)}")


def create(name: str) -> None:
    """Make a namespace, with its loopback up. Raises CommandError."""
    run_command("ip", "netns", "add", name)
    run_command("ip", "-n", name, "link", "set", "lo", "up")


def connect(switch: str, bridge: str, addresses: Iterable[str]) -> None:
    """Make a bridge in the namespace ``switch``, with addresses (and the length of their net's
    prefix) for who is in there itself; the first is that of who asks for none. Raises
    CommandError."""
    commands = (
        f"link add {bridge} type bridge",
        *(f"addr add {address} dev {bridge}" for address in addresses),
        f"link set {bridge} up",
    )
    run_command("ip", "-n", switch, "-batch", "-", content="\n".join(commands))


def plug_in(name: str, switch: str, bridge: str, port: str, device: str, address: str) -> None:
    """Connect the namespace ``name`` with the bridge: ``device`` in it, ``port`` on the bridge.
    Raises CommandError."""
    at_switch = (
        f"link add {port} type veth peer name {device} netns {name}",
        f"link set {port} master {bridge} up",
    )
    at_node = (f"addr add {address} dev {device}", f"link set {device} up")
    run_command("ip", "-n", switch, "-batch", "-", content="\n".join(at_switch))
    run_command("ip", "-n", name, "-batch", "-", content="\n".join(at_node))


def remove(name: str) -> bool:
    """Remove the namespace; what is in it goes with the last process and socket. False if there is
    none. Raises CommandError."""
    if not path_of(name).exists():
        return False
    run_command("ip", "netns", "delete", name)
    return True


class Sockets:
    """Sockets of a namespace for us, who are not in it: a thread is, and makes them."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        try:
            self._thread.submit(_enter, path_of(name)).result()
        except BaseException:
            self.close()
            raise

    def make(
        self, family: int = socket.AF_INET, type: int = socket.SOCK_STREAM, protocol: int = 0
    ) -> socket.socket:
        """A new socket."""
        return self._thread.submit(socket.socket, family, type, protocol).result()

    def close(self) -> None:
        """Make no more; those that were made stay."""
        self._thread.shutdown()


def _enter(path: Path) -> None:
    """Move the thread that calls it into the namespace. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as file:
        if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
