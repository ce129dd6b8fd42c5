"""Programs that speak the Maelstrom protocol: valid under faults, convicted where they must be."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.verdict import Validity
from nemesis.cli import run
from nemesis.cluster.real.maelstrom.cluster import MaelstromCluster
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.run_file import RunFile, marked_with
from nemesis.cluster.real.runner import RealExecution, RealRun
from nemesis.errors import ScheduleError
from nemesis.faults import Crash, CrashAll, Heal, Partition, Pause, Restart, Resume
from nemesis.outcome import Run
from nemesis.schedule import MILLISECOND, Advance, Knobs, Operate, Schedule, Step
from nemesis.store import load

NODES = Path(__file__).parent / "nodes"
RAFT = f"{sys.executable} {NODES / 'raft_node.py'}"
LONE = f"{sys.executable} {NODES / 'lone_node.py'}"
PROXY = f"perl {NODES / 'proxy_node.pl'}"


def _has_perl() -> bool:
    found = shutil.which("perl")
    if found is None:
        return False
    tried = subprocess.run([found, "-MJSON::PP", "-e", "1"], check=False, capture_output=True)
    return tried.returncode == 0


NEEDS_PERL = pytest.mark.skipif(
    not _has_perl(), reason="Perl with JSON::PP is not installed: apt-get install perl"
)


@pytest.fixture
def run_file(tmp_path: Path) -> Iterator[RunFile]:
    made = RunFile(tmp_path)
    yield made
    assert marked_with(made.token) == [], "a process was left behind"
    made.remove()


def schedule_of(*steps: Step, replicas: int = 3) -> Schedule:
    knobs = Knobs(
        replicas=replicas,
        clients=3,
        workload="register",
        operation_timeout=1_000 * MILLISECOND,
        election_timeout_max=1_000 * MILLISECOND,
    )
    return Schedule(knobs=knobs, steps=steps)


# The key that is written last, before all are read again: whatever is lost of the other is seen then,
# however long a node takes to be back.
FIRST = Operate(f="read", key="k0")


def by_all(f: str, *values: str | None, wait: int = 0) -> list[Step]:
    """Each client performs it, with a value of its own; then so many ms pass."""
    steps: list[Step] = [
        Operate(client=client, f=f, key="k1", value=value) for client, value in enumerate(values)
    ]
    return [*steps, Advance(wait=wait * MILLISECOND)]


def run_on(program: str, schedule: Schedule, run_file: RunFile, directory: Path) -> RealRun:
    cluster = MaelstromCluster(
        schedule.knobs, schedule.seed, directory / "nodes", run_file, program=program
    )
    try:
        cluster.start()
        return RealExecution(schedule, cluster).perform()
    finally:
        cluster.close()


def operations(count: int) -> list[Step]:
    """Writes and reads by turns, of three clients."""
    steps: list[Step] = []
    for number in range(count):
        f, value = ("write", str(number)) if number % 2 else ("read", None)
        steps.append(Operate(client=number % 3, f=f, key="k1", value=value, wait=5 * MILLISECOND))
    return steps


PAUSE: tuple[Step, ...] = (
    Pause(target="n1", wait=5 * MILLISECOND),
    *operations(4),
    Advance(wait=200 * MILLISECOND),
    Resume(),
)


# -- Raft ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_raft_in_a_file_survives_a_bad_network_and_crashes(tmp_path: Path) -> None:
    """From the command line, with a name of the file that is relative to where we are."""
    program = f"{sys.executable} {os.path.relpath(NODES / 'raft_node.py')}"
    code = run(
        [
            *("test", "--cluster", "maelstrom", "--program", program, "--store", str(tmp_path)),
            *("--nemesis", "partition,crash,loss,duplicate", "--time-limit", "13s", "--seed", "1"),
        ]
    )
    saved = load((tmp_path / "latest").resolve())
    assert (code, saved.results.failures) == (0, ())
    statistics = saved.results.statistics
    assert statistics.confirmed == ["crash", "duplicate", "loss", "partition"]
    assert set(statistics.succeeded) == {"read", "write", "cas"}


CUT_OFF: tuple[Step, ...] = (
    *by_all("write", "1", "2", "3", wait=1_500),
    Partition(target="n1", shape="isolate"),
    Advance(wait=1_500 * MILLISECOND),
    *by_all("write", "4", "5", "6", wait=1_200),
    *by_all("read", None, None, None, wait=1_200),
    Heal(),
)
CRASHED: tuple[Step, ...] = (
    FIRST,
    *by_all("write", "1", "2", "3", wait=1_500),
    *by_all("write", "4", "5", "6", wait=500),
    CrashAll(),
    Restart(),
)


FLAWS = {"local-reads": CUT_OFF, "no-disk": CRASHED}


@pytest.mark.parametrize("flaw", FLAWS)
def test_flaw_of_raft_is_convicted(flaw: str, run_file: RunFile, tmp_path: Path) -> None:
    program = f"{sys.executable} {NODES / 'flawed_node.py'} {flaw}"
    # On a machine that is busy there may be nobody who leads in time.
    for attempt in range(3):
        directory = tmp_path / str(attempt)
        verdict = run_on(program, schedule_of(*FLAWS[flaw]), run_file, directory).run.verdict
        if verdict.kinds:
            break
    assert verdict.kinds == {"linearizability"}, verdict
    assert verdict.failures[0].evidence


@pytest.mark.parametrize("flaw", FLAWS)
def test_absence_of_the_flaw_is_not_convicted(flaw: str, run_file: RunFile, tmp_path: Path) -> None:
    verdict = run_on(RAFT, schedule_of(*FLAWS[flaw]), run_file, tmp_path).run.verdict
    assert verdict.validity is Validity.VALID, verdict


# -- Other languages, and services -------------------------------------------------------------------


@NEEDS_PERL
@pytest.mark.parametrize(
    ("service", "validity"),
    [
        ("lin-kv", Validity.VALID),
        ("seq-kv", Validity.INVALID),
        ("lww-kv", Validity.INVALID),
    ],
)
def test_nodes_of_perl_are_as_good_as_the_service_that_they_use(
    service: str, validity: Validity, run_file: RunFile, tmp_path: Path
) -> None:
    schedule = schedule_of(*operations(60), *PAUSE, *operations(60))
    verdict = run_on(f"{PROXY} {service}", schedule, run_file, tmp_path).run.verdict
    assert verdict.validity is validity, verdict
    assert verdict.kinds <= {"linearizability"}


# -- The protocol ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misbehaviour", "message"),
    [
        ("prose", "n1 has written a line that is no JSON .*now I am tired"),
        ("long-line", "n1 has written more than 16777216 bytes without the end of a line"),
        ("forged", "n1 has written a message in the name of 'n7'"),
        ("stranger", "n1 has written a message to 'n7', who is not among n1, lin-kv"),
        ("nonsense", "an answer that makes no sense: write_ok or an error was expected"),
        ("untyped", "n1 has written a body to c1 that is no object with a type"),
    ],
)
def test_node_that_breaks_the_protocol_is_convicted(
    misbehaviour: str, message: str, run_file: RunFile, tmp_path: Path
) -> None:
    schedule = schedule_of(*operations(30), replicas=1)
    run = run_on(f"{LONE} {misbehaviour}", schedule, run_file, tmp_path).run
    failure = run.verdict.failures[0]
    assert (failure.kind, failure.node) == ("protocol", "n1")
    assert re.search(message, failure.message), failure.message


def test_node_that_ends_by_itself_is_convicted(run_file: RunFile, tmp_path: Path) -> None:
    schedule = schedule_of(*operations(40), Advance(wait=500 * MILLISECOND), replicas=1)
    verdict = run_on(f"{LONE} ends", schedule, run_file, tmp_path).run.verdict
    (failure,) = [each for each in verdict.failures if each.kind == "no-exception"]
    assert "had enough" in failure.message


@pytest.mark.parametrize(
    ("code", "validity"),
    [
        # Indefinite, and codes that prove nothing: a write may well have happened.
        (0, Validity.VALID),
        (13, Validity.VALID),
        (4711, Validity.VALID),
        # Definite: it has not happened, they say; and then it is read.
        (11, Validity.INVALID),
        (14, Validity.INVALID),
        (22, Validity.INVALID),
    ],
)
def test_errors_mean_what_the_protocol_says(
    code: int, validity: Validity, run_file: RunFile, tmp_path: Path
) -> None:
    run = attacked(f"{LONE} error-{code}", run_file, tmp_path)
    assert run.verdict.validity is validity, run.verdict
    assert run.verdict.kinds <= {"linearizability"}
    if validity is Validity.VALID:
        assert "info" in {event.type for event in run.history if event.process != "nemesis"}


def attacked(program: str, run_file: RunFile, directory: Path) -> Run:
    """A run of one node that is paused."""
    schedule = schedule_of(*operations(10), *PAUSE, *operations(10), replicas=1)
    return run_on(program, schedule, run_file, directory).run


def test_node_alone_is_valid_while_it_does_not_die(run_file: RunFile, tmp_path: Path) -> None:
    run = attacked(LONE, run_file, tmp_path)
    assert run.verdict.validity is Validity.VALID, run.verdict


def test_requests_may_be_passed_on_and_answered_by_another_node(
    run_file: RunFile, tmp_path: Path
) -> None:
    """To one that is paused and cut off now and then."""
    schedule = schedule_of(
        *operations(20),
        *PAUSE,
        Partition(target="n1", shape="one-way-in"),
        *operations(6),
        Advance(wait=100 * MILLISECOND),
        Heal(),
        *operations(20),
    )
    run = run_on(f"{LONE} passes-on", schedule, run_file, tmp_path).run
    assert run.verdict.validity is Validity.VALID, run.verdict
    assert run.statistics.confirmed == ["partition", "pause"]


def test_node_behind_a_script_is_paused_and_killed_with_it(
    run_file: RunFile, tmp_path: Path
) -> None:
    """The shell waits for the node, which keeps its values only as long as it lives."""
    schedule = schedule_of(
        FIRST,
        *operations(20),
        Pause(target="n1"),
        *by_all("write", "a", "b", "c", wait=1_200),
        Resume(),
        Crash(target="n1", wait=50 * MILLISECOND),
        Restart(),
        replicas=1,
    )
    run = run_on(f"sh -c '{LONE}; true'", schedule, run_file, tmp_path).run
    assert run.verdict.kinds == {"linearizability"}, run.verdict
    (paused, resumed) = (
        next(event.index for event in run.history if event.f == f) for f in ("pause", "resume")
    )
    meanwhile = {event.type for event in run.history[paused + 1 : resumed] if event.f == "write"}
    assert "invoke" in meanwhile <= {"invoke", "info"}


def test_what_a_node_has_started_is_ended_with_the_run(run_file: RunFile, tmp_path: Path) -> None:
    run = attacked(f"{LONE} leaves-child", run_file, tmp_path)
    assert run.verdict.validity is Validity.VALID, run.verdict


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (f"{LONE} no-init", "no init_ok with in_reply_to 1 in answer to init"),
        ("echo hello", "a line that is no JSON"),
        ("sh -c 'echo no such luck >&2; exit 3'", "no such luck"),
        ("no-such-program", "there is no program 'no-such-program'"),
        ("sh -c 'unfinished", "is no command"),
        ("", "is empty"),
    ],
)
def test_program_that_is_no_node_is_refused_with_the_reason(
    program: str, message: str, run_file: RunFile, tmp_path: Path
) -> None:
    with pytest.raises(ProcessError, match=message):
        run_on(program, schedule_of(*operations(2)), run_file, tmp_path)


def test_operation_that_nodes_do_not_know_is_no_failure_of_theirs(
    run_file: RunFile, tmp_path: Path
) -> None:
    steps = (Operate(f="delete", key="k1", wait=100 * MILLISECOND), Operate(f="get", key="k1"))
    schedule = Schedule(knobs=Knobs(replicas=1, workload="kv"), steps=steps)
    with pytest.raises(ScheduleError, match="cannot perform Delete"):
        run_on(LONE, schedule, run_file, tmp_path)


def test_what_a_run_that_cannot_be_saved_has_found_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The node has put something in the place of the results."""
    program = f"sh -c 'mkdir -p ../../results.json; exec {LONE} ends'"
    arguments = ["--program", program, "--nodes", "1", "--nemesis", "none", "--time-limit", "1s"]
    assert run(["test", "--cluster", "maelstrom", "--store", str(tmp_path), *arguments]) == 255
    told = capsys.readouterr().err
    assert "Is a directory; not saved is no-exception: n1 has ended by itself" in told


def test_what_nodes_cannot_do_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, message in [
        (["--cluster", "maelstrom"], "needs --program"),
        (["--cluster", "maelstrom", "--program", LONE, "--bug", "stale-read"], "--bug"),
        (["--cluster", "maelstrom", "--program", LONE, "--serializable-reads"], "--serializable"),
        (["--cluster", "process", "--program", LONE], "--program goes with --cluster maelstrom"),
        (["--program", LONE], "--program: the simulated cluster knows"),
        (
            ["--cluster", "maelstrom", "--program", LONE, "--nemesis", "clock-jump"],
            "cannot receive the fault clock-jump",
        ),
        (
            ["--cluster", "maelstrom", "--program", LONE, "--workload", "bank"],
            "the workload bank cannot be performed by nodes of Maelstrom",
        ),
    ]:
        assert run(["test", "--store", str(tmp_path), *arguments]) == 254
        assert message in capsys.readouterr().err
