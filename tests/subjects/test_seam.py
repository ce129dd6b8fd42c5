"""The way in for any subject: who is convicted of what, what is refused, and what is found by name."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis.stateful import run_state_machine_as_test

from checker.verdict import Validity
from nemesis.cli import run as run_command_line
from nemesis.cluster.sim.findings import is_our_own
from nemesis.errors import UnknownName, UnsupportedFault
from nemesis.faults import ENDS, FAULTS, BitFlip, Fault, Heal
from nemesis.macro.scenario import parse_schedule
from nemesis.outcome import Run
from nemesis.replay import replay
from nemesis.run import run
from nemesis.schedule import Advance, Knobs, Schedule, encode_schedule
from nemesis.search import deaths
from nemesis.search.campaign import Campaign, campaign
from nemesis.search.generate import ATTACKS, OPERATORS, Only, generate
from nemesis.search.machine import STATEFUL, ClusterMachine
from nemesis.search.shrink import shrink
from nemesis.search.strategies import schedules
from nemesis.search.violation import Violation
from nemesis.store import load, save
from nemesis.subjects import registry
from nemesis.subjects.bearing import bearable
from nemesis.subjects.errors import NotOurOwn, SubjectFailed, SubjectMisnamed, SubjectMissing
from nemesis.subjects.own import OWN
from nemesis.subjects.registry import subject_named
from raft.bugs import BUGS
from raft.replica import HEALTHY, Variant
from raft.storage import DiskError, Storage
from tests.subjects import toys
from tests.subjects.toys import Toy

TOYS = "tests.subjects.toys"


def runs(toy: Toy, seeds: int = 20) -> list[Run]:
    return [run(generate(seed, tested=toy), toy) for seed in range(seeds)]


def kinds(found: list[Run]) -> set[str]:
    return {failure.kind for each in found for failure in each.verdict.failures[:1]}


# -- Verdicts --------------------------------------------------------------------------------------


def test_a_correct_subject_is_not_convicted() -> None:
    found = runs(toys.correct())
    assert {each.verdict.validity for each in found} == {Validity.VALID}
    assert {each.variant for each in found} == {f"{TOYS}:correct"}


@pytest.mark.parametrize(
    ("make", "convicted_of"),
    [
        (toys.unsynced, {"linearizability"}),
        (toys.replicator, {"linearizability", "liveness"}),
        (toys.raising, {"unhandled-exception"}),
        (toys.failing, {"unhandled-exception"}),
        (toys.exiting, {"unhandled-exception"}),
    ],
)
def test_a_flawed_subject_is_convicted(make: Any, convicted_of: set[str]) -> None:
    assert set() < kinds(runs(make())) <= convicted_of


def test_equal_schedules_give_equal_traces() -> None:
    toy = toys.correct()
    for one, other in zip(runs(toy, 5), runs(toy, 5), strict=True):
        assert one.trace_bytes() == other.trace_bytes()
        assert one.history == other.history


def test_every_replica_is_closed_once() -> None:
    toy = toys.correct()
    runs(toy, 5)
    assert len(toy.started) > 5
    assert {each.closed for each in toy.started} == {1}


# -- Whose error it is -----------------------------------------------------------------------------


def raised_by(source: str, module: str) -> Exception:
    """What code of this module raises, called by the simulator."""
    scope: dict[str, Any] = {"__name__": module}
    exec(compile(f"def call(inner):\n    {source}", module, "exec"), scope)
    simulator: dict[str, Any] = {"__name__": "nemesis.cluster.sim.node"}
    exec("def handle(call, inner): call(inner)", simulator)
    with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever it is)
        simulator["handle"](scope["call"], SOURCES)
    trace = caught.value.__traceback__
    assert trace is not None
    # Without the frame of this test, which the simulator does not have.
    return caught.value.with_traceback(trace.tb_next)


SOURCES = {"SubjectFailed": SubjectFailed, "DiskError": DiskError}


@pytest.mark.parametrize(
    ("source", "module", "is_ours"),
    [
        ("raise IndexError", "pysyncobj.syncobj", False),
        ("raise IndexError", "nemesis.subjects.pysyncobj.adapter", True),
        ("raise inner['SubjectFailed']", "nemesis.subjects.c_raft.adapter", False),
        # What an adapter asks a disk for is its own business; what our Raft does is under test.
        ("raise inner['DiskError']", "nemesis.subjects.etcd_raft.adapter", True),
        ("raise inner['DiskError']", "raft.storage.storage", False),
    ],
)
def test_an_adapters_error_is_ours_and_a_subjects_is_not(
    source: str, module: str, is_ours: bool
) -> None:
    assert is_our_own(raised_by(source, module)) is is_ours


# -- Faults and knobs ------------------------------------------------------------------------------


def test_what_a_subject_does_not_bear_is_refused() -> None:
    schedule = Schedule(steps=(BitFlip(),))
    with pytest.raises(UnsupportedFault, match="correct does not claim to bear bit-flip: it bears"):
        run(schedule, toys.correct())
    with pytest.raises(UnsupportedFault, match="bit-flip, torn-write"):
        generate(0, only=Only(faults=("crash", "torn-write", "bit-flip")), tested=toys.correct())


@pytest.mark.parametrize("name", registry.FOREIGN)
def test_whatever_those_of_others_claim_can_be_injected(name: str) -> None:
    try:
        subject = subject_named(name)
    except SubjectMissing as missing:
        pytest.skip(str(missing))
    assert subject.faults <= bearable(subject)


def test_what_ends_a_fault_is_borne_with_it() -> None:
    toy = Toy("correct", toys.Journalled, frozenset({"loss"}))
    assert bearable(toy) == {"loss", "heal"}
    assert run(Schedule(steps=(Heal(),)), toy).schedule.steps == (Heal(),)


def test_a_claim_that_means_nothing_is_an_error() -> None:
    toy = Toy("correct", toys.Journalled, frozenset({"torn-writes"}))
    with pytest.raises(UnknownName, match="did you mean 'torn-write'"):
        run(Schedule(), toy)


def test_only_what_a_subject_bears_is_drawn() -> None:
    toy = toys.correct()
    drawn = set()
    for seed in range(100):
        schedule = generate(seed, tested=toy)
        assert schedule.knobs == toy.knobs(schedule.knobs)
        drawn.update(fault.kind for fault in schedule.faults)
    assert drawn - set(ENDS.values()) == toys.FAULTS
    assert drawn <= bearable(toy)


def test_our_own_raft_bears_all_that_the_simulator_has() -> None:
    assert bearable(OWN) == {name for name, kind in FAULTS.items() if kind.is_simulated}
    assert set(ATTACKS) | set(OPERATORS) <= bearable(OWN)
    for seed in range(20):
        assert generate(seed) == generate(seed, tested=OWN) == generate(seed, tested=HEALTHY)


def test_knobs_that_a_subject_does_not_have_are_off() -> None:
    result = run(Schedule(knobs=Knobs(replicas=5, spares=2, reads="lease")), toys.correct())
    assert result.schedule.knobs.servers == ("n1",)
    assert result.schedule.knobs.reads == "log"


def test_shrinking_ends_though_some_knobs_can_not_be_simpler() -> None:
    toy = toys.unsynced()
    failed = next(each for each in runs(toy) if each.verdict.failures)
    shrunk, executions = shrink(failed, toy, executions=1_000)
    assert executions < 1_000
    assert shrunk.verdict.kinds == failed.verdict.kinds
    assert len(shrunk.schedule.steps) < len(failed.schedule.steps)
    assert shrunk.schedule.knobs == toy.knobs(shrunk.schedule.knobs)


def test_macro_steps_drive_our_own_raft_alone() -> None:
    with pytest.raises(NotOurOwn, match=r"macro-steps drive our own Raft alone, not .*correct"):
        run(parse_schedule("elect n1 [n2]"), toys.correct())


# -- First starts and lost disks, of our own -------------------------------------------------------


class Initialized(Storage):
    """Counts how often it was initialised."""

    count = 0

    def initialize(self, snapshot: Any) -> None:
        type(self).count += 1
        super().initialize(snapshot)


def test_a_server_is_initialized_until_it_has_come_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Initialized, "count", 0)
    steps: tuple[Fault | Advance, ...] = (FAULTS["crash"](), FAULTS["restart"](), Advance(wait=1))
    variant = Variant("x", storage=Initialized)
    run(Schedule(steps=steps), variant)
    assert Initialized.count == 3
    run(Schedule(knobs=Knobs(power_fails_at_first_start=0), steps=steps), variant)
    assert Initialized.count == 3 + 2 * 3


# -- Names -----------------------------------------------------------------------------------------


def test_our_own_are_found_by_name() -> None:
    assert subject_named("healthy") is OWN
    for name in BUGS:
        assert subject_named(name).name == name


def test_any_that_a_function_returns_is_found() -> None:
    assert subject_named(f"{TOYS}:correct").faults == toys.FAULTS


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("vote-twise", "vote-twice"), ("pysyncobjj", "pysyncobj"), ("helthy", "healthy")],
)
def test_unknown_names_get_a_suggestion(name: str, suggestion: str) -> None:
    with pytest.raises(UnknownName, match=f"did you mean '{suggestion}'"):
        subject_named(name)


@pytest.mark.parametrize("name", ["tests.no_such_module:correct", f"{TOYS}:no_such_function"])
def test_what_is_not_there_is_missing(name: str) -> None:
    with pytest.raises(SubjectMissing, match="no_such"):
        subject_named(name)


def test_a_subject_answers_to_the_name_that_it_is_found_by() -> None:
    with pytest.raises(
        SubjectMisnamed,
        match=r"'tests\.subjects\.toys:correct': its attribute name must be the one it",
    ):
        subject_named(f"{TOYS}:misnamed")


PACKAGE = """
from nemesis.subjects.errors import SubjectMissing
from tests.subjects.toys import FAULTS, Journalled, Toy

def subject(version):
    toy = Toy("x", Journalled)
    toy.name = "toy-1.2"
    return toy
"""


@pytest.fixture
def _toy_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy_package.py").write_text(PACKAGE)
    (tmp_path / "toy_needing.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.FOREIGN, "toy", "toy_package")
    monkeypatch.setitem(registry.FOREIGN, "needing", "toy_needing")
    monkeypatch.setitem(registry.FOREIGN, "absent", "nemesis.subjects.absent")


@pytest.mark.usefixtures("_toy_package")
def test_a_family_is_found_in_the_version_that_is_there() -> None:
    assert subject_named("toy").name == subject_named("toy-1.2").name == "toy-1.2"
    with pytest.raises(SubjectMissing, match=r"toy-1\.3: not this version is here, but toy-1\.2"):
        subject_named("toy-1.3")


@pytest.mark.usefixtures("_toy_package")
def test_a_missing_package_is_told_by_name() -> None:
    with pytest.raises(SubjectMissing, match="needs the Python module no_such_library"):
        subject_named("needing")
    with pytest.raises(SubjectMissing, match="this splitbrain does not have it"):
        subject_named("absent")


# -- Campaigns -------------------------------------------------------------------------------------

# Of the seeds below 20 these end their process.
ENDING = [1, 5, 8, 12, 17]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_ends_its_process_is_a_finding(
    jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deaths, "_EXECUTIONS", 1)
    monkeypatch.setattr(deaths, "_TIMES", 1)
    monkeypatch.setattr(import_module("nemesis.search.campaign"), "SHRUNK_OF_A_KIND", 5)
    what = Campaign(subject=f"{TOYS}:ending", runs=21, jobs=jobs, stop_at_first=False)
    reports = list(campaign(what))
    found = sorted(death for report in reports for death in report.deaths)
    assert [death.seed for death in found] == [*ENDING, 20]
    assert [death.executions for death in found] == [seed + 1 for seed in (*ENDING, 20)]
    assert {death.how for death in found} == {"killed by SIGABRT"}
    # The first of a block, until there were so many; then none.
    assert [death.seed for death in found if death.shrunk is not None] == ENDING[:1]
    assert "were before it" in found[-1].not_shrunk
    assert {death.last_words for death in found} == {"toy.c:5: assertion failed\n"}
    tally = reports[0].tally
    for report in reports[1:]:
        tally.merge(report.tally)
    assert tally.runs == 21
    assert tally.verdicts == {"valid": 15, "invalid": 6}
    assert tally.kinds == {"process-died": 6}
    assert sorted(tally.died) == [*ENDING, 20]


def test_a_campaign_may_stop_at_the_first_run_that_ends_its_process() -> None:
    settled = frozenset({"process-died"})
    what = Campaign(subject=f"{TOYS}:ending", runs=1_000, jobs=1, settled=settled)
    (report,) = campaign(what)
    assert [death.seed for death in report.deaths] == ENDING[:1]
    assert report.tally.runs == ENDING[0] + 1


def test_a_campaign_says_which_schedule_ended_its_process(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deaths, "_EXECUTIONS", 10)
    code = run_command_line(
        ["fuzz", "--subject", f"{TOYS}:ending", "--runs", "4", "--seed", "5", "--jobs", "1"]
    )
    out = capfd.readouterr().out
    assert code == 1
    assert "the run of seed 5 ended its process, again when it ran alone: killed by SIGABRT" in out
    assert "toy.c:5: assertion failed" in out
    saved = next((tmp_path / "store").glob("fuzz-*/2*/died-5"))
    assert "shrunk from 63 to " in out
    assert f"again: splitbrain replay {saved.relative_to(tmp_path)} --subject" in out
    assert load(saved).results.variant == f"{TOYS}:ending"
    summary = json.loads((saved.parent / "campaign.json").read_text())
    assert summary["died"][0]["shrink_executions"] == 10


def test_fuzz_refuses_what_drives_our_own_raft_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fuzz = ["fuzz", "--subject", f"{TOYS}:correct", "--runs", "2", "--seed", "1", "--jobs", "1"]
    assert run_command_line([*fuzz, "--strategy", "choreography"]) == 254
    assert f"for {TOYS}:correct there is --strategy timed" in capfd.readouterr().err
    assert run_command_line([*fuzz, "--bug", "vote-twice"]) == 254
    assert run_command_line([*fuzz, "--nemesis", "bit-flip"]) == 254
    assert run_command_line(fuzz) == 0
    assert f"Raft {TOYS}:correct, seed 1" in capfd.readouterr().out


def test_one_run_of_a_subject(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["test", "--subject", f"{TOYS}:correct", "--seed", "1"]) == 0
    assert f"Raft {TOYS}:correct" in capfd.readouterr().out
    wrong = ["test", "--cluster", "process", "--subject", f"{TOYS}:correct"]
    assert run_command_line(wrong) == 254
    assert "--subject: on the simulated cluster alone" in capfd.readouterr().err


# -- Hypothesis ------------------------------------------------------------------------------------


def explore(toy: Toy, examples: int = 20) -> list[Run]:
    """What the state machine runs on a subject."""
    found: list[Run] = []
    fields = {"variant": toy, "on_run": staticmethod(found.append)}
    machine = type("ToyMachine", (ClusterMachine,), fields)
    limits = settings(STATEFUL, max_examples=examples, stateful_step_count=30, database=None)
    run_state_machine_as_test(hypothesis.seed(1)(machine), settings=limits)
    return found


def test_the_state_machine_of_hypothesis_drives_any_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    toy = toys.correct()
    found = explore(toy)
    assert {each.variant for each in found} == {toy.name}
    drawn = {fault.kind for each in found for fault in each.schedule.faults}
    assert drawn <= bearable(toy)
    assert len(drawn) > 5
    # Of 20 examples none may find it: what a seed draws depends on what was imported before.
    with pytest.raises(Violation, match="linearizability"):
        explore(toys.unsynced(), 600)


@settings(max_examples=10, database=None, deadline=None)
@given(schedules(tested=toys.correct()))
def test_schedules_are_drawn_for_a_subject(schedule: Schedule) -> None:
    assert not run(schedule, toys.correct()).verdict.failures


# -- Replay ----------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A saved failure of a subject."""
    failed = next(each for each in runs(toys.unsynced()) if each.verdict.failures)
    directory = tmp_path / "histories" / "one"
    save(directory, failed, Validity.INVALID)
    return directory


def test_a_saved_run_of_a_subject_is_replayed_on_it_alone(saved: Path) -> None:
    result = replay(saved, [f"{TOYS}:unsynced"])
    (problem,) = result.problems
    assert problem.startswith("it still fails: linearizability")
    assert result.failed is not None
    assert result.not_replayed is None
    assert result.subject == f"{TOYS}:unsynced"
    assert run_command_line(["replay", "--subject", f"{TOYS}:unsynced", str(saved)]) == 1


def test_a_file_does_not_say_what_code_is_loaded(saved: Path) -> None:
    assert "only if that is asked for (--subject" in str(replay(saved).not_replayed)
    assert "only if that is asked for" in str(replay(saved, [f"{TOYS}:correct"]).not_replayed)


def test_a_replay_that_ends_its_process_is_told(saved: Path) -> None:
    with_subject(saved, f"{TOYS}:ending")
    results = load(saved)
    schedule = generate(ENDING[0], tested=toys.ending())
    (saved / "schedule.json").write_bytes(encode_schedule(schedule))
    assert results.results.variant == f"{TOYS}:ending"
    (problem,) = replay(saved, [f"{TOYS}:ending"]).problems
    assert problem == "run again, it ended its process: killed by SIGABRT"


def with_subject(directory: Path, name: str) -> None:
    results = msgspec.structs.replace(load(directory).results, variant=name)
    (directory / "results.json").write_bytes(msgspec.json.encode(results))


def test_a_saved_run_of_a_subject_that_was_mended_fails_no_more(
    saved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with_subject(saved, f"{TOYS}:correct")
    result = replay(saved, [f"{TOYS}:correct"])
    assert result.problems == ()
    assert result.is_mended
    assert run_command_line(["replay", "--subject", f"{TOYS}:correct", str(saved)]) == 0
    assert "fails no more" in capfd.readouterr().out


def test_a_saved_run_that_did_not_fail_must_go_as_it_did(saved: Path) -> None:
    save(saved, run(generate(3), HEALTHY), Validity.VALID)
    assert replay(saved).problems == ()
    trace = saved / "trace.jsonl"
    trace.write_bytes(trace.read_bytes().replace(b'"n1"', b'"n2"', 1))
    assert "the trace differs" in replay(saved).problems[0]


def test_a_saved_run_of_a_subject_that_is_not_here_is_left_out(
    saved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = saved.parent / "two"
    save(other, run(generate(3), HEALTHY), Validity.VALID)
    name = "tests.no_such_module:unsynced"
    with_subject(saved, name)
    assert "No module named" in str(replay(saved, [name]).not_replayed)
    assert run_command_line(["replay", "--subject", name, str(saved.parent)]) == 0
    out = capfd.readouterr().out
    assert f"{saved}: not replayed: {name}: No module named" in out
    assert f"{other}: as it was" in out
    assert "not replayed: 1, as said above" in out
    # Where nothing else was there, nothing was shown.
    assert run_command_line(["replay", "--subject", name, str(saved)]) == 2


def test_the_history_of_a_subject_that_is_not_here_is_still_judged(saved: Path) -> None:
    results = load(saved).results
    with_subject(saved, "tests.no_such_module:unsynced")
    wrong = msgspec.structs.replace(
        results, variant="tests.no_such_module:unsynced", history_validity=Validity.VALID
    )
    (saved / "results.json").write_bytes(msgspec.json.encode(wrong))
    assert "lincheck now calls the history invalid" in replay(saved).problems[0]
    assert run_command_line(["replay", str(saved)]) == 1
