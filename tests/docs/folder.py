"""The folder that a page runs in, and what stands on its PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import ROOT

STAND_INS = Path(__file__).parent / "stand_ins"
# What the pages take the reader to have: my_store.
EXAMPLES = Path(__file__).parent / "examples"


def make_checkout(folder: Path) -> None:
    """Copy what Git tracks, as it is now, and give make an environment in which all is installed."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    installed = folder / ".venv"
    installed.mkdir()
    for each in Path(sys.prefix).iterdir():
        if each.name != ".installed":
            (installed / each.name).symlink_to(each)
    # Newer than all that was copied: make has nothing to install.
    (installed / ".installed").touch()


def environment(folder: Path) -> dict[str, str]:
    """The variables of a page's processes: what is run is what stands in this repository."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        "PATH": os.pathsep.join(
            [str(STAND_INS), str(Path(sys.executable).parent), os.environ["PATH"]]
        ),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(EXAMPLES)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": os.environ.get("HOME", str(folder)),
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
