"""Tests of real clusters: what a run of another session has left is no verdict on this one, and
Ctrl-C leaves no servers."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nemesis.testing.real import attack_real
from nemesis.testing.target import Target

SAVED = Path(__file__).parents[2] / "histories" / "stale-read-linearizability-57"
INTERRUPTING = """
import os, signal, sys
from pathlib import Path

def end(*_):
    Path("ended").touch()
    sys.exit(2)

signal.signal(signal.SIGTERM, end)
os.kill(os.getppid(), signal.SIGINT)
while True:
    signal.pause()
"""


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program in the place of the one that attacks real clusters."""
    monkeypatch.chdir(tmp_path)

    def put(program: str) -> None:
        script = tmp_path / "python"
        script.write_text(f"#!{sys.executable}\n{program}")
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return put


def test_what_was_ended_before_it_began_has_no_verdict(
    tmp_path: Path, runner: Callable[[str], None]
) -> None:
    shutil.copytree(SAVED, tmp_path / "earlier")
    (tmp_path / "latest").symlink_to("earlier")
    runner("print('splitbrain: interrupted: no verdict')\nraise SystemExit(2)\n")
    attacked = attack_real(Target(cluster="process"), 1, None, tmp_path)
    assert attacked.run is None
    assert attacked.problem == "there is no verdict:\nsplitbrain: interrupted: no verdict\n"


def test_ctrl_c_lets_it_end_what_it_has_started(
    tmp_path: Path, runner: Callable[[str], None]
) -> None:
    runner(INTERRUPTING)
    # Where the tests run in the background, SIGINT would be ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            attack_real(Target(cluster="process"), 1, None, tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "ended").exists()
