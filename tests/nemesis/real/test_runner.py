"""The runner, on servers that know nothing of each other: what it must find, and must not pass."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checker.formats import parse_history
from checker.history import Event
from checker.verdict import Validity
from nemesis.cluster.procedure import Procedure, Sleep
from nemesis.cluster.protocol import Link
from nemesis.cluster.real.gateway import GatewayCluster
from nemesis.cluster.real.processes import ProcessError, ServerProcess
from nemesis.cluster.real.run_file import RunFile, marked_with, start_time
from nemesis.cluster.real.runner import Progress, RealExecution, RealRun
from nemesis.errors import UnsupportedFault
from nemesis.faults import (
    BitFlip,
    ClockJump,
    Crash,
    Duplicate,
    Fault,
    Grudge,
    Heal,
    Partition,
    Pause,
    RemoveServer,
    Restart,
    Resume,
)
from nemesis.schedule import MILLISECOND, Advance, Knobs, Operate, Schedule, Step
from nemesis.store import HISTORY, HistoryFile

ROOT = Path(__file__).parents[3]


class StandInCluster(GatewayCluster):
    """Servers that are stand-ins: each leads itself, and replicates nothing."""

    kind = "stand-in"
    misbehaviour: str | None = None

    def environment(self, node: str) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT)}

    def command(self, node: str) -> list[str]:
        words = [
            sys.executable,
            "-m",
            "tests.nemesis.real.stand_in",
            str(self.hosts.client(node).port),
        ]
        return words if self.misbehaviour is None else [*words, self.misbehaviour]


class EndsAtOnce(StandInCluster):
    misbehaviour = "ends at once"


class EndsLater(StandInCluster):
    misbehaviour = "ends later"


class Stays(StandInCluster):
    misbehaviour = "stays"
    patience = 0.2


@pytest.fixture
def run_file(tmp_path: Path) -> Iterator[RunFile]:
    made = RunFile(tmp_path)
    yield made
    assert marked_with(made.token) == [], "a process was left behind"
    made.remove()


def schedule_of(*steps: Step, replicas: int = 1) -> Schedule:
    knobs = Knobs(
        replicas=replicas,
        clients=3,
        workload="register",
        operation_timeout=300 * MILLISECOND,
        election_timeout_max=300 * MILLISECOND,
    )
    return Schedule(knobs=knobs, steps=steps)


def operations(count: int) -> list[Step]:
    """Writes and reads by turns, of three clients."""
    steps: list[Step] = []
    for number in range(count):
        f, value = ("write", str(number)) if number % 2 else ("read", None)
        steps.append(Operate(client=number % 3, f=f, key="x", value=value, wait=2 * MILLISECOND))
    return steps


def run_on(
    kind: type[StandInCluster], schedule: Schedule, run_file: RunFile, directory: Path
) -> RealRun:
    history = HistoryFile(directory, schedule, "cas-register")
    cluster = kind(schedule.knobs, schedule.seed, directory / "nodes", run_file, history.write)
    try:
        cluster.start()
        return RealExecution(schedule, cluster).perform()
    finally:
        cluster.close()
        history.close()


def nemesis_events(result: RealRun, f: str) -> list[Event]:
    return [event for event in result.run.history if event.process == "nemesis" and event.f == f]


def test_one_server_killed_paused_and_restarted_is_valid(run_file: RunFile, tmp_path: Path) -> None:
    """A stand-in forgets what it had when it is killed: so it is killed before anything is done."""
    schedule = schedule_of(
        Crash(target="n1"),
        Restart(wait=3_000 * MILLISECOND),
        *operations(20),
        Pause(target="n1", wait=5 * MILLISECOND),
        *operations(4),
        Advance(wait=1_500 * MILLISECOND),
        Resume(),
        *operations(20),
    )
    result = run_on(StandInCluster, schedule, run_file, tmp_path)
    run = result.run
    assert run.verdict.validity is Validity.VALID, run.verdict
    assert run.statistics.confirmed == ["crash", "pause"]
    states = [event.value["state"] for event in nemesis_events(result, "process")]
    assert states == ["killed by SIGKILL", "started", "stopped by SIGSTOP", "goes on"]
    timed_out = [
        event for event in run.history if event.type == "info" and event.process != "nemesis"
    ]
    assert timed_out
    for event in timed_out:
        later = [other for other in run.history if other.index > event.index]
        assert event.process not in {other.process for other in later}
    # What is on disk is what was judged.
    on_disk = parse_history((tmp_path / HISTORY).read_bytes(), source=HISTORY)
    assert list(on_disk.events) == run.history


def test_server_that_forgets_is_convicted(run_file: RunFile, tmp_path: Path) -> None:
    """By the last reads, after the first key was written again, however long it takes to be back."""
    schedule = schedule_of(
        Operate(f="read", key="first"), *operations(10), Crash(target="n1"), Restart()
    )
    result = run_on(StandInCluster, schedule, run_file, tmp_path)
    assert result.run.verdict.validity is Validity.INVALID
    assert result.run.verdict.kinds == {"linearizability"}
    assert result.history_validity is Validity.INVALID
    assert result.run.verdict.failures[0].evidence


def test_servers_that_do_not_replicate_are_convicted(run_file: RunFile, tmp_path: Path) -> None:
    """However long they take to answer: of writes that may have happened later nothing is known.
    Few operations may overlap such that an order explains them."""
    schedule = schedule_of(*operations(400), replicas=3)
    patient = msgspec.structs.replace(schedule.knobs, operation_timeout=10_000 * MILLISECOND)
    schedule = msgspec.structs.replace(schedule, knobs=patient)
    result = run_on(StandInCluster, schedule, run_file, tmp_path)
    assert "linearizability" in result.run.verdict.kinds


def test_fault_without_effect_is_no_fault(run_file: RunFile, tmp_path: Path) -> None:
    """The stand-ins send each other nothing, so a partition drops nothing."""
    schedule = schedule_of(
        Partition(target="n1"),
        Operate(f="write", key="x", value="1", wait=50 * MILLISECOND),
        Heal(),
        replicas=3,
    )
    # One client, so that all is asked of one server and the history is valid.
    result = run_on(
        StandInCluster,
        Schedule(knobs=Knobs(clients=1, workload="register"), steps=schedule.steps),
        run_file,
        tmp_path,
    )
    assert result.run.verdict.validity is Validity.UNKNOWN
    assert "partition was injected, and never seen to have an effect" in result.run.verdict.reasons


def test_effect_is_owed_to_the_fault_that_lasted_when_it_was_seen(
    run_file: RunFile, tmp_path: Path
) -> None:
    """Partitions and grudges have the same effect; the first of them has it here."""

    class Partitioned(StandInCluster):
        def cut(self, links: Iterable[Link]) -> None:
            if not any(event.f == "heal" for event in self.history.events):
                self.effects["partition"] += 1

    schedule = schedule_of(
        Partition(target="n1"),
        Operate(f="write", key="x", value="1", wait=50 * MILLISECOND),
        Heal(),
        Grudge(links=((0, 1),)),
        Heal(),
        replicas=3,
    )
    knobs = Knobs(clients=1, workload="register")
    result = run_on(Partitioned, Schedule(knobs=knobs, steps=schedule.steps), run_file, tmp_path)
    assert result.run.statistics.injected == {"partition": 1, "grudge": 1}
    assert result.run.verdict.reasons == ("grudge was injected, and never seen to have an effect",)


def test_more_than_the_cluster_can_do_is_no_failure(run_file: RunFile, tmp_path: Path) -> None:
    """What waits for a client at the end is never begun, and does not count."""
    many = [msgspec.structs.replace(step, wait=0) for step in operations(500)]
    schedule = schedule_of(Pause(target="n1"), *many, Resume())
    result = run_on(StandInCluster, schedule, run_file, tmp_path)
    assert result.run.verdict.validity is Validity.VALID, result.run.verdict
    (event,) = nemesis_events(result, "never begun")
    assert sum(event.value.values()) + sum(result.run.statistics.invoked.values()) == 500
    assert sum(event.value.values()) > 400


class StandsStill(StandInCluster):
    """So does who asks the servers: for a minute, when they are to perform the last operations."""

    minutes = 1

    def await_clients(self, end: int) -> bool:
        if self.minutes:
            self.minutes -= 1
            self.history.began -= 60_000 * MILLISECOND
            return False
        return super().await_clients(end)


class StandsStillForEver(StandsStill):
    minutes = 1_000


def test_time_in_which_we_stand_still_is_not_the_clusters(
    run_file: RunFile, tmp_path: Path
) -> None:
    schedule = schedule_of(Pause(target="n1", wait=5 * MILLISECOND), Resume(), *operations(20))
    result = run_on(StandsStill, schedule, run_file, tmp_path)
    assert result.run.verdict.validity is Validity.VALID, result.run.verdict
    result = run_on(StandsStillForEver, schedule, run_file, tmp_path / "again")
    assert result.run.verdict.kinds == {"liveness"}, "nobody waits for ever"


def test_server_that_ends_by_itself_is_convicted(run_file: RunFile, tmp_path: Path) -> None:
    result = run_on(EndsLater, schedule_of(*operations(200)), run_file, tmp_path)
    failures = [each for each in result.run.verdict.failures if each.kind == "no-exception"]
    assert failures
    assert "had enough" in failures[0].message
    assert failures[0].node == "n1"


@pytest.mark.parametrize("then", ["restarted", "closed"])
def test_server_that_ended_before_it_is_restarted_or_ended_is_convicted(
    then: str, run_file: RunFile, tmp_path: Path
) -> None:
    """Between two looks at it, by nobody of ours."""
    cluster = StandInCluster(Knobs(replicas=1), 0, tmp_path / "nodes", run_file)
    try:
        cluster.start()
        (pid,) = cluster.pids().values()
        os.kill(pid, signal.SIGKILL)
        while start_time(pid) is not None:
            pass
        if then == "restarted":
            assert cluster.restart("n1")
    finally:
        cluster.close()
    (failure,) = cluster.failures
    assert (failure.kind, failure.node) == ("no-exception", "n1")
    assert failure.evidence == {"exit code": -signal.SIGKILL}


def test_server_that_does_not_end_is_killed_and_that_is_told(
    run_file: RunFile, tmp_path: Path
) -> None:
    result = run_on(Stays, schedule_of(*operations(2)), run_file, tmp_path)
    states = [event.value["state"] for event in nemesis_events(result, "process")]
    assert states == ["killed by SIGKILL, as SIGTERM did not end it"]


@pytest.fixture
def interrupted_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Ctrl-C comes before each server is told to end; what was interrupted."""
    seen: list[str] = []

    def again(method: Callable[..., int | bool | None]) -> Callable[..., int | bool | None]:
        def interrupted(*arguments: Any) -> int | bool | None:
            seen.append(method.__name__)
            signal.raise_signal(signal.SIGINT)
            return method(*arguments)

        return interrupted

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with monkeypatch.context() as patched:
        for name in ("stop", "kill"):
            patched.setattr(ServerProcess, name, again(getattr(ServerProcess, name)))
        yield seen
    signal.signal(signal.SIGINT, before)


def test_interrupt_while_it_is_ended_is_heard_when_all_is_ended(
    run_file: RunFile, tmp_path: Path, interrupted_again: list[str]
) -> None:
    cluster = StandInCluster(schedule_of(replicas=3).knobs, 0, tmp_path / "nodes", run_file)
    try:
        cluster.start()
    finally:
        with pytest.raises(KeyboardInterrupt):
            cluster.close()
    assert interrupted_again
    assert marked_with(run_file.token) == []


def test_interrupted_again_and_again_it_is_judged_all_the_same(
    run_file: RunFile, tmp_path: Path, interrupted_again: list[str]
) -> None:
    schedule = schedule_of(*operations(20), Advance(wait=60_000 * MILLISECOND))
    cluster = StandInCluster(schedule.knobs, 0, tmp_path / "nodes", run_file)

    def interrupt(_progress: Progress) -> None:
        signal.raise_signal(signal.SIGINT)

    try:
        cluster.start()
        result = RealExecution(schedule, cluster, interrupt).perform()
    finally:
        cluster.close()
    assert interrupted_again
    assert result.history_validity is Validity.VALID
    assert result.run.verdict.validity is Validity.UNKNOWN
    assert "the run was interrupted after" in result.run.verdict.reasons[0]


def test_interrupted_when_all_was_done_it_is_judged_all_the_same(
    run_file: RunFile, tmp_path: Path, interrupted_again: list[str]
) -> None:
    schedule = schedule_of(*operations(20))
    cluster = StandInCluster(schedule.knobs, 0, tmp_path / "nodes", run_file)
    try:
        cluster.start()
        result = RealExecution(schedule, cluster).perform()
    finally:
        cluster.close()
    assert interrupted_again
    assert result.history_validity is Validity.VALID
    assert not any("interrupted" in reason for reason in result.run.verdict.reasons)


def test_cluster_that_does_not_start_says_why(run_file: RunFile, tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="nothing to do here"):
        run_on(EndsAtOnce, schedule_of(*operations(2)), run_file, tmp_path)


@pytest.mark.parametrize("fault", [Duplicate(), BitFlip(), ClockJump(), RemoveServer()])
def test_fault_that_cannot_happen_is_refused_before_anything_is_done(
    fault: Fault, run_file: RunFile, tmp_path: Path
) -> None:
    schedule = schedule_of(*operations(2), fault)
    with pytest.raises(UnsupportedFault, match=f"stand-in cannot receive the fault {fault.kind}"):
        run_on(StandInCluster, schedule, run_file, tmp_path)


def _rest() -> Procedure:
    return (yield Sleep(1))


def test_cluster_refuses_what_it_cannot_do(run_file: RunFile, tmp_path: Path) -> None:
    cluster = StandInCluster(Knobs(), 0, tmp_path / "nodes", run_file)
    try:
        for refused in (
            lambda: cluster.lose_power("n1", torn=False, syncs=0),
            lambda: cluster.flip_bit("n1", 0),
            lambda: cluster.lose_file("n1", "vote", None),
            lambda: cluster.fill_disk("n1", 0),
            lambda: cluster.slow_disk("n1", 1),
            lambda: cluster.jump_clock("n1", 1),
            lambda: cluster.drift_clock("n1", 1),
            lambda: cluster.shape(None, reorder=10),
            lambda: cluster.carry_out("rolling-restart", _rest()),
        ):
            with pytest.raises(UnsupportedFault):
                refused()
    finally:
        cluster.close()


def test_whoever_watches_is_told(run_file: RunFile, tmp_path: Path) -> None:
    schedule = schedule_of(
        Pause(target="n1"), *operations(5), Advance(wait=1_200 * MILLISECOND), Resume()
    )
    cluster = StandInCluster(schedule.knobs, 0, tmp_path / "nodes", run_file)
    seen: list[Progress] = []
    try:
        cluster.start()
        RealExecution(schedule, cluster, seen.append).perform()
    finally:
        cluster.close()
    assert seen[0].active == ("pause",)
    assert seen[-1].unknown > 0
