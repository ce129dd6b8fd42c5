"""What a program is given: who it is, a disk, what clients ask, and a way to be observed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from nemesis.schedule import Knobs
from nemesis.subjects.asyncio_programs.environment import refuse
from nemesis.subjects.asyncio_programs.errors import ProcessGone
from nemesis.subjects.asyncio_programs.loop import VirtualLoop
from nemesis.subjects.service import KeyValueService
from nemesis.subjects.subject import Machine
from raft.client_messages import ClientRequest
from raft.consensus.state import Role
from raft.observer import Observer
from raft.storage import Disk, DiskError, DiskFull
from raft.storage.disk import replace_file

_Returned = TypeVar("_Returned")


class Look(NamedTuple):
    """What a program says of itself. The simulator looks after each event that the program has
    dealt with, before its messages leave: what is said here of term and vote counts as told to
    others if any message does."""

    role: Role
    term: int
    voted_for: str | None = None
    # Of each entry, from the first one on, its term and its command; empty for none of a client's.
    log: Sequence[tuple[int, bytes]] = ()
    commit_index: int = 0
    # Term, vote and the index of the last entry that are durable; None: those above.
    durable: tuple[int, str | None, int] | None = None


class Request:
    """What a client asks for."""

    def __init__(self, host: Host, request: ClientRequest) -> None:
        self._host = host
        # What the client sent; ``message.command.operation`` is what it asks for.
        self.message = request

    @property
    def command(self) -> bytes:
        """What is to be put into the log, for ``Host.apply``."""
        return self._host.service.command_of(self.message)

    def appended(self, index: int, term: int) -> None:
        """The command stands in the log at ``index``, put there in ``term``: the client is answered
        when that entry is applied, or told that another took its place."""
        self._host.service.wait_for(index, term, self.message)

    def refuse(self, leader: str | None) -> None:
        """This server does not lead, and did nothing; ``leader`` does, if anybody is known to."""
        self._host.service.refuse(self.message, leader)


class Host:
    """The machine that one server runs on, as its program sees it."""

    def __init__(self, machine: Machine, loop: VirtualLoop, random: Random) -> None:
        self.name: str = machine.name
        """The server's name, which is its address as well."""
        self.members: tuple[str, ...] = machine.members
        """The names of all servers."""
        self.peers: tuple[str, ...] = tuple(each for each in machine.members if each != self.name)
        """The names of the others."""
        self.knobs: Knobs = machine.knobs
        """How the run is configured: ``election_timeout_min`` and others, times in ns."""
        self.random: Random = random
        """Where the program draws its random numbers."""
        self.disk = GuardedDisk(machine.disk, loop, self._end)
        """Its files (``raft.storage.disk.Disk``); a crash takes what was not synced."""
        self.observer: Observer = machine.observer
        """To tell what no ``Look`` can: snapshots, reads by lease, configurations."""
        self.is_first_start: bool = machine.is_first_start
        """Whether this server has never been up before: later it must find its files."""
        self.requests: asyncio.Queue[Request] = asyncio.Queue()
        """What clients ask of this server."""
        self.service = KeyValueService(machine.name)
        self.look: Callable[[], Look] | None = None
        self.on_observed: Callable[[], None] = _nothing
        self.on_end: Callable[[], None] = _nothing

    # -- Files -------------------------------------------------------------------------------------

    def save(self, name: str, data: bytes) -> None:
        """Let the file hold ``data``: durable when this returns, and after a crash meanwhile the
        file holds all of it or what it held before."""
        replace_file(self.disk, name, data)

    def load(self, name: str) -> bytes | None:
        """What the file holds; None if there is none."""
        return self.disk.read(name) if name in self.disk.files() else None

    # -- Clients -----------------------------------------------------------------------------------

    def apply(self, index: int, term: int, command: bytes) -> None:
        """The entry is committed: apply it to this server's keys and values, and answer the client
        that waits for it. To be called once for each index, in their order."""
        self.service.apply(index, term, command)

    def give_up(self, leader: str | None) -> None:
        """This server leads no more: clients that wait here are told that what they asked for may
        or may not happen."""
        self.service.give_up(leader)

    # -- Observation -------------------------------------------------------------------------------

    def observe(self, look: Callable[[], Look]) -> None:
        """Have ``look`` called whenever something may have changed. To be called once, after what
        the disk holds was read, and before anything else."""
        if self.look is not None:
            raise refuse("a second host.observe", "one")
        self.look = look
        self.on_observed()

    def _end(self) -> None:
        self.on_end()


def _nothing() -> None:
    pass


class GuardedDisk(Disk):
    """The machine's disk. What ends the process ends it here: nothing that the program does about
    an exception comes between. A program is not expected to go on when its disk is full. ``end`` is
    called before the program hears of it."""

    def __init__(self, disk: Disk, loop: VirtualLoop, end: Callable[[], None]) -> None:
        self._disk = disk
        self._loop = loop
        self._end = end
        self.syncs = 0
        """How often files were synced."""

    def _do(self, method: Callable[..., _Returned], *arguments: Any) -> _Returned:
        if self._loop.is_closed() or self._loop.ended_by is not None:
            raise ProcessGone
        try:
            return method(*arguments)
        except Exception as error:
            if isinstance(error, DiskError) and not isinstance(error, DiskFull):
                raise
            self._end()
            self._loop.ended_by = error
            raise ProcessGone from None

    def files(self) -> list[str]:
        return self._do(self._disk.files)

    def read(self, name: str) -> bytes:
        return self._do(self._disk.read, name)

    def create(self, name: str, data: bytes, size: int = 0) -> None:
        self._do(self._disk.create, name, data, size)

    def write(self, name: str, offset: int, data: bytes) -> None:
        self._do(self._disk.write, name, offset, data)

    def sync(self, name: str) -> None:
        self.syncs += 1
        self._do(self._disk.sync, name)

    def rename(self, old: str, new: str) -> None:
        self._do(self._disk.rename, old, new)

    def remove(self, name: str) -> None:
        self._do(self._disk.remove, name)
