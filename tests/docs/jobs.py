"""Every job of GitHub's workflows, run with small budgets: make test-docs.

Each twice: on the healthy Raft, where it must pass, and on a bug of the zoo, where it must fail and
upload what failed. Nobody asks GitHub for anything: what is uploaded is looked at here.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pytest
from hypothesis.database import GitHubArtifactDatabase

from tests.docs.folder import environment, make_checkout
from tests.docs.workflow_run import Ended, run_job
from tests.docs.workflows import WORKFLOWS, Job, WorkflowError, read_workflow

# The artifact that Hypothesis looks for.
EXAMPLES = "hypothesis-example-db"


class Trial(NamedTuple):
    """What stands in for what, on the healthy Raft and on a bug, and how the latter is told."""

    healthy: tuple[tuple[str, str], ...]
    on_a_bug: tuple[tuple[str, str], ...]
    told: str


def _trial(old: str, new: str, bug: str, told: str, *others: tuple[str, str]) -> Trial:
    return Trial(((old, new), *others), ((old, f"{new} {bug}"), *others), told)


TRIALS: Mapping[str, Trial] = {
    # The zoo is hunted, and all histories are replayed, by .ci/run.
    "gate.yml: gate": _trial(
        "--minutes 10",
        "--minutes 0.1 --no-zoo --histories histories/zoo-stale-read",
        "--subject stale-read",
        "verdict: invalid",
    ),
    "gate.yml: hypothesis": Trial(
        (("-n auto", "-n 1 -k 'macro_steps and 0' --hypothesis-profile dev"),),
        (("-n auto", "-n 1 -k macro_steps --hypothesis-profile dev -x --bug vote-twice"),),
        "one-vote-a-term",
    ),
    # To compile takes more than a minute; .ci/run does, and fuzzes with what was compiled.
    "night.yml: fuzz": _trial(
        "--time 2h",
        "--time 2s",
        "--bug vote-twice",
        "verdict: invalid",
        ("make compiled", "make --dry-run compiled"),
        ("COMPILED=1", ""),
    ),
}


def _jobs() -> dict[str, Job]:
    """One of each name: those of a matrix differ by numbers alone."""
    return {f"{job.workflow}: {job.name}": job for path in WORKFLOWS for job in read_workflow(path)}


def _run(name: str, stand_ins: tuple[tuple[str, str], ...], scratch: Path) -> Ended:
    folder = scratch / "checkout"
    folder.mkdir()
    make_checkout(folder)
    try:
        return run_job(_jobs()[name], stand_ins, folder, scratch)
    except WorkflowError as error:
        pytest.fail(str(error), pytrace=False)


def test_every_job_is_tried() -> None:
    assert _jobs().keys() == TRIALS.keys()


@pytest.mark.parametrize("name", TRIALS)
def test_a_job_passes(name: str, tmp_path: Path) -> None:
    ended = _run(name, TRIALS[name].healthy, tmp_path)
    assert ended.code == 0, ended.printed
    assert bool(ended.summary) == ("splitbrain gate" in ended.printed)


@pytest.mark.parametrize("name", TRIALS)
def test_a_job_that_fails_uploads_what_failed(name: str, tmp_path: Path) -> None:
    ended = _run(name, TRIALS[name].on_a_bug, tmp_path)
    assert ended.code != 0, ended.printed
    assert TRIALS[name].told in ended.printed
    for artifact, files in ended.artifacts.items():
        assert files, f"{artifact} is empty"
    _replay(ended, tmp_path)
    examples = ended.artifacts.get(EXAMPLES, ())
    assert bool(examples) == ("--hypothesis-database" in ended.printed)
    if examples:
        _read_examples([tmp_path / "checkout" / each for each in examples], tmp_path)


def _replay(ended: Ended, scratch: Path) -> None:
    """What was uploaded, and nothing else, fails here as it did there."""
    fetched = scratch / "fetched"
    for each in (each for files in ended.artifacts.values() for each in files):
        (fetched / each).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(scratch / "checkout" / each, fetched / each)
    saved = [path.parent for path in fetched.rglob("schedule.json") if path.parent.name != "sample"]
    assert saved, "no run was uploaded"
    replayed = subprocess.run(
        ["splitbrain", "replay", str(saved[0])],
        cwd=fetched,
        env=environment(fetched),
        capture_output=True,
        text=True,
        check=False,
    )
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def _read_examples(files: list[Path], scratch: Path) -> None:
    """An artifact has its files without the folder that was named; Hypothesis finds some by a key."""
    fetched = scratch / "artifacts"
    fetched.mkdir()
    # Called by when it was fetched, which was just now, so that nothing is fetched.
    name = datetime.now(UTC).isoformat().replace(":", "_")
    with ZipFile(fetched / f"{name}.zip", "w") as artifact:
        for each in files:
            artifact.write(each, Path(*each.parts[-2:]))
    database = GitHubArtifactDatabase("owner", "repository", EXAMPLES, path=fetched)
    # Keys are kept as values, too.
    assert any(list(database.fetch(each.read_bytes())) for each in files)
