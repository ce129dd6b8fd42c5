"""The adapter protocol: what an implementation must offer to be tested in the simulator.

A subject starts replicas. A replica is handed inputs (messages of its peers, requests of clients)
and the reading of its clock, and gives back what is to be sent; it draws its random numbers, writes
its files and tells what it does where its machine says. So its whole behaviour is a function of
schedule and seed. Our own Raft goes through this protocol too; there is no other way in.

    tick, receive, propose   ``handle``: requests of clients are inputs like messages
    persist                  ``Machine.disk``
    crash                    the replica is dropped; ``close`` frees what is not Python's
    restart                  ``Subject.start`` on the disk that is left
    observe                  ``Machine.observer``, and ``standing``

What else a replica may offer, and what that unlocks: nemesis.subjects.capabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple, Protocol

from nemesis.schedule import Knobs
from raft.observer import Observer
from raft.storage import Disk


class Addressed(Protocol):
    """A message of a replica; what else it holds, its receiver knows."""

    @property
    def target(self) -> str:
        """The name of the replica that it is for."""
        ...


class Answering(Protocol):
    """An answer to a client or an operator."""

    @property
    def client(self) -> str:
        """The name of who has asked."""
        ...


class Outputs(Protocol):
    """What a batch of inputs led to. Everything that it depends on is on the disk, as far as the
    implementation takes care of that."""

    @property
    def messages(self) -> Sequence[Addressed]:
        """For other replicas, in the order of sending."""
        ...

    @property
    def replies(self) -> Sequence[Answering]:
        """For who has asked."""
        ...


class Standing(NamedTuple):
    """What a replica says of itself, for the nemesis to choose its targets by role, and for the
    end of a run: it is at rest when all have committed and applied the same last entry."""

    # "follower", "pre-candidate", "candidate" or "leader".
    role: str
    term: int
    last_log_term: int
    last_log_index: int
    commit_index: int
    last_applied: int
    # Whether it voted for another in its term, and how many votes it has itself, as a candidate.
    has_voted: bool = False
    votes: int = 0


class Machine(NamedTuple):
    """What a replica runs on, and what it must keep to. ``now`` is the reading of its clock in ns.
    Its disk loses at a crash what was not synced."""

    name: str
    # The servers of the first configuration; empty for a spare.
    members: tuple[str, ...]
    knobs: Knobs
    disk: Disk
    random: Random
    observer: Observer
    now: int
    # Whether no replica has come up on this disk before.
    is_first_start: bool
    # Whether power may fail during this start: then nothing that it does to the disk is spared.
    power_may_fail: bool = False


class Replica(Protocol):
    """One server of a subject, while its process lives."""

    @property
    def deadline(self) -> int:
        """When ``handle`` is to be called even without input, as a reading of the clock in ns."""
        ...

    def handle(self, inputs: Sequence[Any], now: int) -> Outputs:
        """Take in messages and requests, and whatever is due by the clock, which reads ``now``.

        What the subject's code raises convicts it: a server ends so. Not so DiskFull, nor what the
        machine raises (its disk when power fails, its observer): that must come through, and must
        not be handled on the way. What an adapter raises is its own error, unless it is
        SubjectFailed (nemesis.subjects.errors)."""
        ...

    def standing(self) -> Standing:
        """Role, term, log."""
        ...

    def state(self) -> bytes | None:
        """The state of its state machine, the same bytes for the same state; None: it cannot be
        told, and is not compared with others'."""
        ...

    def close(self) -> None:
        """The process is gone: nothing may be written or sent any more."""
        ...


class Subject(Protocol):
    """An implementation under test."""

    @property
    def name(self) -> str:
        """What results and command lines call it, and find it by again
        (nemesis.subjects.registry); names that end in a version end in -VERSION."""
        ...

    @property
    def faults(self) -> frozenset[str]:
        """The kinds of faults that it claims to bear, of those that the simulator has
        (nemesis.faults.FAULTS); what ends one of them comes with it. The others are refused: to
        inject them would convict it of what it never promised. Steps of operators are among them if
        it takes their requests (nemesis.subjects.capabilities)."""
        ...

    def knobs(self, drawn: Knobs) -> Knobs:
        """The knobs that it can be configured by, made of those that were drawn: what it does not
        have is off. Doing this twice changes nothing more."""
        ...

    def start(self, machine: Machine) -> Replica:
        """Bring a server up on what its disk holds. Raises StorageCorrupt if it refuses to."""
        ...
