"""The scenarios of ``scenarios/*.txt``: what they print must be what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.scenario import (
    Block,
    ScenarioError,
    read_scenario,
    run_scenario,
    write_scenario,
)

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


def test_there_are_scenarios() -> None:
    assert len(FILES) >= 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path, request: pytest.FixtureRequest) -> None:
    blocks = read_scenario(path)
    now = run_scenario(blocks)
    if request.config.getoption("--rewrite"):
        write_scenario(path, now)
        return
    for written, printed in zip(blocks, now, strict=True):
        assert printed.expected == written.expected, f"after {written.command!r}"


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    for path in FILES:
        copy = tmp_path / path.name
        write_scenario(copy, read_scenario(path))
        assert copy.read_text() == path.read_text()


def test_a_changed_line_fails() -> None:
    (block,) = run_scenario([Block((), "cluster 1", ())])
    assert block.expected == ("n1 follower term=0 voted_for=None log=[] commit=0",)


def test_errors_name_the_place(tmp_path: Path) -> None:
    path = tmp_path / "broken.txt"
    path.write_text("# a comment\n\ncluster 3\nn1\n")
    with pytest.raises(ScenarioError, match=r"broken\.txt:3: ---- must follow"):
        read_scenario(path)
    with pytest.raises(ScenarioError, match="unknown command 'fly'"):
        run_scenario([Block((), "fly n1", ())])
