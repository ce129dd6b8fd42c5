"""A run as one zip file, to be sent to others."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO


def write_archive(directory: Path, root: Path, file: IO[bytes]) -> None:
    """Write all files of a run, below the run's own name; those that lead out of ``root`` by a link
    are left out. Raises OSError."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(directory.rglob("*")):
            # A folder of nodes may hold sockets and pipes, too.
            if path.is_file() and path.resolve().is_relative_to(root):
                name = Path(directory.name) / path.relative_to(directory)
                archive.write(path, name.as_posix())
