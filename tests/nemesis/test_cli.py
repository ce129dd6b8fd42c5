"""The command line: what it prints, where it saves, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from nemesis.cli import run
from nemesis.search.campaign import Campaign, Report, campaign
from nemesis.store import find

GOOD = """{"format": "splitbrain-history", "version": 1}
{"index": 0, "process": 0, "type": "invoke", "f": "write", "value": 1}
{"index": 1, "process": 0, "type": "ok", "f": "write", "value": 1}
"""
BAD = (
    GOOD
    + """{"index": 2, "process": 1, "type": "invoke", "f": "read"}
{"index": 3, "process": 1, "type": "ok", "f": "read", "value": 2}
"""
)


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good").write_text(GOOD)
    Path("bad").write_text(BAD)


Capture = pytest.CaptureFixture[str]


def test_check_gives_the_verdict_of_the_worst(capsys: Capture) -> None:
    assert run(["check", "--model", "register", "good"]) == 0
    assert run(["check", "--model", "register", "good", "bad"]) == 1
    out = capsys.readouterr().out
    assert "good: valid" in out
    assert "bad: invalid" in out
    assert "impossible from event 3 on: process 1: read -> 2" in out


def test_check_prints_a_witness(capsys: Capture) -> None:
    assert run(["check", "--model", "register", "--witness", "good"]) == 0
    assert "1. process 0: write 1" in capsys.readouterr().out


def test_check_without_budget_is_unknown(capsys: Capture) -> None:
    pairs = [(a, b) for a in range(5) for b in range(5) if a != b]
    lines = ['{"format": "splitbrain-history", "version": 1}']
    for type_ in ("invoke", "ok"):
        for process, pair in enumerate(pairs):
            event = {
                "index": len(lines),
                "process": process,
                "type": type_,
                "f": "cas",
                "value": pair,
            }
            lines.append(json.dumps(event))
    Path("hard").write_text("\n".join(lines) + "\n")
    first = json.dumps({"index": 0, "process": 99, "type": "invoke", "f": "write", "value": 0})
    lines.insert(1, first)
    # That nobody can have read this takes a search through all the orders.
    last = {"index": len(lines), "process": 100, "type": "invoke", "f": "read"}
    lines.append(json.dumps(last))
    lines.append(json.dumps({**last, "index": len(lines), "type": "ok", "value": 1}))
    Path("hard").write_text("\n".join(lines) + "\n")
    assert run(["check", "--model", "cas-register", "--seconds", "0.000001", "hard"]) == 2
    assert "the budget of 1e-06 s is exhausted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chekc"], "did you mean 'check'"),
        (["check", "good"], "--model"),
        (["check", "--model", "regster", "good"], "did you mean 'register'"),
        (["check", "--model", "register", "nowhere"], "nowhere: cannot be read"),
        (["check", "--model", "kv", "good"], "good:2: "),
        (["check", "--model", "register", "."], "cannot be read"),
        (["fuzz", "--bug", "stale-raed"], "did you mean 'stale-read'"),
        (["fuzz", "--bug", "nothing"], "'nothing': splitbrain zoo list tells all"),
        (["fuzz", "--time", "soon"], "write 90s"),
        (["fuzz", "--time", "0"], "write 90s"),
        (["fuzz", "--runs", "0"], "--runs"),
        (["fuzz", "--rnus", "1"], "--runs"),
        (["fuzz", "--nemesis", "none"], "proves nothing"),
        (["fuzz", "--nemesis", "crahs"], "did you mean 'crash'"),
        (["fuzz", "--nemesis", "crash,none"], "none stands for itself"),
        (["test", "--cluster", "process", "--nemesis", "all,crash"], "all stands for itself"),
        (["test", "--cluster", "process", "--rate", "nan"], "'nan' is no number"),
        (["test", "--cluster", "process", "--rate", "1e-300"], "0.001<=x<=10000"),
        (["test", "--cluster", "process", "--time-limit", "1000h"], "one run holds"),
        (["check", "--model", "kv", "--seconds", "nan", "good"], "'nan' is no number"),
        (["gate", "--minutes", "nan"], "'nan' is no number"),
        (["test", "--nodes", "1", "--nemesis", "crash,partition"], "partition: nothing to hit"),
        (
            ["campaign", "--budget", "9", "--nodes", "2", "--nemesis", "bit-flip"],
            "bit-flip: nothing to hit in a cluster of 2",
        ),
        (["test", "--workload", "kvs"], "did you mean 'kv'"),
        (["test", "--cluster", "simm"], "did you mean 'sim'"),
        (["test", "--nodes", "10"], "1<=x<=9"),
        (["replay", "nowhere"], "nowhere"),
        (["replay"], "PATH"),
        (["report", "."], "it has no results.json"),
        (["fuzz", "--subject", "argparse:HelpFormatter"], "a function without arguments"),
        (["campaign", "--budget", "soon"], "or a number of runs"),
        (["campaign", "--budget", ","], "or a number of runs"),
        (["campaign", "--budget", "9", "--seed", str(1 << 63)], "is not in the range"),
        (["campaign", "--budget", "9", "--name", "-9"], "a letter or digit first"),
        (["campaign", "--budget", "9", "--name", ""], "a letter or digit first"),
        (["campaign", "--budget", "9", "--name", "n" * 101], "100 at most"),
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
    assert not Path("store").exists()


def test_test_saves_what_it_did(capsys: Capture) -> None:
    assert run(["test", "--seed", "3", "--nodes", "5", "--workload", "register"]) == 0
    out = capsys.readouterr().out
    assert "verdict: valid" in out
    (directory,) = find([Path("store/test-healthy/latest")])
    assert {path.name for path in directory.iterdir()} == {
        "schedule.json",
        "history.jsonl",
        "trace.jsonl",
        "results.json",
        "report.html",
    }
    assert run(["replay", str(directory)]) == 0
    assert run(["check", "--model", "cas-register", str(directory / "history.jsonl")]) == 0


def test_a_test_that_attacks_nothing_is_unknown(capsys: Capture) -> None:
    assert run(["test", "--seed", "3", "--nemesis", "none"]) == 2
    assert "nothing was attacked" in capsys.readouterr().out


def test_the_seed_of_a_run_that_is_unknown_is_told(capsys: Capture) -> None:
    assert run(["test", "--nemesis", "none", "--seed", "5"]) == 2
    assert "seeds 5" in capsys.readouterr().out


def test_fuzz_of_the_healthy_raft_is_valid(capsys: Capture) -> None:
    assert run(["fuzz", "--runs", "30", "--seed", "1", "--jobs", "2"]) == 0
    out = capsys.readouterr().out
    assert "30 in" in out
    for words in ("faults", "elections", "linearizability", "election-safety", "verdict: valid"):
        assert words in out
    assert not Path("histories").exists()


def test_what_a_campaign_has_found_is_there_if_it_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dies(what: Campaign) -> Iterator[Report]:
        (report,) = campaign(what._replace(runs=20))
        yield report
        raise MemoryError

    # The command has the name of its module.
    monkeypatch.setattr(sys.modules["nemesis.cli.fuzz"], "campaign", dies)
    arguments = ["fuzz", "--bug", "vote-twice", "--seed", "1", "--runs", "500", "--jobs", "1"]
    assert run([*arguments, "--keep-going", "--histories", "kept"]) == 255
    assert find([Path("kept")]) != []


def test_fuzz_finds_a_bug_shrinks_and_saves_it(capsys: Capture) -> None:
    arguments = ["fuzz", "--bug", "retry-applied-twice", "--seed", "1", "--runs", "500"]
    assert run([*arguments, "--jobs", "1", "--histories", "kept"]) == 1
    out = capsys.readouterr().out
    assert "exactly-once" in out
    assert "shrunk from" in out
    (kept,) = find([Path("kept")])
    assert run(["replay", "kept"]) == 0
    assert "as it was (retry-applied-twice: exactly-once)" in capsys.readouterr().out
    (kept / "trace.jsonl").write_bytes(b"")
    assert run(["replay", "kept"]) == 1
    assert "differs" in capsys.readouterr().out
    assert run(["replay", "--refresh", "kept"]) == 0
    assert run(["replay", "kept"]) == 0


def test_a_bug_that_is_not_found_is_unknown(capsys: Capture) -> None:
    arguments = [
        "fuzz",
        "--bug",
        "length-only",
        "--nemesis",
        "clock-drift",
        "--runs",
        "3",
        "--seed",
        "1",
    ]
    assert run(arguments) == 2
    assert "was not found in 3 runs" in capsys.readouterr().out


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from nemesis.cli import main; main()", *arguments]


def test_the_exit_code_reaches_the_shell() -> None:
    assert (
        subprocess.run(command("check", "--model", "register", "bad"), check=False).returncode == 1
    )
    done = subprocess.run(command("nonsense"), check=False, capture_output=True)
    assert done.returncode == 254


def test_a_full_disk_is_told_in_a_line() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    Path("store").mkdir()
    Path("store/test-healthy").symlink_to("/dev/full")
    done = subprocess.run(
        command("test", "--seed", "1"), check=False, capture_output=True, text=True
    )
    assert done.returncode == 255
    assert done.stderr.count("\n") == 1
    assert "store/test-healthy" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_campaign_with_what_it_has(number: signal.Signals) -> None:
    """And SIGTERM, which is sent to it alone; its workers end with it, or the pipe would not."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    # Where the tests run in the background, SIGINT would be ignored.
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    heeding += "from nemesis.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", heeding, "fuzz", "--time", "10m", "--jobs", "2", "--seed", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as campaign:
        assert campaign.stdout is not None
        assert campaign.stdout.readline().startswith("splitbrain fuzz")
        # A line of progress: the campaign has runs to tell of.
        assert " runs, " in campaign.stdout.readline()
        if number == signal.SIGINT:
            os.killpg(campaign.pid, number)
        else:
            campaign.send_signal(number)
        out, err = campaign.communicate(timeout=60)
    assert campaign.returncode == 0, err
    assert "interrupted" in out
    assert "verdict: valid" in out
    assert "Traceback" not in err


def test_a_campaign_that_is_killed_leaves_no_worker() -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command("fuzz", "--time", "10m", "--jobs", "2", "--seed", "1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as campaign:
        assert campaign.stdout is not None
        assert campaign.stdout.readline().startswith("splitbrain fuzz")
        assert " runs, " in campaign.stdout.readline()
        campaign.kill()
        # The workers write to the same pipe: it ends when the last of them has ended.
        campaign.communicate(timeout=60)


def test_failures_of_a_kind_that_is_known_are_only_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Else a subject with a bug that shows in every run would be shrunk for days."""
    arguments = ["fuzz", "--bug", "vote-twice", "--strategy", "swarm-walk", "--seed", "1"]
    arguments += ["--runs", "200", "--jobs", "1", "--store", str(tmp_path), "--keep-going"]
    assert run(arguments) == 1
    out = capsys.readouterr().out
    found = out.count("found after")
    # Those of the block in which the twentieth is, are shrunk too.
    assert 20 <= found < 40
    counted = re.search(r"^(\d+) more failures, counted and not shrunk", out, re.MULTILINE)
    assert counted is not None
    (summary,) = tmp_path.glob("*/latest/campaign.json")
    assert sum(json.loads(summary.read_bytes())["tally"]["kinds"].values()) == found + int(
        counted[1]
    )
