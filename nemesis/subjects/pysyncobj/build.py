"""Fetches PySyncObj from PyPI: ``python -m nemesis.subjects.pysyncobj.build``.

Each version goes into a folder of its own, none into this environment: they are loaded side by
side. They are kept in ``~/.cache/splitbrain/pysyncobj``, or in the folder that the variable
SPLITBRAIN_CACHE names. Runs take no network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from nemesis.building import cache_of, install, put_whole
from nemesis.subjects.errors import SubjectMissing

VERSIONS: Final = ("0.3.11", "0.3.14", "0.3.17")
COMMAND: Final = "python -m nemesis.subjects.pysyncobj.build"


def cache() -> Path:
    """Where the versions are kept."""
    return cache_of("pysyncobj")


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
    with put_whole(target) as made:
        failed = f"PySyncObj {version} cannot be fetched"
        install(f"pysyncobj=={version}", made, SubjectMissing, failed=failed)


if __name__ == "__main__":
    for each in VERSIONS:
        fetch(each)
        print(f"PySyncObj {each}: {sources(each)}")
