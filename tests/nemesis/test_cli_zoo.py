"""``splitbrain zoo``: what it tells of the bugs, and of the hunts for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from nemesis.cli import run
from nemesis.replay import replay
from raft.bugs import BUGS

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_list_names_every_bug(capsys: Capture) -> None:
    assert run(["zoo", "list"]) == 0
    out = capsys.readouterr().out
    for name, bug in BUGS.items():
        assert f"{name} " in out
        assert bug.summary in out
    assert f"{len(BUGS)} bugs" in out


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("commit-of-old-term", "raft.consensus.replication."),
        ("log-not-synced", "raft.storage."),
        ("retry-applied-twice", "raft.kv."),
        ("reply-to-wrong-client", "raft.waiting_clients.WaitingClients.is_own"),
    ],
)
def test_a_bug_is_shown_with_its_witness_and_who_convicts_it(
    name: str, overrides: str, capsys: Capture
) -> None:
    assert run(["zoo", "show", name]) == 0
    out = capsys.readouterr().out
    bug = BUGS[name]
    assert bug.summary in out
    assert bug.source in out
    assert f"overrides: {overrides}" in out
    for line in bug.witness.splitlines():
        assert f"  {line}\n" in out
    assert any(f"{kind}: " in out for kind in bug.convicted_by)


def test_a_round_of_hunts_is_told_and_written(capsys: Capture) -> None:
    arguments = ["zoo", "run", "vote-twice", "stale-read", "--seeds", "2", "--budget", "500"]
    files = ["--json", "record.json", "--page", "page.md", "--save", "kept"]
    assert run([*arguments, "--jobs", "1", *files]) == 0
    out = capsys.readouterr().out
    assert "vote-twice: found after" in out
    assert "4 of 4 hunts found their bug within 500 executions" in out
    record = json.loads(Path("record.json").read_text())
    assert [row["bug"] for row in record["rows"]] == ["stale-read", "vote-twice"]
    assert all(row["found"] == 2 for row in record["rows"])
    assert set(record["rows"][0]["convicted_by"]) == {"linearizability"}
    assert Path("page.md").read_text().startswith("# The zoo")
    for name in ("vote-twice", "stale-read"):
        assert replay(Path("kept") / f"zoo-{name}").problems == ()


def test_a_bug_that_is_missed_is_an_error(capsys: Capture) -> None:
    arguments = ["zoo", "run", "length-only", "--strategy", "timed", "--budget", "2"]
    assert run([*arguments, "--seeds", "1", "--jobs", "1"]) == 1
    out = capsys.readouterr().out
    assert "length-only: not found in 2 executions" in out
    assert "missed: length-only" in out


def test_the_quick_form_needs_the_runs_that_are_kept(capsys: Capture) -> None:
    assert run(["zoo", "run", "vote-twice", "--quick"]) == 1
    assert "no run is kept" in capsys.readouterr().out
    assert run(["zoo", "run", "vote-twice", "--seeds", "1", "--save", "histories"]) == 0
    capsys.readouterr()
    assert run(["zoo", "run", "vote-twice", "--quick"]) == 0
    assert "1 bug: 0 problems" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zoo", "shwo"], "did you mean 'show'"),
        (["zoo", "show", "stale-raed"], "did you mean 'stale-read'"),
        (["zoo", "run", "stale-raed"], "did you mean 'stale-read'"),
        (["zoo", "run", "stale-read", "--budget", "0"], "--budget"),
        (["zoo", "run", "stale-read", "--strategy", "tiemd"], "did you mean 'timed'"),
        (["zoo", "run", "--quick", "--page", "page.md"], "it takes no other option"),
        (["zoo", "run", "--quick", "--seeds", "5"], "it takes no other option"),
        (["fuzz", "--strategy", "role-walk", "--nodes", "5"], "--strategy timed alone"),
    ],
)
def test_bad_arguments_are_told_in_a_line(
    arguments: Sequence[str], message: str, capsys: Capture
) -> None:
    assert run(arguments) == 254
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize("option", ["--page", "--json"])
def test_what_cannot_be_written_is_told_before_the_hunts(option: str, capsys: Capture) -> None:
    arguments = ["zoo", "run", "vote-twice", "--seeds", "1", "--jobs", "1", "--no-shrink"]
    assert run([*arguments, option, "no/page.md"]) == 255
    captured = capsys.readouterr()
    assert "no/page.md: No such file" in captured.err
    assert captured.out == ""
