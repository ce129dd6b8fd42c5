"""Every bug of the zoo can be killed: by its witness, which the healthy Raft passes."""

from __future__ import annotations

import pytest

from nemesis.macro.scenario import parse_schedule
from nemesis.run import run
from raft.bugs import BUGS
from raft.replica import HEALTHY


@pytest.mark.parametrize("name", sorted(BUGS))
def test_the_witness_convicts_the_bug_and_nobody_else(name: str) -> None:
    bug = BUGS[name]
    assert bug.scenario
    schedule = parse_schedule(bug.witness, name)
    convicted = run(schedule, bug.variant).verdict
    assert convicted.failures, "the bug passes its own witness"
    assert convicted.failures[0].kind in bug.convicted_by, convicted.failures
    assert run(schedule, HEALTHY).verdict.failures == ()
