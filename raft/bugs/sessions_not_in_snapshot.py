"""A snapshot without the session table."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.snapshot import Session
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class ValuesOnly(KeyValueStore):
    """Keeps keys and values."""

    def sessions_to_snapshot(self) -> tuple[Session, ...]:
        return ()


register(
    Variant("sessions-not-in-snapshot", state_machine=ValuesOnly),
    summary=(
        "snapshots leave out the session table, so that a retry after a restart is executed again"
    ),
    source="thesis, section 6.3; PySyncObj #133",
    convicted_by={"exactly-once", "linearizability"},
    scenario="""
        n1 has executed c0's command, and takes a snapshot. Restarted from it, n1 does not know the
        retry for one.
    """,
    witness="""
        with replicas=1
        elect n1 []
        propose n1 append x a unanswered
        snapshot n1
        crash n1
        restart n1
        elect n1 []
        retry n1
    """,
)
