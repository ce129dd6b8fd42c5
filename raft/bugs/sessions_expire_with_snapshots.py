"""Sessions that expire when it is convenient."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class ExpiresInSnapshots(KeyValueStore):
    """Looks for sessions that have expired when it goes through all of them anyway."""

    def expire_sessions(self) -> None:
        pass

    def snapshot(self) -> bytes:
        if self._session_timeout is not None:
            self._sessions.expire(self.log_time)
        return super().snapshot()


register(
    Variant("sessions-expire-with-snapshots", state_machine=ExpiresInSnapshots),
    summary="each server forgets expired sessions when it takes a snapshot, so that states differ",
    source="thesis, section 6.3: expiration must be deterministic",
    convicted_by={"same-state", "exactly-once", "linearizability"},
    scenario="""
        n1 and n2 have the same log. n2 takes a snapshot, in which c0's session has expired, and n1
        does not: the same command of c0 is executed at n1 only.
    """,
    witness="""
        with session_timeout=100000000
        elect n1 [n2]
        propose n1 put x 1
        wait 200 [n1]
        propose n1 put y 1 as c1
        replicate n1 [n2]
        snapshot n2
        settle
    """,
)
