"""``splitbrain explore``: what it says, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from nemesis.cli import run


def explore(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(["explore", *arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_a_search_that_finishes_says_what_it_proves(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = explore(capsys, "--depth", "3")
    assert code == 0
    assert "nothing is wrong in 192 states, all that at most 3 moves lead to" in said
    assert "3 servers" in said
    assert "at most 1 crash," in said
    assert "leader-completeness" in said


def test_a_violation_is_shown_as_steps_and_saved(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, said = explore(capsys, "--bug", "commit-of-old-term", "--store", str(tmp_path))
    assert code == 1
    assert "found in 4 moves, and in no fewer: own-term-commit" in said
    assert "4. replicate n1 [n2]" in said
    saved = tmp_path / "explore-commit-of-old-term" / "latest"
    assert run(["replay", str(saved)]) == 0


def test_the_memory_bound_stops_it_and_it_goes_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = str(tmp_path / "search")
    code, said = explore(capsys, "--depth", "4", "--memory", "1", "--checkpoint", file)
    assert code == 2
    assert "takes more than 1 MB" in said
    code, said = explore(capsys, "--depth", "4", "--checkpoint", file, "--resume")
    assert code == 0
    assert "nothing is wrong in 1,083 states, all that at most 4 moves lead to" in said


def test_wrong_arguments_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, reason in (
        (["--resume"], "--resume needs --checkpoint"),
        (["--nodes", "6"], "6 servers"),
        (["--fine", "--deliveries", "2"], "no bounds on deliveries"),
        (["--bug", "vote-twize"], "did you mean 'vote-twice'"),
        (["--bug", "retry-applied-twice"], "not run when a world is explored"),
        (["--checkpoint", "/nowhere/at/all", "--resume"], "cannot be read"),
    ):
        code, said = explore(capsys, *arguments)
        assert code == 254, arguments
        assert reason in said
