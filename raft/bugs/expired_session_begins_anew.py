"""A session that was forgotten, taken for a new one."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.commands import Command
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class WelcomesAll(KeyValueStore):
    """Begins a session for whoever has none."""

    def is_expired(self, command: Command) -> bool:
        return False


register(
    Variant("expired-session-begins-anew", state_machine=WelcomesAll),
    summary="a command of an expired session begins it anew, and is executed once more",
    source="dragonboat, sessions evicted by LRU; thesis, section 6.3",
    convicted_by={"exactly-once", "linearizability"},
    scenario="""
        c0's command is executed, its answer lost, and its session expires before c0 asks again.
    """,
    witness="""
        with replicas=1 session_timeout=100000000
        elect n1 []
        propose n1 put y 1
        propose n1 append x a unanswered
        wait 200
        retry n1
    """,
)
