"""Macro-steps: the sentences in which people explain what goes wrong in a Raft.

A macro-step is a whole round between one server and some of the others, delivered until nothing is
left of it: an election, a replication. What a step does not deliver is held, for ``Deliver``, or
for ever, which is a loss. They are the second vocabulary of schedules: a schedule consists of
macro-steps or of none. Nothing random is below them, so the seed plays no part.

A step reaches servers in the order in which it names them. One that finds nothing to do, since its
server is down, or there is no such message, does nothing.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from nemesis.cluster.protocol import DiskFile
from raft.consensus.changes import Change, Transition

MessageKind = Literal[
    "append",
    "append-reply",
    "vote",
    "vote-reply",
    "pre-vote",
    "pre-vote-reply",
    "snapshot",
    "snapshot-reply",
    "timeout-now",
    "read-index",
    "read-index-reply",
]


class MacroStep(msgspec.Struct, frozen=True, kw_only=True, tag_field="step"):
    """Base of all macro-steps."""

    # As every step has; here time passes within a step.
    wait: ClassVar[int] = 0

    @property
    def kind(self) -> str:
        """The step's name in a schedule."""
        return str(self.__struct_config__.tag)


class Elect(MacroStep, frozen=True, kw_only=True, tag="elect"):
    """The election time-out of ``node`` ends. Its requests reach ``voters``, whose answers reach it
    (those of ``unanswered`` are held), until it leads, or all is said.

    What a new leader sends first is held. Time passes until the voters have not heard from a leader
    for an election time-out; not so if it is ``hasty``: then until that is so of ``node`` itself.
    """

    node: str
    voters: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    hasty: bool = False


class Propose(MacroStep, frozen=True, kw_only=True, tag="propose"):
    """A client asks ``node`` to perform an operation, a read too; what it leads to is held. If
    ``unanswered``, no answer to this attempt reaches the client."""

    node: str
    f: str
    key: str | None = None
    value: Any = None
    client: int = 0
    unanswered: bool = False


class Retry(MacroStep, frozen=True, kw_only=True, tag="retry"):
    """A client that still waits for an answer asks ``node``, again or instead."""

    node: str
    client: int = 0
    unanswered: bool = False


class Replicate(MacroStep, frozen=True, kw_only=True, tag="replicate"):
    """The next heartbeat of ``node`` is due, with what it has to send. It and ``peers`` exchange
    messages until nothing is left; the answers of ``unanswered`` are held."""

    node: str
    peers: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()


class Deliver(MacroStep, frozen=True, kw_only=True, tag="deliver"):
    """One held message arrives: of its kind the ``nth`` oldest, from 0; -1 is the newest. If
    ``copy``, it is a duplicate, and the message is still held. What it leads to is held."""

    source: str
    target: str
    message: MessageKind
    nth: int = 0
    copy: bool = False


class Crash(MacroStep, frozen=True, kw_only=True, tag="crash"):
    """The process of ``node`` is gone, and what was not synced."""

    node: str


class FailPower(MacroStep, frozen=True, kw_only=True, tag="fail-power"):
    """Power fails at ``node`` when it has synced so often; it is down then. If ``torn``, a first
    half of what was not synced has reached the disk."""

    node: str
    syncs: int = 0
    torn: bool = False


class Restart(MacroStep, frozen=True, kw_only=True, tag="restart"):
    """``node`` is started on what its disk holds."""

    node: str


class Wait(MacroStep, frozen=True, kw_only=True, tag="wait"):
    """So many milliseconds pass. ``nodes``, or all if there are none, do what is due by then; the
    others notice when they are next reached, as processes that were paused."""

    milliseconds: int = 150
    nodes: tuple[str, ...] = ()


class Snapshot(MacroStep, frozen=True, kw_only=True, tag="snapshot"):
    """``node`` takes a snapshot of what it has applied, and compacts its log."""

    node: str


class ChangeMembers(MacroStep, frozen=True, kw_only=True, tag="change"):
    """An operator asks ``node`` for these changes, all together; without any, to leave the joint
    configuration. What it leads to is held."""

    node: str
    changes: tuple[Change, ...] = ()
    transition: Transition = "automatic"


class TransferTo(MacroStep, frozen=True, kw_only=True, tag="transfer"):
    """An operator asks ``node`` to hand over to ``target``. The two exchange messages until
    TimeoutNow has arrived; then it goes on as an election does, with ``voters``. If ``held``, what
    the request leads to is held, TimeoutNow too."""

    node: str
    target: str
    voters: tuple[str, ...] = ()
    held: bool = False


class Stall(MacroStep, frozen=True, kw_only=True, tag="stall"):
    """With asynchronous storage: what ``node`` writes, or applies, is no longer done at once."""

    node: str


class Perform(MacroStep, frozen=True, kw_only=True, tag="perform"):
    """What a stalled ``node`` began to write or to apply is done, and acknowledged to it."""

    node: str
    work: Literal["write", "application"] = "write"


class LoseFile(MacroStep, frozen=True, kw_only=True, tag="lose-file"):
    """``node`` crashes, and a file of its disk is gone."""

    node: str
    file: DiskFile = "vote"


class FlipBit(MacroStep, frozen=True, kw_only=True, tag="flip-bit"):
    """``node`` crashes, and the last bit that was written to a file of its disk is another one."""

    node: str
    file: DiskFile = "vote"


class FillDisk(MacroStep, frozen=True, kw_only=True, tag="fill-disk"):
    """No space is left on the disk of ``node``: whatever takes more of it fails, until it is
    started again."""

    node: str


class Settle(MacroStep, frozen=True, kw_only=True, tag="settle"):
    """Everybody is up again and everything arrives, for as long as a healthy cluster needs to elect
    a leader, to perform last operations (a write, whatever has not succeeded before, reads of all
    keys), and to come to the same state everywhere."""


def nodes_of(step: MacroStep) -> tuple[str, ...]:
    """The servers that a step names, but for those of a change of the membership."""
    found: list[str] = []
    for name in ("node", "source", "target"):
        node = getattr(step, name, None)
        if node is not None:
            found.append(node)
    for name in ("voters", "peers", "unanswered", "nodes"):
        named = getattr(step, name, ())
        if isinstance(named, tuple):
            found.extend(named)
    return tuple(found)
