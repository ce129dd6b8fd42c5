"""A snapshot leaves out who has asked for what."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.snapshot import Session
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class LeavesOutSessions(KeyValueStore):
    """Takes the table of sessions for no part of the state."""

    def sessions_to_snapshot(self) -> tuple[Session, ...]:
        return ()


register(
    Variant("sessions-not-in-snapshot", state_machine=LeavesOutSessions),
    summary=(
        "a snapshot holds the data, but not the table of sessions, so that retries are executed "
        "again"
    ),
    source="thesis, section 6.3; a generic mistake (MIT 6.824, lab 3B)",
    # same-state: who has the snapshot judges commands of those sessions otherwise than the others.
    convicted_by={"exactly-once", "linearizability", "same-state"},
    scenario="""
        A client's command is executed, and its answer lost. n3 gets its effect as a snapshot; the
        retry, which n1 knows for one, is executed by n3.
    """,
    witness="""
        elect n1 [n2]
        propose n1 append x 1 unanswered
        replicate n1 [n2]
        snapshot n1
        retry n1
        replicate n1 [n3]
        replicate n1 [n3]
    """,
)
