"""Commands told apart by their number alone."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.commands import Command, Result
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class OneSessionForAll(KeyValueStore):
    """Takes all commands for those of one client."""

    def is_duplicate(self, command: Command) -> bool:
        newest = max((each.sequence for each in self._sessions.table()), default=0)
        return command.sequence <= newest

    def first_answer(self, command: Command) -> Result | None:
        before = dict(self._values)
        result = self._execute(command.operation)
        self._values = before
        return result


register(
    Variant("sessions-confused", state_machine=OneSessionForAll),
    summary="two clients' commands of the same number are taken for one that was sent twice",
    source="thesis, section 6.3: serial numbers are those of a client",
    convicted_by={"linearizability", "liveness"},
    scenario="""
        c0 and c1 each send their first command. c1 is told that its command is done; nothing is
        written.
    """,
    witness="""
        with replicas=1
        elect n1 []
        propose n1 put x 1
        propose n1 put x 2 as c1
        read n1 x
    """,
)
