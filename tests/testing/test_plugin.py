"""The plugin, in sessions of pytest of their own.

A session runs in this process, unless processes are what it is about: starting Python, and
importing the simulator, takes longer than most sessions do.
"""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from nemesis.replay import refresh, replay
from nemesis.run import Run
from nemesis.store import RESULTS, StoreError, load
from tests.testing.store import STORE

ROOT = Path(__file__).parents[2]
HEALTHY = """
from nemesis.testing import attacked

@attacked(workload="register", faults=("partition", "crash"), nodes=3, runs=8)
def test_raft(run):
    assert run.statistics.invoked
"""
TEST_OF_STORE = """
from nemesis.testing import Attack

class TestStore(Attack):
    subject = "store:subject"
    workload = "register"
    faults = ("unsynced-loss", "crash")
"""


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project in a folder of its own, in which the plugin works as once it is installed."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{pytester.path}")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\ntestpaths = ["."]\n')
    return pytester


def run(session: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return session.runpytest_inprocess("-p", "no:cacheprovider", *arguments)


def test_a_healthy_subject_passes_and_says_what_that_rests_on(session: pytest.Pytester) -> None:
    session.makepyfile(test_it=HEALTHY)
    result = run(session, "--splitbrain-seed", "17")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "splitbrain: seed 17 (again: --splitbrain-seed 17)",
            "test_it.py::test_raft::1-of-4: 2 runs (seeds 17 to 21, every 4th), * 2 valid",
            "test_it.py::test_raft::4-of-4: 2 runs (seeds 20 to 24, every 4th), * 2 valid",
        ]
    )
    assert not (session.path / "histories").exists()


def test_workers_of_one_session_share_its_seed(session: pytest.Pytester) -> None:
    session.makepyfile(test_it=HEALTHY)
    result = session.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)
    header = next(line for line in result.outlines if line.startswith("splitbrain: seed"))
    seed = int(header.split()[2])
    for part in range(4):
        name = f"test_it.py::test_raft::{part + 1}-of-4"
        result.stdout.fnmatch_lines([f"{name}: 2 runs (seeds {seed + part} to *"])


def test_a_bug_is_found_shrunk_told_and_kept_apart(session: pytest.Pytester) -> None:
    session.makepyfile(test_it=HEALTHY + "\ndef test_other():\n    pass\n")
    arguments = ("--splitbrain-bug", "vote-not-persisted", "--splitbrain-seed", "1", "-x")
    result = run(session, *arguments, "--splitbrain-runs", "2000")
    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines(
        [
            "invalid: one-vote-a-term: *",
            "*crash*",
            "again: splitbrain replay store/pytest/vote-not-persisted-*",
            "saved in store/pytest/vote-not-persisted-*",
            "picture: splitbrain report store/pytest/vote-not-persisted-*",
            "found by seed *",
            "shrunk from * step*",
            "FAILED test_it.py::test_raft* - invalid: one-vote-a-term: *",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    assert not (session.path / "histories").exists()


def test_what_failed_is_saved_and_fails_at_once_until_it_is_mended(
    session: pytest.Pytester,
) -> None:
    session.makepyfile(store=STORE, test_store=TEST_OF_STORE)
    first = run(session, "--splitbrain-seed", "1", "-x", "--junitxml", "first.xml")
    first.assert_outcomes(failed=1)
    (kept,) = (session.path / "histories").iterdir()
    reason = load(kept).results.failures[0]
    second = run(session, "--splitbrain-seed", "1000000", "-x", "--junitxml", "second.xml")
    second.assert_outcomes(failed=1)
    second.stdout.fnmatch_lines([f"invalid: {reason.kind}: *", "saved in histories/*"])
    case = next(iter(ElementTree.parse(session.path / "second.xml").iter("testcase")))
    assert case.get("name", "").startswith(f"{reason.kind}: ")
    # The saved run is a test that can be chosen by its name or its folder.
    chosen = run(session, f"histories/{kept.name}")
    chosen.assert_outcomes(failed=1)
    assert run(session, "-k", reason.kind).parseoutcomes()["failed"] == 1
    # The same failure is not saved again.
    run(session, "--splitbrain-seed", "1", "-x", "test_store.py").assert_outcomes(failed=1)
    assert [each.name for each in (session.path / "histories").iterdir()] == [kept.name]
    session.makepyfile(store=STORE.replace("BROKEN = True", "BROKEN = False"))
    mended = run(session, "--splitbrain-seed", "1", "--splitbrain-runs", "8")
    mended.assert_outcomes(passed=5)


def test_what_is_to_fail_adds_no_test_that_must_pass(session: pytest.Pytester) -> None:
    session.makepyfile(
        test_it="""
        import unittest
        import pytest
        from nemesis.testing import attacked

        @pytest.mark.xfail
        @attacked(workload="register", nodes=3, runs=1)
        def test_expected(run):
            assert False

        @attacked(workload="register", nodes=3, runs=1)
        def test_said(run):
            pytest.xfail("it is known")

        @attacked(workload="register", nodes=3, runs=1)
        def test_said_to_be_left_out(run):
            raise unittest.SkipTest("not here")

        @pytest.mark.xfail(False, reason="it was mended")
        @attacked(workload="kv", nodes=3, runs=1)
        def test_mended(run):
            assert False
        """
    )

    def saved_by(*more: str, **outcomes: int) -> int:
        given = ("--splitbrain-seed", "17", "--splitbrain-parts", "1", "test_it.py", *more)
        run(session, *given).assert_outcomes(**outcomes)
        return len(list((session.path / "histories").glob("*/" + RESULTS)))

    assert saved_by("-k", "said", xfailed=1, skipped=1) == 0
    assert saved_by("-k", "expected", xfailed=1) == 0
    assert list((session.path / "store" / "pytest").glob("*/" + RESULTS))
    assert saved_by("-k", "mended", failed=1) == 1
    assert saved_by("-k", "expected", "--runxfail", failed=1) == 2


def test_last_failed_comes_first(session: pytest.Pytester) -> None:
    session.makepyfile(store=STORE, test_store=TEST_OF_STORE, test_it=HEALTHY)
    arguments = ("--splitbrain-seed", "1", "--splitbrain-runs", "8", "--splitbrain-parts", "2")
    arguments += ("--histories", "none")
    failed = session.runpytest_inprocess(*arguments).parseoutcomes()["failed"]
    again = session.runpytest_inprocess("--lf", *arguments).parseoutcomes()
    assert again["failed"] == failed > 0
    assert "passed" not in again


def test_the_test_itself_may_object(session: pytest.Pytester) -> None:
    session.makepyfile(
        test_it="""
        from nemesis.testing import attacked

        @attacked(workload="register", faults=("partition",), nodes=3, runs=4)
        def test_raft(run):
            assert run.statistics.elections == 0, "there were elections"
        """
    )
    result = run(session, "-x", "--splitbrain-seed", "5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "there were elections*",
            "(no judge convicts*",
            "again: pytest histories/healthy-test_it.py-test_raft-5",
            "found by seed 5,*",
        ]
    )
    (kept,) = (session.path / "histories").iterdir()
    assert kept.name == "healthy-test_it.py-test_raft-5"
    # Whoever is killed while it saves a run leaves no results: nobody would find it.
    (kept / RESULTS).unlink()
    run(session, "-x", "--splitbrain-seed", "5", "test_it.py").assert_outcomes(failed=1)
    assert (kept / RESULTS).exists()


def test_who_objected_is_asked_again(session: pytest.Pytester) -> None:
    test = """
        from nemesis.testing import Attack

        class TestRaft(Attack):
            workload, faults, nodes, runs = "register", ("partition",), 3, 4

            def check(self, run):
                assert run.statistics.elections == 0, "there were elections"
        """
    session.makepyfile(test_it=test)
    run(session, "-x", "--splitbrain-seed", "5")
    again = run(session, "histories")
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(
        [
            "test_it.py::TestRaft still objects: there were elections",
            "(no judge convicts*",
            "again: pytest histories/healthy-test_it.py-TestRaft-5",
        ]
    )
    again.stdout.no_fnmatch_line("*Traceback*")
    (kept,) = (session.path / "histories").iterdir()
    left = replay(kept)
    assert left.problems == ()
    assert left.not_replayed == (
        "test_it.py::TestRaft objected to it, which only pytest can ask again"
    )

    def refuse(_run: Run) -> None:
        raise AssertionError

    (problem,) = replay(kept, check=refuse).problems
    assert problem.startswith("test_it.py::TestRaft still objects: there were elections")
    with pytest.raises(StoreError, match="nothing to refresh"):
        refresh(kept)

    # What the test asks for now, the run does; its trace may be another.
    trace = kept / "trace.jsonl"
    trace.write_bytes(trace.read_bytes().replace(b'"n1"', b'"n3"'))
    session.makepyfile(test_it=test.replace("elections == 0", "elections > 0"))
    run(session, "histories").assert_outcomes(passed=1)

    session.makepyfile(test_it=test.replace("TestRaft", "TestOther"))
    gone = run(session, "histories")
    gone.assert_outcomes(failed=1)
    gone.stdout.fnmatch_lines(["test_it.py::TestRaft objected to this run, and there is no such*"])


def test_each_failure_is_kept_and_a_part_without_runs_is_skipped(session: pytest.Pytester) -> None:
    """Two tests draw from the same seeds, and one run of each leaves nothing for the second part."""
    session.makepyfile(
        test_it="""
        from nemesis.testing import attacked

        @attacked(workload="register", faults=("partition",), nodes=3, runs=1)
        def test_raft(run):
            assert run.statistics.elections == 0

        @attacked(workload="queue", faults=("crash",), nodes=3, runs=1)
        def test_queue(run):
            assert run.statistics.elections == 0
        """
    )
    result = run(session, "--splitbrain-seed", "5", "--splitbrain-parts", "2")
    result.assert_outcomes(failed=2, skipped=2)
    kept = sorted(each.name for each in (session.path / "histories").iterdir())
    assert kept == ["healthy-test_it.py-test_queue-5", "healthy-test_it.py-test_raft-5"]


def test_saved_runs_of_the_zoo_must_go_as_they_did(session: pytest.Pytester) -> None:
    kept = session.path / "histories"
    for name in ("zoo-acks-own-tail", "zoo-vote-twice"):
        shutil.copytree(ROOT / "histories" / name, kept / name)
    result = run(session, "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*committed-on-majority: entry 1 of term 2 is committed*PASSED*"])
    trace = kept / "zoo-vote-twice" / "trace.jsonl"
    trace.write_bytes(trace.read_bytes().replace(b'"n1"', b'"n3"'))
    result = run(session)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*zoo-vote-twice is not as it was:", "the trace differs from line*"]
    )


def test_a_broken_saved_run_is_an_error_with_its_reason(session: pytest.Pytester) -> None:
    kept = session.path / "histories" / "zoo-vote-twice"
    shutil.copytree(ROOT / "histories" / "zoo-vote-twice", kept)
    (kept / RESULTS).write_text("{")
    result = run(session)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{RESULTS}: malformed*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_runs_that_prove_nothing_do_not_pass(session: pytest.Pytester) -> None:
    """The disk is slow to sync, and the store never syncs: nothing was attacked."""
    test = TEST_OF_STORE.replace('("unsynced-loss", "crash")', '("slow-disk",)')
    session.makepyfile(store=STORE, test_store=test)
    result = run(session, "--splitbrain-runs", "8")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["nothing was proved: *nothing was attacked*"])


@pytest.mark.parametrize(
    ("argument", "what"),
    [
        ("--splitbrain-time=soon", "--splitbrain-time soon: 'soon' is no time"),
        ("--splitbrain-seed=x", "x: is no integer"),
        ("--splitbrain-runs=0", "must be at least 1"),
        ("--splitbrain-parts=0", "must be at least 1"),
        ("--splitbrain-bug=vote-twise", "did you mean 'vote-twice'"),
    ],
)
def test_arguments_that_make_no_sense(session: pytest.Pytester, argument: str, what: str) -> None:
    result = run(session, argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert what in "\n".join(result.errlines)


def test_histories_that_are_a_file_are_none(session: pytest.Pytester) -> None:
    """Else nothing that was saved would be replayed, and nobody told."""
    (session.path / "a-file").write_text("")
    result = run(session, "--histories", "a-file")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "a-file: is a file" in "\n".join(result.errlines)


def test_what_cannot_be_saved_is_told(session: pytest.Pytester) -> None:
    session.makepyfile(store=STORE, test_store=TEST_OF_STORE)
    result = run(session, "--splitbrain-seed", "1", "-x", "--histories", "/proc/none")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["/proc/none: *; not saved is linearizability: no order of *"])


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ('subject="healthi"', "did you mean 'healthy'"),
        ('workload="registr"', "did you mean 'register'"),
        ('faults=("partitoin",)', "did you mean 'partition'"),
        ('subject="nowhere:subject"', "nowhere"),
        ("faults=()", "a test without faults proves nothing"),
        ('faults="partitoin"', "unknown fault 'partitoin'"),
        ("nodes=0", "nodes=0: must be 1 to 9"),
        ("nodes=10", "nodes=10: must be 1 to 9"),
    ],
)
def test_targets_that_nobody_knows(session: pytest.Pytester, target: str, what: str) -> None:
    session.makepyfile(
        test_it=f"from nemesis.testing import attacked\n\n@attacked({target}, runs=4)\n"
        "def test_raft(run):\n    pass\n"
    )
    result = run(session)
    result.assert_outcomes(failed=4)
    assert what in "\n".join(result.outlines)
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_test_that_wants_fixtures_is_told_so(session: pytest.Pytester) -> None:
    session.makepyfile(
        test_it="""
        from nemesis.testing import attacked

        @attacked(runs=4)
        def test_raft(run, tmp_path):
            pass
        """
    )
    result = run(session)
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["*is called with the run*"])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("async def test_raft(run):\n    assert False", "returned a coroutine"),
        ("def test_raft(run):\n    assert False\n    yield", "returned a generator"),
        ("def test_raft(run):\n    return run is None", "returned a bool"),
    ],
)
def test_a_test_that_asserts_nothing_does_not_pass(
    session: pytest.Pytester, body: str, what: str
) -> None:
    session.makepyfile(
        test_it=f"from nemesis.testing import attacked\n\n@attacked(runs=1)\n{body}\n"
    )
    result = run(session, "--splitbrain-parts", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"test_raft: {what}, which asserts nothing: *"])


@pytest.mark.parametrize(
    ("test", "what"),
    [
        (
            "class TestRaft(Attack):\n    def test_other(self):\n        assert False",
            "TestRaft.test_other would never run: *",
        ),
        (
            "@pytest.mark.parametrize('n', [1, 2])\n@attacked()\ndef test_raft(run, n=3):\n    pass",
            "test_raft: parametrize has no effect on a test that attacks: *",
        ),
        (
            "@pytest.mark.usefixtures('tmp_path')\nclass TestRaft(Attack):\n    pass",
            "TestRaft: usefixtures has no effect on a test that attacks: *",
        ),
    ],
)
def test_what_nobody_would_run_is_told(session: pytest.Pytester, test: str, what: str) -> None:
    session.makepyfile(
        test_it=f"import pytest\nfrom nemesis.testing import Attack, attacked\n\n{test}\n"
    )
    result = run(session)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([what])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_whatever_a_test_raises_is_kept_with_its_seed(session: pytest.Pytester) -> None:
    """And shown without a frame of ours."""
    session.makepyfile(
        test_it="""
        import pytest
        from nemesis.testing import attacked

        @attacked(runs=1)
        def test_raising(run):
            {}["gone"]

        @attacked(runs=1)
        def test_failing(run):
            pytest.fail("by itself")
        """
    )
    options = ("--splitbrain-parts", "1")
    result = run(session, *options, "--splitbrain-seed", "5")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "Traceback (most recent call last):",
            '  File "*test_it.py", line 6, in test_raising',
            "KeyError: 'gone'",
            "found by seed 5,*",
            "by itself",
            "found by seed 5,*",
        ]
    )
    result.stdout.no_fnmatch_line("*items.py*")
    again = run(session, *options, "histories")
    again.assert_outcomes(failed=2)
    again.stdout.fnmatch_lines(
        [
            "*::test_failing still objects: by itself",
            "*::test_raising still objects: KeyError: 'gone'",
        ]
    )


def test_the_seed_is_told_where_there_is_no_header(session: pytest.Pytester) -> None:
    session.makepyfile(
        test_it=HEALTHY,
        test_interrupted="import pytest\n\ndef test_it():\n    pytest.exit('enough')\n",
    )
    seed = "splitbrain: seed 17 (again: --splitbrain-seed 17)"
    for arguments in (("-q", "test_it.py"), ("-q", "test_interrupted.py"), ("--no-header",)):
        result = run(session, "--splitbrain-seed", "17", "--splitbrain-parts", "1", *arguments)
        assert result.outlines.count(seed) == 1
    assert seed not in run(session, "-q", "--co", "--splitbrain-seed", "17").outlines


def test_marks_skip_and_choose(session: pytest.Pytester) -> None:
    session.makepyfile(
        test_it="""
        import pytest
        from nemesis.testing import Attack, attacked

        @pytest.mark.skip(reason="not today")
        @attacked(runs=4)
        def test_raft(run):
            pass

        @pytest.mark.skip(reason="nor this")
        class TestIt(Attack):
            pass
        """
    )
    run(session, "-rs").assert_outcomes(skipped=8)


def test_a_real_cluster_is_attacked_once(session: pytest.Pytester) -> None:
    session.makepyfile(
        test_it="""
        from nemesis.testing import attacked

        @attacked(cluster="process", workload="register", faults=("pause",), nodes=3)
        def test_server(run):
            assert run.variant.startswith("process")
        """
    )
    result = run(session, "--splitbrain-time", "4s", "--splitbrain-seed", "3")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["test_it.py::test_server::1-of-1: 1 run (seed 3) of process*: valid"]
    )


def test_the_history_of_a_saved_run_of_real_processes_is_judged_again(
    session: pytest.Pytester,
) -> None:
    kept = session.path / "histories" / "real"
    shutil.copytree(ROOT / "histories" / "stale-read-linearizability-57", kept)
    results = kept / RESULTS
    text = results.read_text().replace('"variant": "stale-read"', '"variant": "process stale-read"')
    results.write_text(text)
    run(session).assert_outcomes(passed=1)
    results.write_text(text.replace('"history_validity": "invalid"', '"history_validity": "valid"'))
    result = run(session)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*lincheck now calls the history invalid*"])
