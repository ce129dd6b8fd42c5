"""Subjects that are no Rafts, small enough to be seen through: for tests of the way in.

One server that writes commands into a file and syncs it before it answers; and what may be wrong
with such a server. ``replicator`` has three, of which n1 leads, and each answers by itself.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from nemesis.schedule import Knobs
from nemesis.subjects.errors import SubjectFailed
from nemesis.subjects.service import KeyValueService
from nemesis.subjects.subject import Machine, Standing
from raft.client_messages import ClientReply, ClientRequest

_FILE = "journal"
_NEVER = 1 << 62
FAULTS = frozenset(
    {"crash", "pause", "unsynced-loss", "loss", "duplicate", "reorder", "delay", "clock-jump"}
)


class Outputs(NamedTuple):
    messages: tuple[Any, ...]
    replies: list[ClientReply]


class Journalled:
    """One server: each command is a record in a file; what the file holds was applied."""

    syncs = True

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._service = KeyValueService(machine.name)
        self.closed = 0
        self._role = "leader" if machine.name == "n1" else "follower"
        self._records: list[bytes] = []
        if _FILE in machine.disk.files() and (data := machine.disk.read(_FILE)):
            self._records = msgspec.msgpack.decode(data, type=list[bytes])
        machine.observer.started(1, None)
        for number, record in enumerate(self._records, start=1):
            self._service.apply(number, 1, record)
        machine.observer.role_changed(self._role, 1)

    @property
    def deadline(self) -> int:
        return _NEVER

    def handle(self, inputs: Sequence[Any], now: int) -> Outputs:
        for request in inputs:
            assert isinstance(request, ClientRequest)
            self.perform(request)
        return Outputs((), self._service.take_replies())

    def perform(self, request: ClientRequest) -> None:
        record = self._service.command_of(request)
        self._records.append(record)
        self._save()
        index = len(self._records)
        self._service.wait_for(index, 1, request)
        self._service.apply(index, 1, record)

    def _save(self) -> None:
        disk = self._machine.disk
        disk.create("new", msgspec.msgpack.encode(self._records))
        if self.syncs:
            disk.sync("new")
        disk.rename("new", _FILE)

    def standing(self) -> Standing:
        last = len(self._records)
        return Standing(self._role, 1, 1, last, last, last)

    def state(self) -> bytes | None:
        return self._service.snapshot()

    def close(self) -> None:
        self.closed += 1


class Unsynced(Journalled):
    """Answers before the disk has it for certain."""

    syncs = False


class Raising(Journalled):
    """Errs at its fifth command, by an exception of its own."""

    def perform(self, request: ClientRequest) -> None:
        super().perform(request)
        if len(self._records) == 5:
            raise IndexError("five is too much")


class Exiting(Journalled):
    """Ends there, and calls that a success."""

    def perform(self, request: ClientRequest) -> None:
        super().perform(request)
        if len(self._records) == 5:
            sys.exit(0)


class Failing(Journalled):
    """Errs there, too, and only tells its adapter, by a code."""

    def perform(self, request: ClientRequest) -> None:
        super().perform(request)
        if len(self._records) == 5:
            raise SubjectFailed("code 5")


class Ending(Journalled):
    """Takes its process with it, as native code does, at the 40th command after a crash."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._commands = 0
        self._is_first_start = machine.is_first_start

    def perform(self, request: ClientRequest) -> None:
        super().perform(request)
        self._commands += 1
        if self._commands == 40 and not self._is_first_start:
            os.write(2, b"toy.c:5: assertion failed\n")
            os.abort()


class Fragile(Journalled):
    """Takes its process with it at its first command after a crash."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._is_first_start = machine.is_first_start

    def perform(self, request: ClientRequest) -> None:
        super().perform(request)
        if not self._is_first_start:
            self.end()

    def end(self) -> None:
        os.write(2, b"toy.c:7: assertion failed\n")
        os.abort()


class Endless(Journalled):
    """Never returns, as native code does: at its fifth command, with Python's lock and deaf to what
    the kernel sends to its thread."""

    def perform(self, request: ClientRequest) -> None:
        super().perform(request)
        if len(self._records) == 5:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            self.stay()

    def stay(self) -> None:
        # So many ways to match that the end of them is not for this universe.
        re.match(r"(a+)+$", "a" * 80 + "b")


class Looping(Fragile):
    """Never returns from its first command after a crash."""

    def end(self) -> None:
        re.match(r"(a+)+$", "a" * 80 + "b")


class Waiting(Endless):
    """Never returns, for it waits for a signal."""

    def stay(self) -> None:
        ctypes.PyDLL(None).pause()


class Deaf(Endless):
    """Never returns, and has its own idea of what signals are for."""

    def stay(self) -> None:
        for each in (signal.SIGPROF, signal.SIGALRM):
            signal.signal(each, signal.SIG_IGN)
        super().stay()


class Toy:
    """A subject of one server, or of as many as there are, each by itself."""

    def __init__(
        self,
        name: str,
        replica: Callable[[Machine], Journalled],
        faults: frozenset[str] = FAULTS,
        *,
        is_single: bool = True,
    ) -> None:
        self.name = f"{__name__}:{name}"
        self.faults = faults
        self._replica = replica
        self._is_single = is_single
        self.started: list[Journalled] = []

    def knobs(self, drawn: Knobs) -> Knobs:
        return msgspec.structs.replace(
            drawn,
            replicas=1 if self._is_single else 3,
            spares=0,
            reads="log",
            session_timeout=None,
            asynchronous_storage=False,
            priorities={},
            power_fails_at_first_start=None,
        )

    def start(self, machine: Machine) -> Journalled:
        replica = self._replica(machine)
        self.started.append(replica)
        return replica


def correct() -> Toy:
    return Toy("correct", Journalled)


def unsynced() -> Toy:
    return Toy("unsynced", Unsynced)


def raising() -> Toy:
    return Toy("raising", Raising)


def exiting() -> Toy:
    return Toy("exiting", Exiting)


def failing() -> Toy:
    return Toy("failing", Failing)


def ending() -> Toy:
    return Toy("ending", Ending)


def fragile() -> Toy:
    return Toy("fragile", Fragile)


def endless() -> Toy:
    return Toy("endless", Endless)


def looping() -> Toy:
    return Toy("looping", Looping)


def waiting() -> Toy:
    return Toy("waiting", Waiting)


def deaf() -> Toy:
    return Toy("deaf", Deaf)


def replicator() -> Toy:
    """Three servers that never tell each other anything."""
    return Toy("replicator", Journalled, is_single=False)


def misnamed() -> Toy:
    return Toy("correct", Journalled)
