"""What an operator does to a cluster: procedures, one task after the other.

A procedure is a generator. It yields tasks, is sent what became of each, and returns what became
of the whole: None if it was done, else why not. It goes on beside everything else that a schedule
does, so that what takes long, such as the replacement of every server, is attacked meanwhile.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

from raft.consensus.changes import Change, Transition


class ChangeMembership(NamedTuple):
    """Ask the leader for these changes, all together; without any, to leave the joint
    configuration. Done once the configuration is committed."""

    changes: tuple[Change, ...]
    transition: Transition = "automatic"


class TransferLeadership(NamedTuple):
    """Ask the leader to hand over. Done once it has given up its office."""

    successor: str


class Sleep(NamedTuple):
    """Wait for so many ns."""

    duration: int


Task = ChangeMembership | TransferLeadership | Sleep
# None: done. Else the reason that the leader gave, or that the operator has: "lost" if the leader
# lost its office, "no-leader", "no-answer", or "interrupted" if all faults were to end, or the run.
Outcome = str | None
Procedure = Generator[Task, Outcome, Outcome]
