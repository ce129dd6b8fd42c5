"""PySyncObj in the simulator: its versions side by side, runs that repeat themselves, what each is
convicted of, and errors planted in what surrounds it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from nemesis.cluster.sim.disk import SimulatedDisk
from nemesis.errors import UnknownName
from nemesis.outcome import Run
from nemesis.run import run
from nemesis.schedule import Knobs, Schedule
from nemesis.search.generate import Only, Size, generate
from nemesis.store import load as load_saved
from nemesis.subjects.errors import SubjectMissing
from nemesis.subjects.pysyncobj import MENDS, VERSIONS, PySyncObj, build
from nemesis.subjects.pysyncobj.files import Files, Mapped
from nemesis.subjects.pysyncobj.loading import load
from nemesis.subjects.pysyncobj.mends import MendError, mended
from nemesis.subjects.pysyncobj.transport import Connections
from nemesis.subjects.registry import subject_named
from nemesis.subjects.streams import Streams
from nemesis.subjects.subject import Machine, Replica
from tests.subjects.runs import ROOT, digests_of, skipped_where_missing

CRASHES = Only(faults=("crash", "crash-all", "partition"))
MANY = Size(attacks=25)


@pytest.fixture(scope="module", autouse=True)
def _is_here() -> None:
    with skipped_where_missing():
        for version in VERSIONS:
            build.sources(version)


def by_default(schedule: Schedule) -> Schedule:
    """With what PySyncObj does if it is told nothing else: no dump within a run, and all that a
    follower lacks in one message."""
    knobs = msgspec.structs.replace(
        schedule.knobs, snapshot_threshold_bytes=0, max_bytes_per_append=1 << 16
    )
    return msgspec.structs.replace(schedule, knobs=knobs)


def run_seed(subject: PySyncObj, seed: int, only: Only = CRASHES, size: Size = MANY) -> Run:
    return run(by_default(generate(seed, size, only, subject)), subject)


# -- Versions ------------------------------------------------------------------------------------


def test_versions_are_loaded_side_by_side() -> None:
    modules = [load(version).module("syncobj") for version in VERSIONS]
    assert [module.VERSION for module in modules] == list(VERSIONS)
    assert len({module.SyncObj for module in modules}) == len(VERSIONS)
    assert "pysyncobj" not in {module.__name__ for module in modules}
    assert load(VERSIONS[0]) is load(VERSIONS[0])


def test_they_are_found_by_name() -> None:
    assert subject_named("pysyncobj").name == f"pysyncobj-{VERSIONS[-1]}" == "pysyncobj-0.3.17"
    for version in VERSIONS:
        assert subject_named(f"pysyncobj-{version}").name == f"pysyncobj-{version}"
    assert subject_named("pysyncobj-outcomes-0.3.14").name == "pysyncobj-outcomes-0.3.14"
    with pytest.raises(UnknownName, match=r"0\.3\.17"):
        subject_named("pysyncobj-0.3.18")


def test_what_to_run_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPLITBRAIN_CACHE", str(tmp_path))
    with pytest.raises(SubjectMissing, match=r"python -m nemesis\.subjects\.pysyncobj\.build"):
        subject_named("pysyncobj-0.3.14")


# -- Runs repeat themselves ----------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_repeats_itself(version: str) -> None:
    assert len(digests_of(f"pysyncobj-{version}", range(4), hash_seeds=("17",))) == 1


# -- Verdicts ------------------------------------------------------------------------------------


def test_the_newest_version_bears_crashes_and_networks() -> None:
    subject = PySyncObj("0.3.17")
    effects: Counter[str] = Counter()
    for seed in range(25):
        made = run_seed(subject, seed, Only(), Size())
        assert made.verdict.failures == (), f"seed {seed}"
        effects.update(made.statistics.effects)
    assert {"partition", "duplicate", "reorder", "loss", "crash", "pause"} <= set(effects)


def test_the_second_forgets_its_term() -> None:
    subject = PySyncObj("0.3.14")
    kinds = Counter(
        made.verdict.failures[0].kind if made.verdict.failures else "valid"
        for made in (run_seed(subject, seed) for seed in range(10))
    )
    assert set(kinds) <= {"valid", "monotonic-term"}
    assert kinds["monotonic-term"] >= 5


def test_clients_of_the_second_see_what_comes_of_that() -> None:
    made = run_seed(PySyncObj("0.3.14", outcomes_only=True), 22)
    assert [failure.kind for failure in made.verdict.failures] == ["linearizability"]


def test_the_first_commits_what_is_not_of_its_term() -> None:
    subject = PySyncObj("0.3.11")
    kinds = {
        made.verdict.failures[0].kind
        for made in (run_seed(subject, seed, Only(), Size()) for seed in range(25))
        if made.verdict.failures
    }
    assert {"own-term-commit", "monotonic-commit", "monotonic-term"} <= kinds


# -- Errors planted around it --------------------------------------------------------------------


class _Forgetful(PySyncObj):
    """Whatever starts finds no such file."""

    def __init__(self, lost: str) -> None:
        super().__init__("0.3.17")
        self._lost = lost

    def start(self, machine: Machine) -> Replica:
        if self._lost in machine.disk.files():
            machine.disk.remove(self._lost)
        return super().start(machine)


@pytest.mark.parametrize(
    ("lost", "kind"),
    [
        # Term, vote and commitIndex. The term is that of the last entry then.
        ("journal.meta", "one-vote-a-term"),
        ("journal", "committed-on-majority"),
    ],
)
def test_a_file_that_is_lost_convicts_it(lost: str, kind: str) -> None:
    subject = _Forgetful(lost)
    found = {
        made.verdict.failures[0].kind
        for made in (run_seed(subject, seed) for seed in range(10))
        if made.verdict.failures
    }
    assert kind in found


def test_a_follower_that_keeps_what_conflicts_convicts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = load("0.3.17").module("syncobj").SyncObj
    monkeypatch.setattr(store, "_SyncObj__deleteEntriesFrom", lambda *_: None)
    subject = PySyncObj("0.3.17")
    kinds = {
        failure.kind
        for made in (run_seed(subject, seed) for seed in range(5))
        for failure in made.verdict.failures[:1]
    }
    assert kinds & {"log-matching", "state-machine-safety"}


# -- What it runs on -----------------------------------------------------------------------------


def test_a_mapped_file_grows_and_outlives_its_process() -> None:
    disk = SimulatedDisk(Random(0), Counter())
    files = Files(disk)
    with files.open("journal", "wb") as file:
        file.write(b"head")
    mapped = Mapped(files.open("journal", "r+b").fileno(), 0)
    mapped.resize(16)
    mapped[4:8] = b"body"
    disk.crash()
    again = Mapped(files.open("journal", "r+b").fileno(), 0)
    assert again.size() == 16
    assert again[0:9] == b"headbody\0"
    with pytest.raises(FileNotFoundError):
        files.open("journal.meta", "rb")


class _Node:
    def __init__(self, name: str) -> None:
        self.id = name


def _pair() -> tuple[dict[str, Streams], dict[str, Connections], list[Any]]:
    told: list[Any] = []
    streams = {
        name: Streams(name, Random(name), resend_after=50, give_up_after=1000)
        for name in ("n1", "n2")
    }
    ends = {}
    for name, peer in (("n1", "n2"), ("n2", "n1")):
        end = Connections(streams[name], {peer: _Node(peer)}, retry_after=100, silent_after=200)
        end.on_connected = lambda node, name=name: told.append((name, "connected", node.id))  # type: ignore[misc]
        end.on_disconnected = lambda node, name=name: told.append((name, "disconnected", node.id))  # type: ignore[misc]
        end.on_message = lambda node, message, name=name: told.append((name, node.id, message))  # type: ignore[misc]
        ends[name] = end
    return streams, ends, told


def _exchange(streams: dict[str, Streams], ends: dict[str, Connections], now: int) -> None:
    for _ in range(6):
        for each in streams.values():
            for segment in each.take():
                ends[segment.target].receive(segment, now)


def test_the_greater_name_connects_and_what_is_sent_without_a_connection_is_dropped() -> None:
    streams, ends, told = _pair()
    assert not ends["n1"].send("n2", "too early", 0)
    ends["n1"].tick(0)
    assert streams["n1"].take() == []
    ends["n2"].tick(0)
    _exchange(streams, ends, 1)
    assert set(told) == {("n1", "connected", "n2"), ("n2", "connected", "n1")}
    assert ends["n1"].send("n2", "hello", 2)
    _exchange(streams, ends, 3)
    assert told[-1] == ("n2", "n1", "hello")


def test_a_silent_connection_is_closed_when_it_is_to_be_used_and_tried_again() -> None:
    streams, ends, told = _pair()
    ends["n2"].tick(0)
    _exchange(streams, ends, 1)
    assert not ends["n2"].send("n1", "anybody there?", 300)
    assert told[-1] == ("n2", "disconnected", "n1")
    _exchange(streams, ends, 301)
    assert told[-2:] == [("n1", "connected", "n2"), ("n2", "connected", "n1")] or told[-2:] == [
        ("n2", "connected", "n1"),
        ("n1", "connected", "n2"),
    ]


def test_it_is_told_what_it_can_be_configured_by() -> None:
    subject = PySyncObj("0.3.17")
    drawn = Knobs(spares=2, reads="lease", asynchronous_storage=True, session_timeout=1)
    knobs = subject.knobs(drawn)
    assert (knobs.spares, knobs.reads, knobs.asynchronous_storage) == (0, "log", False)
    assert knobs.session_timeout is None
    assert subject.knobs(knobs) == knobs


# -- What is found, and what cures it ------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "saved"),
    [
        ("commit-without-match", "state-machine-safety-10"),
        ("old-dump", "state-machine-safety-277"),
        ("cut-agreeing-entries", "committed-on-majority-2"),
        ("journal-behind-dump", "committed-on-majority-99"),
        ("next-index-goes-up", "liveness-10"),
    ],
)
def test_what_a_saved_run_convicts_is_cured_by_one_mend_and_no_other(
    finding: str, saved: str
) -> None:
    schedule = load_saved(ROOT / "histories" / f"pysyncobj-0.3.17-{saved}").schedule
    kind = saved.rpartition("-")[0]
    others = PySyncObj("0.3.17", mends=[name for name in MENDS if name != finding])
    assert run(schedule, others).verdict.failures[0].kind == kind
    assert run(schedule, PySyncObj("0.3.17", mends=[finding])).verdict.failures == ()


def test_clients_see_what_is_committed_without_a_match() -> None:
    saved = load_saved(ROOT / "histories" / "pysyncobj-outcomes-0.3.17-linearizability-39")
    for name in MENDS:
        mended_one = PySyncObj("0.3.17", outcomes_only=True, mends=[name])
        kinds = [failure.kind for failure in run(saved.schedule, mended_one).verdict.failures]
        assert kinds == ([] if name == "commit-without-match" else ["linearizability"])


def test_with_all_mends_it_bears_dumps_and_small_messages_too() -> None:
    subject = subject_named("pysyncobj-mended-0.3.17")
    milestones: Counter[str] = Counter()
    for seed in range(20):
        made = run(generate(seed, tested=subject), subject)
        assert made.verdict.failures == (), f"seed {seed}"
        milestones.update(made.statistics.milestones)
    assert milestones["snapshots installed"]


def test_mends_fit_one_version_only() -> None:
    with pytest.raises(MendError, match="commit-without-match"):
        mended("another source", ["commit-without-match"])
    with pytest.raises(UnknownName, match="old-dump"):
        mended("", ["old-dumps"])
