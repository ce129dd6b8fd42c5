"""Addresses of a simulated network: a host is the name of a server, a port a number."""

from __future__ import annotations

import errno
from collections.abc import Container
from typing import Final

from nemesis.subjects.asyncio_programs.environment import refuse

Address = tuple[str, int]

# By these names a program means the host that it runs on.
_OWN: Final = frozenset((None, "", "0.0.0.0", "127.0.0.1", "::", "::1", "localhost"))
# The first of the ports that are given to who asks for none (RFC 6335).
_EPHEMERAL: Final = 49_152


class Hosts:
    """The names that a host knows, its own included."""

    def __init__(self, own: str, known: tuple[str, ...]) -> None:
        self.own = own
        self._known = known

    def resolve(self, host: object) -> str:
        """The name of the server that ``host`` stands for; no other hosts exist."""
        if host == self.own or host in _OWN:
            return self.own
        if isinstance(host, str) and host in self._known:
            return host
        raise refuse(f"the host {host!r}", f"the names of servers: {', '.join(self._known)}")

    def local(self, host: object) -> str:
        """The same of an address to listen on: it must be an own one."""
        if (name := self.resolve(host)) != self.own:
            raise OSError(errno.EADDRNOTAVAIL, f"{self.own} has no address {name!r}")
        return name


class Ports:
    """Which ports of one protocol are in use on a host."""

    def __init__(self) -> None:
        self._next = _EPHEMERAL

    def choose(self, wanted: int | None, used: Container[int]) -> int:
        """The port that is asked for, or any that is free. Raises OSError if it is in use."""
        if wanted:
            if wanted in used:
                raise OSError(errno.EADDRINUSE, f"port {wanted} is in use")
            return wanted
        while self._next in used:
            self._next += 1
        self._next += 1
        return self._next - 1
