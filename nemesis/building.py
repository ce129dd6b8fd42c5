"""Where what is fetched or built for a test is kept, and how it comes there: whole, or not at all.

That is ``~/.cache/splitbrain``, or the folder that the variable SPLITBRAIN_CACHE names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nemesis.errors import NemesisError


def cache_of(name: str) -> Path:
    """The folder for what is kept under this name; it may not be there yet."""
    named = os.environ.get("SPLITBRAIN_CACHE")
    root = Path(named) if named else Path.home() / ".cache" / "splitbrain"
    return root.absolute() / name


@contextmanager
def put_whole(place: Path) -> Iterator[Path]:
    """A path in a folder of its own, beside the place: what is made there is moved to the place
    at the end, unless something was raised. The folder may hold what that takes, and goes."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        made = Path(scratch) / place.name
        yield made
        # At once: whoever builds the same meanwhile puts the same there.
        os.replace(made, place)


def call(
    command: Sequence[str],
    error: Callable[[str], NemesisError],
    *,
    what: str,
    failed: str | None = None,
    patience: float | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Wait for a command. Raises the error if what it does takes longer than the patience (s), or
    if it fails: with the text for that, and what the command wrote about it."""
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as expired:
        raise error(f"{what} took more than {patience:g} s") from expired
    if done.returncode:
        raise error(f"{failed or f'{what} failed'}:\n{done.stderr.strip()}")


def install(
    requirement: str, directory: Path, error: Callable[[str], NemesisError], *, failed: str
) -> None:
    """Get a package from PyPI, alone, into a folder. Raises the error, with the text for that."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    to = ["--disable-pip-version-check", "--target", str(directory), requirement]
    call([*command, *to], error, what="pip install", failed=failed)
