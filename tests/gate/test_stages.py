"""The stages of the gate, each with what must pass and what must not."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from checker.verdict import Validity
from nemesis.cli.display import told
from nemesis.gate.determinism import determinism
from nemesis.gate.fuzzing import fuzzing
from nemesis.gate.recall import (
    Recall,
    RecordBroken,
    compared,
    measure,
    read_recall,
    recall_of,
    write_recall,
)
from nemesis.gate.replaying import replaying
from nemesis.gate.stage import Case, Stage, validity_of, verdict_of
from nemesis.search.block import Campaign, Death, Finding, Report, execute
from nemesis.search.tally import ENDLESS, Tally
from nemesis.store import RESULTS, load
from nemesis.subjects.registry import subject_named
from nemesis.zoo.hunt import Catch, Hunt
from raft.bugs import BUGS
from tests.testing.store import STORE

RAISING = "tests.subjects.toys:raising"
HISTORIES = Path(__file__).parents[2] / "histories"


def stage(validity: Validity) -> Stage:
    return Stage("x", validity, "", 0.0, ())


def test_the_gate_is_as_good_as_its_worst_stage() -> None:
    valid, unknown = stage(Validity.VALID), stage(Validity.UNKNOWN)
    invalid = stage(Validity.INVALID)
    assert verdict_of([valid, valid]) is Validity.VALID
    assert verdict_of([valid, unknown]) is Validity.UNKNOWN
    assert verdict_of([unknown, invalid, valid]) is Validity.INVALID
    assert verdict_of([]) is Validity.UNKNOWN


def test_nothing_checked_proves_nothing() -> None:
    assert validity_of([]) is Validity.UNKNOWN
    assert validity_of([Case("a", skipped="no")]) is Validity.UNKNOWN
    assert validity_of([Case("a", skipped="no"), Case("b")]) is Validity.VALID
    assert validity_of([Case("a"), Case("b", problem="p")]) is Validity.INVALID


# -- Replay ----------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    for name in ("zoo-vote-twice", "zoo-acks-own-tail"):
        shutil.copytree(HISTORIES / name, tmp_path / "kept" / name)
    return tmp_path / "kept"


def test_saved_runs_that_go_as_they_must(kept: Path) -> None:
    found = replaying(kept, 1)
    assert found.validity is Validity.VALID
    assert [case.name for case in found.cases] == ["zoo-acks-own-tail", "zoo-vote-twice"]


def test_saved_runs_that_do_not(kept: Path) -> None:
    trace = kept / "zoo-vote-twice" / "trace.jsonl"
    trace.write_bytes(trace.read_bytes().replace(b'"n1"', b'"n3"'))
    (kept / "zoo-acks-own-tail" / RESULTS).write_text("{")
    found = replaying(kept, 1)
    assert found.validity is Validity.INVALID
    broken, differs = found.problems
    assert "malformed" in (broken.problem or "")
    assert "the trace differs" in (differs.problem or "")


def test_of_real_processes_the_history_is_judged_again(tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "real"
    shutil.copytree(HISTORIES / "stale-read-linearizability-57", kept)
    text = (kept / RESULTS).read_text().replace('"stale-read"', '"etcd 3.4"', 1)
    (kept / RESULTS).write_text(text)
    assert replaying(kept.parent, 1).validity is Validity.VALID
    changed = text.replace('"history_validity": "invalid"', '"history_validity": "valid"')
    (kept / RESULTS).write_text(changed)
    assert replaying(kept.parent, 1).validity is Validity.INVALID


def test_no_saved_runs_are_let_pass_and_that_is_said(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing"):
        found = replaying(place, 1)
        assert found.validity is Validity.VALID
        assert "nothing was replayed" in found.words
        assert found.cases[0].skipped


# -- Recall ----------------------------------------------------------------------------------------


def catches(**executions: int | None) -> list[Catch]:
    return [
        Catch(hunt=Hunt(bug=bug.replace("_", "-")), executions=count, seconds=0.5)
        for bug, count in executions.items()
    ]


def test_recall_that_has_not_fallen() -> None:
    record = recall_of(catches(vote_twice=3, stale_read=40, hard=None), 400)
    assert compared(record, catches(vote_twice=30, stale_read=2, hard=None), 1.0).validity is (
        Validity.VALID
    )
    # One bug for another: as many as before.
    swapped = compared(record, catches(vote_twice=30, stale_read=None, hard=9), 1.0)
    assert swapped.validity is Validity.VALID
    # One that came since the record counts on top, found or not.
    more = compared(record, catches(vote_twice=3, stale_read=40, hard=None, new=None), 1.0)
    assert more.validity is Validity.VALID


def test_a_record_of_nothing_proves_nothing() -> None:
    for record in (recall_of([], 400), recall_of(catches(vote_twice=None), 400)):
        assert compared(record, catches(vote_twice=3), 1.0).validity is Validity.UNKNOWN


def test_recall_that_has_fallen() -> None:
    record = recall_of(catches(vote_twice=3, stale_read=40), 400)
    found = compared(record, catches(vote_twice=None, stale_read=40), 1.0)
    assert found.validity is Validity.INVALID
    (case,) = found.problems
    assert case.name == "vote-twice"
    assert "after 3" in (case.problem or "")
    # A new bug that is found does not make up for an old one that is not.
    found = compared(record, catches(vote_twice=None, stale_read=40, new=1), 1.0)
    assert found.validity is Validity.INVALID
    # Nor is a bug simply dropped.
    assert compared(record, catches(stale_read=40), 1.0).validity is Validity.INVALID


def test_the_record_is_of_the_whole_zoo(tmp_path: Path) -> None:
    record = read_recall()
    assert set(record.executions) == set(BUGS)
    assert len(record.found) > 0.8 * len(BUGS)
    write_recall(record, tmp_path / "record.json")
    assert read_recall(tmp_path / "record.json") == record
    (tmp_path / "record.json").write_text("{}")
    with pytest.raises(RecordBroken, match="--record makes a new one"):
        read_recall(tmp_path / "record.json")


def test_hunts_are_what_the_record_says() -> None:
    record = read_recall()
    names = ["vote-twice", "stale-read", "log-not-synced"]
    again = recall_of(measure(1, record.budget, names), record.budget)
    assert again == Recall(
        budget=record.budget, executions={name: record.executions[name] for name in names}
    )


# -- Determinism and fresh schedules ---------------------------------------------------------------

UNSTABLE = STORE.replace(
    "        for request in inputs:\n",
    "        order = '-'.join({str(at) for at in range(20)})\n"
    "        self.disk.create(order, b'x')\n"
    "        self.observer.vote_granted(1, order)\n"
    "        for request in inputs:\n",
).replace(
    "        self.records = []\n",
    "        self.records = []\n        self.observer = machine.observer\n",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a store of somebody's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("store", None)
    yield tmp_path
    sys.modules.pop("store", None)


def campaign(**changes: object) -> Campaign:
    made = Campaign(seed=1, runs=6, subject="store:subject", stop_at_first=False)
    return made._replace(**changes)  # type: ignore[arg-type]


def test_our_own_raft_is_deterministic() -> None:
    found = determinism(Campaign(seed=7, strategy="ensemble"), runs=6)
    assert found.validity is Validity.VALID
    assert len(found.cases) == 6


def test_what_depends_on_the_order_of_a_set_is_seen(project: Path) -> None:
    (project / "store.py").write_text(UNSTABLE.replace("BROKEN = True", "BROKEN = False"))
    found = determinism(campaign(), runs=3)
    assert found.validity is Validity.INVALID
    assert "in another process" in (found.problems[0].problem or "")


def test_a_subject_that_the_other_process_cannot_load(project: Path) -> None:
    (project / "store.py").write_text(
        STORE + "\nimport os\nif os.environ.get('PYTHONHASHSEED') == '1': raise SystemExit(3)\n"
    )
    found = determinism(campaign(), runs=2)
    assert found.validity is Validity.INVALID
    assert "exit code 3" in (found.problems[0].problem or "")


def test_ctrl_c_is_none_of_the_other_process_business(project: Path) -> None:
    """A terminal sends it to all processes of a command; it would answer with a traceback."""
    (project / "store.py").write_text(
        STORE.replace("BROKEN = True", "BROKEN = False")
        + "\nimport os, signal\nif os.environ.get('PYTHONHASHSEED') == '1':\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
    )
    assert determinism(campaign(), runs=2).validity is Validity.VALID


def test_a_subject_that_ends_its_process_does_not_end_the_gate() -> None:
    """Seed 5 aborts, as native code does."""
    found = determinism(Campaign(seed=5, subject="tests.subjects.toys:ending"), runs=1)
    assert found.validity is Validity.INVALID
    assert "killed by SIGABRT" in (found.problems[0].problem or "")


def test_of_a_kind_that_fails_often_the_rest_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = Campaign(subject=RAISING)
    result = execute(what, 0, subject_named(RAISING))
    assert result.verdict.failures
    tally = Tally()
    tally.add(result, 1)
    findings = [Finding(1, 1, 1, result, 0, 0.0, is_settled=True)]
    reports = [Report(tally, findings), Report(Tally(), findings)]
    monkeypatch.setattr(
        import_module("nemesis.gate.fuzzing"), "campaign", lambda _: iter_of(reports)
    )
    found = fuzzing(what, tmp_path / "gate", told)
    assert found.validity is Validity.INVALID
    assert (found.problems[0].problem or "").startswith("2 more failures")
    assert not (tmp_path / "gate").exists()


def test_a_run_that_never_returned_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = "killed after 120 s of processor time, as it had not returned"
    tally = Tally()
    tally.add_death(7, ENDLESS)
    reports = [Report(tally, [], [Death(7, 8, how, "last words", is_endless=True)])]
    monkeypatch.setattr(
        import_module("nemesis.gate.fuzzing"), "campaign", lambda _: iter_of(reports)
    )
    found = fuzzing(Campaign(subject=RAISING), tmp_path / "gate", told)
    assert found.validity is Validity.INVALID
    problem = found.problems[0].problem or ""
    assert problem.startswith(f"never-returned: {how}\nlast words\nnot shrunk: ")
    assert load(tmp_path / "gate" / "died-7").results.failures[0].kind == ENDLESS


def test_one_run_of_many_that_is_unknown_makes_the_stage_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = Tally(runs=1_000, verdicts=Counter(valid=1_000))
    tally.add_lost([7], "a process ended")
    monkeypatch.setattr(
        import_module("nemesis.gate.fuzzing"), "campaign", lambda _: iter_of([Report(tally, [])])
    )
    found = fuzzing(Campaign(), tmp_path / "gate", told)
    assert found.validity is Validity.UNKNOWN
    assert found.words.endswith("nobody can tell of seeds 7: a process ended")


def test_no_run_at_all_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("nemesis.gate.fuzzing"), "campaign", lambda _: iter_of([]))
    found = fuzzing(Campaign(), tmp_path / "gate", told)
    assert found.validity is Validity.UNKNOWN
    assert "seeds" not in found.words


def iter_of(reports: list[Report]) -> Iterator[Report]:
    yield from reports


def test_what_fails_is_saved_and_told(project: Path) -> None:
    (project / "store.py").write_text(STORE)
    found = fuzzing(campaign(), project / "gate", told)
    assert found.validity is Validity.INVALID
    problem = found.problems[0].problem or ""
    assert "linearizability" in problem
    place = Path(problem.split("saved in ")[1].splitlines()[0])
    assert load(place).results.validity is Validity.INVALID
    assert (place / "report.html").is_file()


def test_what_does_not_fail_passes(project: Path) -> None:
    (project / "store.py").write_text(STORE.replace("BROKEN = True", "BROKEN = False"))
    found = fuzzing(campaign(only=Campaign().only._replace(faults=("crash",))), project, told)
    assert found.validity is Validity.VALID, found
    assert "6 runs from seed 1 on" in found.words
