"""What is committed in checker/report/built was built from what is committed beside it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

# What npm says of a network that is not there.
UNREACHABLE = "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH"
REPORT = Path(__file__).parents[2] / "checker" / "report"


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the page's source, with the libraries that its lock names."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not here: install it (package npm) to build the page of reports anew")
    copy = tmp_path_factory.mktemp("report") / "page"
    shutil.copytree(REPORT / "page", copy, ignore=shutil.ignore_patterns("node_modules"))
    installed = subprocess.run(
        ["npm", "ci", "--loglevel=error", "--fetch-retries=1"],
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if installed.returncode and re.search(UNREACHABLE, installed.stderr):
        pytest.skip("npm's registry cannot be reached: the page of reports cannot be built anew")
    assert installed.returncode == 0, installed.stderr
    return copy


def test_the_types_of_the_page_are_right(page: Path) -> None:
    run("npm", "run", "--silent", "check", cwd=page)


def test_the_built_asset_is_current(page: Path, tmp_path: Path) -> None:
    run("node", "build.mjs", str(tmp_path / "built"), cwd=page)
    built = {file.name: file.read_bytes() for file in (tmp_path / "built").iterdir()}
    committed = {file.name: file.read_bytes() for file in (REPORT / "built").iterdir()}
    assert built == committed, "checker/report/built is not what its source gives: run `make page`"


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (REPORT / "page" / "package-lock.json").read_text()
