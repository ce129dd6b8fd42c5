"""The workflows of GitHub are ones that it takes, and call only what is there. make test-docs runs
them (jobs.py)."""

from __future__ import annotations

import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from tests.docs.workflow_calls import calls_of, refuse_wrong
from tests.docs.workflow_run import OF_GITHUB, run_job
from tests.docs.workflows import (
    WORKFLOWS,
    Job,
    Step,
    WorkflowError,
    parse_workflow,
    read_workflow,
)

# Seeds for each part of each night.
A_NIGHT = 10_000_000


def workflow(*steps: str, job: str = "") -> str:
    """A workflow of one job."""
    lines = "".join(f"      - {step}\n" for step in steps)
    return f"name: a\non: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n{job}    steps:\n{lines}"


def only(text: str) -> Job:
    (job,) = parse_workflow(text, "a.yml")
    return job


def step(command: str) -> Step:
    return Step("a.yml: b, step 1", command, {}, None, False)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_calls_is_there(path: Path, tmp_path: Path) -> None:
    called = []
    for job in {each.name: each for each in read_workflow(path)}.values():
        for each in job.steps:
            calls = calls_of(each, tmp_path) if each.run is not None else []
            assert bool(calls) == (each.run is not None), each.place
            for call in calls:
                refuse_wrong(call, each.place)
            called += calls
    assert called


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_artifacts_are_uploaded_by_names_of_their_own_whatever_failed(path: Path) -> None:
    steps = [each for job in read_workflow(path) for each in job.steps if each.upload is not None]
    names = [each.upload.name for each in steps if each.upload is not None]
    assert len(names) == len(set(names)) > 0
    assert all(each.is_always for each in steps)


def test_no_two_parts_of_any_nights_share_a_seed(tmp_path: Path) -> None:
    (path,) = [each for each in WORKFLOWS if each.name == "night.yml"]
    first = []
    for night in ("1", "2", "3"):
        for job in read_workflow(path):
            variables = {**OF_GITHUB, "GITHUB_RUN_NUMBER": night}
            calls = [call for each in job.steps for call in calls_of(each, tmp_path, variables)]
            arguments = [word for call in calls for word in call if word.startswith("ARGS=")]
            (words,) = (shlex.split(each.removeprefix("ARGS=")) for each in arguments)
            first.append(int(words[words.index("--seed") + 1]))
    assert len(first) > 3
    assert all(after - before >= A_NIGHT for before, after in pairwise(first))


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("splitbrain gate --minuts 10", "No such option"),
        ("splitbrain gate --minutes ten", "is not a valid float"),
        ("splitbrain gates", "unknown command 'gates'"),
        ("splitbrain", "there is no command"),
        ("splitbrain zoo runs", "unknown command 'runs'"),
        ("make fuzzy", "No rule to make target"),
        ("make fuzz COMPILE=1", "the Makefile has no variable 'COMPILE'"),
        ("make fuzz ARGS='--time 2h --keep'", "No such option"),
        ("make test ARGS=tests/nowhere.py", "file or directory not found: tests/nowhere.py"),
        ("pytest tests/docs/test_workflows.py --bugs x", "unrecognized arguments: --bugs"),
        ("pip install -e '.[moon]'", "no extra 'moon'"),
    ],
)
def test_what_is_not_there_is_refused(command: str, complaint: str, tmp_path: Path) -> None:
    (call,) = calls_of(step(command), tmp_path)
    with pytest.raises(WorkflowError) as caught:
        refuse_wrong(call, "a.yml: b, step 1")
    assert complaint in str(caught.value)


def test_a_step_is_read_as_a_shell_reads_it(tmp_path: Path) -> None:
    command = 'x=2\nmake a "B=$(( x * 3 )) c"\npip install "d e"'
    assert calls_of(step(command), tmp_path) == [["make", "a", "B=6 c"], ["pip", "install", "d e"]]
    with pytest.raises(WorkflowError, match="nothing"):
        calls_of(step("nothing"), tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name: [", "this is no yaml"),
        (workflow("run: ls", job="    needed: c\n"), "nobody knows needed"),
        (workflow("run: ls\n        shells: sh"), "nobody knows shells"),
        (workflow("name: nothing"), "either 'run' or 'uses'"),
        (workflow("uses: actions/checkout@v0"), "the action 'actions/checkout@v0'"),
        (workflow("uses: actions/checkout@v4\n        with: {paths: a}"), "nobody knows paths"),
        (workflow("run: echo ${{ github.moon }}"), "the expression 'github.moon'"),
        (workflow("run: ls\n        env: {A: '${{ matrix.a }}'}"), "the expression 'matrix.a'"),
        (workflow("run: ls\n        if: sometimes()"), "the condition 'sometimes()'"),
    ],
)
def test_a_workflow_that_github_would_not_take_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(text, "a.yml")
    assert complaint in str(caught.value)


def test_a_matrix_has_a_job_for_each_of_its_values() -> None:
    matrix = "    strategy: {matrix: {c: [1, 2], d: [x]}}\n"
    jobs = parse_workflow(workflow("run: ls ${{ matrix.c }} ${{matrix.d}}", job=matrix), "a.yml")
    assert [each.steps[0].run for each in jobs] == ["ls 1 x", "ls 2 x"]


def upload(path: str, *others: str) -> str:
    given = "".join(f"\n          {each}" for each in (f"path: {path}", *others))
    return (
        "uses: actions/upload-artifact@v4\n        if: always()\n        with:\n          name: c"
        + given
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a job runs."""
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def test_a_job_runs_until_a_step_fails_and_then_what_always_runs(
    tmp_path: Path, folder: Path
) -> None:
    job = only(workflow("run: x=1; echo a >b; exit 3", "run: touch c", upload("b"), "run: touch d"))
    ended = run_job(job, (), folder, tmp_path)
    assert ended.code == 3
    assert ended.artifacts == {"c": [Path("b")]}
    assert not (folder / "c").exists()


def test_each_step_has_a_shell_of_its_own_and_what_github_tells(
    tmp_path: Path, folder: Path
) -> None:
    first = "run: |\n          mkdir docs; cd docs\n          x=1\n          echo told >>$GITHUB_STEP_SUMMARY"
    second = 'run: ls docs && test -z "$x" && test $CI = true && test $A = token'
    second += "\n        env: {A: '${{ secrets.GITHUB_TOKEN }}'}"
    ended = run_job(only(workflow(first, second)), (), folder, tmp_path)
    assert ended.code == 0, ended.printed
    assert ended.summary == "told\n"


def test_hidden_files_are_uploaded_only_if_that_is_said(tmp_path: Path, folder: Path) -> None:
    steps = ("run: mkdir -p .a && touch .a/b", upload(".a", "include-hidden-files: true"))
    assert run_job(only(workflow(*steps)), (), folder, tmp_path).artifacts == {"c": [Path(".a/b")]}
    job = only(workflow(steps[0], upload(".a", "if-no-files-found: ignore")))
    assert run_job(job, (), folder, tmp_path).artifacts == {"c": []}


def test_what_nobody_wrote_is_no_artifact(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WorkflowError, match="there is no a to be uploaded"):
        run_job(only(workflow("run: touch b", upload("a"))), (), folder, tmp_path)


def test_what_something_stands_in_for_must_be_there(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WorkflowError, match="there is no 8h"):
        run_job(only(workflow("run: sleep 0")), (("8h", "0"),), folder, tmp_path)
