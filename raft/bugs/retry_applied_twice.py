"""A command that a client sent twice takes effect twice."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.commands import Command
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class ForgetsSessions(KeyValueStore):
    """Takes every command for a new one."""

    def is_duplicate(self, command: Command) -> bool:
        return False


register(
    Variant("retry-applied-twice", state_machine=ForgetsSessions),
    summary="a retried command is applied again instead of being answered from the session",
    source="thesis, section 6.3; etcd #13766 (entries applied again after a restart)",
    convicted_by={"exactly-once", "linearizability"},
    scenario="""
        A client hears nothing and asks again, while its first attempt is on its way into the log:
        both are committed, and only one of them may take effect.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1 unanswered
        retry n1
        replicate n1 [n2]
    """,
)
