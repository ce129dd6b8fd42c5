"""A project of somebody else: three files, the wheel, ``pytest -n auto``."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.testing.store import STORE
from tests.testing.test_plugin import TEST_OF_STORE

ROOT = Path(__file__).parents[2]
PROJECT = """
[project]
name = "store"
version = "1"

[tool.pytest.ini_options]
pythonpath = ["."]
"""


def run(*command: str | Path, at: Path) -> str:
    ended = subprocess.run(
        [str(each) for each in command],
        cwd=at,
        # Here HOME may be the project: pip leaves nothing there.
        env={"PATH": "/usr/bin:/bin", "HOME": str(at), "PIP_NO_CACHE_DIR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return f"{ended.stdout}\nexit code {ended.returncode}"


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of a virtual environment in which the wheel is installed. What splitbrain
    needs is taken from where this test runs; not so splitbrain itself."""
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", environment, at=tmp_path)
    made = environment / "bin" / "python"
    needs = Path(sysconfig.get_path("purelib"))
    (own,) = (environment / "lib").glob("python*/site-packages")
    (own / "needs.pth").write_text(f"{needs}\n")
    wheels = tmp_path / "wheels"
    built = run(made, "-m", "pip", "wheel", "-q", "--no-deps", "-w", wheels, ROOT, at=ROOT)
    (wheel,) = wheels.glob("splitbrain-*.whl") if wheels.is_dir() else (pytest.fail(built),)
    installed = run(
        made, "-m", "pip", "install", "--no-deps", "--no-index", "--force-reinstall", wheel, at=ROOT
    )
    assert "exit code 0" in installed, installed
    where = run(made, "-c", "import nemesis; print(nemesis.__file__)", at=tmp_path)
    assert str(own) in where, where
    return made


@pytest.mark.long
def test_a_bug_is_found_saved_and_fails_at_once_the_next_time(tmp_path: Path, python: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "store.py").write_text(STORE)
    (project / "test_store.py").write_text(TEST_OF_STORE)
    (project / "pyproject.toml").write_text(PROJECT)
    first = run(python, "-m", "pytest", "-n", "auto", "--splitbrain-seed", "1", at=project)
    assert "exit code 1" in first, first
    assert "invalid: linearizability" in first
    saved = re.search(r"again: (splitbrain replay (histories/\S+).*)", first)
    assert saved is not None, first
    second = run(python, "-m", "pytest", "-x", "--splitbrain-seed", "1000", at=project)
    assert re.search(r"^1 failed|=+ 1 failed in ", second, re.MULTILINE), second
    assert f"saved in {saved[2].rpartition('-')[0]}" in second
    # The command that it tells shows it again, and no longer once the bug is mended.
    command = [python.parent / "splitbrain", *saved[1].split()[1:]]
    assert "exit code 1" in (told := run(*command, at=project)), told
    (project / "store.py").write_text(STORE.replace("BROKEN = True", "BROKEN = False"))
    assert "exit code 0" in (told := run(*command, at=project)), told
    third = run(python, "-m", "pytest", "-n", "auto", "--splitbrain-runs", "8", at=project)
    assert "exit code 0" in third, third
