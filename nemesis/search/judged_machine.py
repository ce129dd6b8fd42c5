"""What the state machines of Hypothesis have in common: which Raft they run, and the judgement."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from hypothesis import event
from hypothesis.stateful import RuleBasedStateMachine

from nemesis.macro.execution import MacroExecution
from nemesis.run import Execution, Run
from nemesis.search.violation import assert_holds
from nemesis.subjects.own import Tested
from raft.replica import HEALTHY


class JudgedMachine(RuleBasedStateMachine):
    """Base of the machines: whatever a subclass executes is judged once, when it ends."""

    variant: ClassVar[Tested] = HEALTHY
    # Called with every finished run, for those who count.
    on_run: ClassVar[Callable[[Run], None] | None] = None

    execution: Execution | MacroExecution

    def teardown(self) -> None:
        """Judge what has not been judged yet."""
        if hasattr(self, "execution"):
            self.end()

    def end(self) -> None:
        """Finish the run. Raises Violation if it failed."""
        execution = self.execution
        del self.execution
        run = execution.finish()
        if (on_run := type(self).on_run) is not None:
            on_run(run)
        event(f"verdict: {run.verdict.validity}")
        assert_holds(run, self.variant)
