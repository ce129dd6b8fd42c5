"""A retry whose answer is worked out once more."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.commands import Command, Result
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class ForgetsAnswers(KeyValueStore):
    """Remembers that a command was executed, and not what came of it."""

    def first_answer(self, command: Command) -> Result | None:
        before = dict(self._values)
        result = self._execute(command.operation)
        self._values = before
        return result


register(
    Variant("duplicate-answered-anew", state_machine=ForgetsAnswers),
    summary=(
        "a retried command is answered from the present state, not as it was when it was executed"
    ),
    source="thesis, section 6.3: the response is saved with the serial number",
    convicted_by={"linearizability"},
    scenario="""
        c0's compare-and-set succeeds, and the answer is lost. Asked again, n1 finds that x is no
        longer what was expected, and says that the command failed.
    """,
    witness="""
        with replicas=1
        elect n1 []
        propose n1 put x 1
        propose n1 cas x ["1","2"] unanswered
        retry n1
    """,
)
