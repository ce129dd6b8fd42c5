"""What is committed in checker/report/built was built from what is committed beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

REPORT = Path(__file__).parents[2] / "checker" / "report"


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_types_of_the_page_are_right(page_source: Path) -> None:
    run("npm", "run", "--silent", "check", cwd=page_source)


def test_the_built_asset_is_current(page_source: Path, tmp_path: Path) -> None:
    run("node", "build.mjs", str(tmp_path / "built"), cwd=page_source)
    built = {file.name: file.read_bytes() for file in (tmp_path / "built").iterdir()}
    committed = {file.name: file.read_bytes() for file in (REPORT / "built").iterdir()}
    assert built == committed, "checker/report/built is not what its source gives: run `make page`"


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (REPORT / "page" / "package-lock.json").read_text()
