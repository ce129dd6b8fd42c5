"""``splitbrain check``: budgets, several processes, interrupts, and progress."""

from __future__ import annotations

import io
import multiprocessing
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from nemesis.cli.check_progress import Progress
from tests.nemesis.check.checks import STALE, WRONG, Capture, check, hard, timeless

# Newer Pythons warn of forks beside threads, which the runner of the tests may have.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["--configurations", "2000"], "the budget of 2000 configurations is exhausted"),
        (["--seconds", "0.2"], "the budget of 0.2 s is exhausted"),
        (["--memory", "1"], "the budget of 1048576 bytes of memory is exhausted"),
    ],
)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_budget_holds_and_tells_how_far_it_came(
    option: Sequence[str], reason: str, jobs: str, capsys: Capture
) -> None:
    Path("hard").write_text(hard("x", "y"))
    assert check("hard", *option, "--jobs", jobs, model="cas-register") == 2
    out = capsys.readouterr().out
    assert reason in out
    assert re.search(r"0 of 2 keys were found possible, [0-9,]+ configurations", out)


# Several processes.


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_files_judged_at_once_are_reported_as_one_by_one(
    form: Sequence[str], standard_input: Callable[[str], None], capsys: Capture
) -> None:
    files = ["good", "stale", "-", "broken", "wrong", "nowhere", "good"]
    told = []
    for jobs in ("1", "3"):
        standard_input(STALE)
        assert check(*files, "--jobs", jobs, *form) == 254
        captured = capsys.readouterr()
        told.append((timeless(captured.out), captured.err))
    assert told[0] == told[1]
    assert not multiprocessing.active_children()


def test_keys_judged_at_once_give_the_same_report(capsys: Capture) -> None:
    lines = STALE.splitlines()
    renamed = [line.replace('"x"', '"y"') for line in WRONG.splitlines()[1:]]
    for at, line in enumerate(renamed, 4):
        lines.append(
            re.sub(r'"index": \d+', f'"index": {at}', re.sub(r'"time": \d+', '"time": 99', line))
        )
    Path("keys").write_text("\n".join(lines) + "\n")
    told = []
    for jobs in ("1", "2"):
        assert check("keys", "--jobs", jobs) == 1
        told.append(timeless(capsys.readouterr().out))
    assert told[0] == told[1]
    assert "2 keys" in told[0]


# Interrupts.


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_ends_with_what_is_known(
    jobs: str, interrupted: Callable[[int], None], capsys: Capture
) -> None:
    Path("hard").write_text(hard("x", "y"))
    interrupted(12)
    assert check("hard", "--jobs", jobs, model="cas-register") == 2
    captured = capsys.readouterr()
    assert re.search(r"hard: unknown .*\n  interrupted after .* s\n", captured.out)
    assert captured.err == "splitbrain: interrupted\n"
    assert not multiprocessing.active_children()


def test_an_interrupt_of_files_judged_at_once_ends_all(
    interrupted: Callable[[int], None], capsys: Capture
) -> None:
    Path("hard").write_text(hard("x"))
    interrupted(3)
    assert check("hard", "hard", "hard", "--jobs", "2", model="cas-register") == 2
    assert "3 histories: 1 unknown, 2 not judged" in capsys.readouterr().out
    assert not multiprocessing.active_children()


def test_what_was_found_impossible_stays_so_when_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def interrupt(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("checker.lincheck.checking.earliest_conflict", interrupt)
    assert check("stale", "good") == 1
    out = capsys.readouterr().out
    assert "stale: invalid" in out
    assert "no conflict yet" in out
    assert "2 histories: 1 invalid, 1 not judged" in out


# Progress.


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_shown_on_a_terminal_after_two_seconds() -> None:
    screen, clock = io.StringIO(), Clock()
    console = Console(file=screen, force_terminal=True, width=80)
    with Progress("history", console=console, clock=clock) as progress:
        progress.now(lambda: "3 of 7 keys")
        clock.now = 1.9
        assert not progress.tick()
        assert screen.getvalue() == ""
        clock.now = 2.1
        progress.tick()
        assert "history: 3 of 7 keys, 2 s" in screen.getvalue()
        shown = len(screen.getvalue())
        clock.now = 2.15
        progress.tick()
        assert len(screen.getvalue()) == shown, "not more often than one can read"
        with progress.reading(io.BytesIO(b"12345678"), 16) as file:
            clock.now = 3.0
            assert file.read(8) == b"12345678"
        assert "history: reading 50%, 3 s" in screen.getvalue()


def test_progress_is_shown_nowhere_else(capsys: Capture) -> None:
    clock = Clock()
    with Progress("history", clock=clock) as progress:
        clock.now = 100.0
        progress.now(lambda: "never")
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
