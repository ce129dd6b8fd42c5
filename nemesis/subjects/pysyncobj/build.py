"""Fetches PySyncObj from PyPI: ``python -m nemesis.subjects.pysyncobj.build``.

Each version goes into a folder of its own, none into this environment: they are loaded side by
side. They are kept in ``~/.cache/splitbrain/pysyncobj``, or in the folder that the variable
SPLITBRAIN_CACHE names. Runs take no network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from nemesis.subjects.errors import SubjectMissing

VERSIONS: Final = ("0.3.11", "0.3.14", "0.3.17")
COMMAND: Final = "python -m nemesis.subjects.pysyncobj.build"


def cache() -> Path:
    """Where the versions are kept."""
    named = os.environ.get("SPLITBRAIN_CACHE")
    root = Path(named) if named else Path.home() / ".cache" / "splitbrain"
    return root.absolute() / "pysyncobj"


def sources(version: str) -> Path:
    """The folder with the package's files. Raises SubjectMissing."""
    folder = cache() / version / "pysyncobj"
    if not (folder / "syncobj.py").exists():
        raise SubjectMissing(f"PySyncObj {version} is not here: {COMMAND} gets it from PyPI")
    return folder


def fetch(version: str) -> None:
    """Get a version that is not there yet. Raises SubjectMissing."""
    target = cache() / version
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        arguments = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", *arguments),
                *("--target", f"{scratch}/{version}", f"pysyncobj=={version}"),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise SubjectMissing(f"PySyncObj {version} cannot be fetched: {done.stderr.strip()}")
        Path(scratch, version).rename(target)


if __name__ == "__main__":
    for each in VERSIONS:
        fetch(each)
        print(f"PySyncObj {each}: {sources(each)}")
