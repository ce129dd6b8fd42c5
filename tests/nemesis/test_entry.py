"""Ctrl-C while the command line is imported."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Presses Ctrl-C, which a terminal sends to the whole process group, when a module is imported.
_WHILE_IMPORTING = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.killpg(0, signal.SIGINT)

# Where the tests run in the background, SIGINT would be ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Finder())
from nemesis.entry import main
main()
"""


def ended(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    "module",
    ["click", "msgspec", "nemesis.cli", "nemesis.store", "nemesis.cli.fuzz", "rich.console"],
)
def test_ctrl_c_while_modules_are_imported_is_told_in_a_line(module: str) -> None:
    done = ended(_WHILE_IMPORTING.format(module=module), "fuzz", "--runs", "1")
    assert done.stderr == "splitbrain: interrupted: no verdict\n"
    assert done.returncode == 2
    assert done.stdout == ""


def test_the_console_script_is_the_entry() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"splitbrain": "nemesis.entry:main"}
