"""``splitbrain check``: conditions weaker than linearizability, and levels of isolation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nemesis.cli import run
from tests.nemesis.check.checks import STALE, Capture, check, objects

# Newer Pythons warn of forks beside threads, which the runner of the tests may have.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.mark.parametrize(
    ("file", "condition", "code"),
    [
        ("stale", "linearizable", 1),
        ("stale", "sequential", 0),
        ("stale", "session", 0),
        ("stale", "stale:5ns", 0),
        ("stale", "stale:4ns", 1),
        ("stale", "stale:1ms", 0),
        ("stale", "versions:1", 1),
        ("stale", "versions:2", 0),
        ("wrong", "sequential", 1),
        ("wrong", "read-your-writes", 1),
        ("wrong", "read-your-writes + monotonic-reads", 1),
        ("wrong", "stale:9s", 1),
        ("wrong", "versions:4", 1),
        ("good", "monotonic-writes", 0),
    ],
)
def test_the_exit_code_is_by_the_condition(
    file: str, condition: str, code: int, capsys: Capture
) -> None:
    assert check(file, "--condition", condition) == code
    assert check(file, "--condition", condition, "--json") == code
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["condition"] == condition
    assert bool(told["failures"]) == (code == 1)


def test_conditions_that_do_not_apply_are_unknown(capsys: Capture) -> None:
    Path("timeless").write_text(re.sub(r', "time": \d+', "", STALE))
    assert check("timeless", "--condition", "stale:1s") == 2
    assert "does not tell when" in capsys.readouterr().out
    assert check("lost.edn", "--condition", "versions:2", model="list-append") == 2
    assert "no versions to count" in capsys.readouterr().out


def test_an_unknown_operation_has_its_line_under_any_condition(capsys: Capture) -> None:
    for condition in ("sequential", "session", "stale:1s", "versions:2"):
        assert check("good", "--condition", condition, model="kv") == 254
        assert capsys.readouterr().err.startswith("splitbrain: good:2: ")


def test_weaker_conditions_are_listed(capsys: Capture) -> None:
    assert check("stale", "--weaker") == 1, "the exit code is that of linearizability"
    out = capsys.readouterr().out
    assert re.search(r"sequential +valid", out)
    assert re.search(r"stale +valid +by at most 5 ns", out)
    assert re.search(r"versions +valid +one of the latest 2", out)
    assert "strongest that holds: sequential" in out
    assert check("wrong", "--weaker", "--json") == 1
    (told,) = objects(capsys)
    assert told["weaker"]["strongest"] == []
    assert check("stale", "--weaker", "--condition", "sequential") == 0
    assert "strongest that holds: sequential" in capsys.readouterr().out
    assert check("good", "--weaker") == 0
    assert "strongest that holds: linearizable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("level", "code"),
    [("", 1), ("=snapshot-isolation", 1), ("=read-committed", 0)],
)
def test_transactions_are_judged_by_a_level(level: str, code: int, capsys: Capture) -> None:
    assert run(["check", "lost.edn", f"--isolation{level}"]) == code
    out = capsys.readouterr().out
    assert f"({level[1:] or 'strict-serializable'}, 4 operations" in out
    assert "lost-update" in out
    assert run(["check", "lost.edn", f"--isolation{level}", "--json"]) == code
    (told,) = objects(capsys)
    assert told["isolation"]["found"] == {"G-single": 1, "lost-update": 1}
