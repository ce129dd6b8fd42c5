"""``splitbrain gate`` as people call it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checker.verdict import Validity
from nemesis.cli import BAD_ARGUMENTS, CRASH, run
from nemesis.gate.stage import Case, Stage
from tests.testing.store import STORE


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    sys.modules.pop("store", None)
    yield tmp_path
    sys.modules.pop("store", None)


def gate(*arguments: str) -> int:
    brief = ("--no-zoo", "--minutes", "0.01", "--jobs", "1", "--subject", "store:subject")
    return run(["gate", *brief, *arguments])


def test_a_bug_does_not_pass(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "store.py").write_text(STORE)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    assert gate("--seed", "1", "--junit", "gate.xml") == 1
    out = capsys.readouterr().out
    assert "verdict: invalid" in out
    assert "replay      valid   histories holds no saved run: nothing was replayed" in out
    assert "left out" not in out + (project / "summary.md").read_text()
    assert "again: splitbrain replay store/gate/" in out
    assert "splitbrain gate: ❌ invalid" in (project / "summary.md").read_text()
    suites = {each.get("name"): each for each in ElementTree.parse("gate.xml").iter("testsuite")}
    assert list(suites) == ["replay", "determinism", "fuzz"]
    assert suites["fuzz"].get("failures") != "0"
    assert list((project / "store" / "gate" / "latest").glob("linearizability-*/results.json"))


@pytest.mark.long
def test_what_fails_once_must_be_mended(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "store.py").write_text(STORE)
    assert gate("--seed", "1") == 1
    saved = next((project / "store" / "gate" / "latest").resolve().glob("linearizability-*"))
    (project / "histories").mkdir()
    saved.rename(project / "histories" / saved.name)
    capsys.readouterr()
    assert gate("--seed", "1000", "--histories", "histories") == 1
    assert f"{saved.name}:\n    it still fails: linearizability" in capsys.readouterr().out


def test_the_verdict_is_told_though_it_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = Stage("fuzz", Validity.INVALID, "1 violation", 1.0, (Case("seed 1", problem="lost"),))
    monkeypatch.setattr("nemesis.cli.gate._stages", lambda *_: [bad])
    assert run(["gate", "--junit", "/dev/full"]) == CRASH
    told = capsys.readouterr()
    assert "verdict: invalid" in told.out
    assert told.err == "splitbrain: /dev/full: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--histories", "nowhere"], "nowhere: is no folder of saved runs"),
        (["--minutes", "0"], "0"),
        (["--subject", "healthi"], "did you mean 'healthy'"),
        (["--minutes", "0.01", "--junit", "nowhere/gate.xml"], "nowhere is no folder"),
        (["--minutes", "0.01", "--markdown", "."], "is a directory"),
    ],
)
def test_arguments_that_make_no_sense(
    arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["gate", "--no-zoo", *arguments]) == BAD_ARGUMENTS
    assert what in capsys.readouterr().err
