"""A run as one zip file, to be sent to others."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO


def write_archive(directory: Path, files: Iterable[Path], file: IO[bytes]) -> None:
    """Write these files of a run, below the run's own name. Raises OSError."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            name = Path(directory.name) / path.relative_to(directory)
            archive.write(path, name.as_posix())
