"""A retry that is answered with success."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.kv.commands import Command, Result
from raft.kv.state_machine import KeyValueStore
from raft.replica import Variant


class ForgetsAnswers(KeyValueStore):
    """Remembers that a command was executed, and not what came of it."""

    def first_answer(self, command: Command) -> Result | None:
        return Result()


register(
    Variant("duplicate-answered-anew", state_machine=ForgetsAnswers),
    summary="a retried command is answered with success, whatever the first attempt's answer was",
    source="thesis, section 6.3: the response is saved with the serial number",
    convicted_by={"linearizability"},
    scenario="""
        c0's compare-and-set fails, and the answer is lost. Asked again, n1 says that it was done.
    """,
    witness="""
        with replicas=1
        elect n1 []
        propose n1 cas x ["1","2"] unanswered
        retry n1
    """,
)
