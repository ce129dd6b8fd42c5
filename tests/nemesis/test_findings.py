"""What a replica raises is a finding, in whichever cluster it runs; what our own side raises is not."""

from __future__ import annotations

from typing import NoReturn

import pytest

from nemesis.cluster.sim import recorder
from nemesis.macro.scenario import parse_schedule
from nemesis.run import run
from nemesis.schedule import Advance, Knobs, Schedule
from raft.consensus import Consensus
from raft.replica import HEALTHY, Variant
from raft.storage import DiskError, Storage
from raft.storage.storage import Recovered

SCHEDULES = {
    "stepped": parse_schedule("elect n1 [n2]\nreplicate n1 [n2]\ncrash n1\nrestart n1"),
    "simulated": Schedule(knobs=Knobs(), steps=(Advance(wait=1_000_000_000),)),
}
everywhere = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=list(SCHEDULES))


class ForgetsItsFiles(Consensus):
    """Stands for whatever asks a healthy disk for what it cannot have."""

    def advance_commit_index(self) -> None:
        raise DiskError("log: no such file")


class RecoversNothing(Storage):
    """Fails whenever it is to be read."""

    def recover(self) -> Recovered:
        raise IndexError("no record")


@everywhere
@pytest.mark.parametrize(
    ("flawed", "exception"),
    [
        (Variant("x", consensus=ForgetsItsFiles), "DiskError"),
        (Variant("x", storage=RecoversNothing), "IndexError"),
    ],
    ids=["running", "starting"],
)
def test_what_a_replica_raises_convicts_it(
    schedule: Schedule, flawed: Variant, exception: str
) -> None:
    failures = run(schedule, flawed).verdict.failures
    assert failures[0].kind == "unhandled-exception"
    assert failures[0].evidence["exception"] == exception


@everywhere
def test_what_the_recorder_raises_convicts_nobody(
    schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> NoReturn:
        raise KeyError("an error of ours")

    assert not run(schedule).verdict.failures
    monkeypatch.setattr(recorder, "Committed", broken)
    with pytest.raises(KeyError, match="an error of ours"):
        run(schedule, HEALTHY)
