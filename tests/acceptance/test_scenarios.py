"""The scenarios of ``scenarios/*.txt``: what they print must be what stands there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from raft.consensus import Settings
from tests.acceptance.consensus_cluster import ConsensusCluster
from tests.acceptance.scenario import run_scenario
from tests.acceptance.scenario_format import (
    Block,
    ScenarioError,
    read_scenario,
    write_scenario,
)

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


def test_there_are_scenarios() -> None:
    assert len(FILES) >= 70


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


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("deliver AppendEntry", "'AppendEntry' names no messages"),
        ("snapshot n1 7", "only 0 entries are committed"),
        ("change n1 add=n2", "Invalid enum value 'add'"),
    ],
)
def test_a_command_that_means_nothing_is_an_error(command: str, message: str) -> None:
    with pytest.raises((ScenarioError, msgspec.ValidationError), match=message):
        run_scenario([Block((), "cluster 3", ()), Block((), command, ())])


def test_a_command_that_finds_no_message_says_so() -> None:
    _, block = run_scenario([Block((), "cluster 3", ()), Block((), "deliver n1->n2", ())])
    assert block.expected == ("no such message",)


def test_a_restart_keeps_the_snapshot_and_what_follows_it() -> None:
    """What is persistent, and nothing else: the commit index is the snapshot's again."""
    cluster = ConsensusCluster(1, {"n1": (1, 1, 1)}, settings=Settings(pre_vote=False))
    cluster.elect("n1")
    cluster.settle("n1")
    cluster.take_snapshot("n1", 2)
    cluster.restart("n1")
    server = cluster["n1"]
    assert (server.log.base_index, server.log.last_index, server.commit_index) == (2, 4, 2)
    assert cluster.state("n1") == b"1.1;2.1"
