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
        The answer to c0's command is lost, so c0 asks once more.
    """,
    witness="""
        with replicas=1
        elect n1 []
        propose n1 append x a unanswered
        retry n1
    """,
)
