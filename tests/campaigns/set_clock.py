"""Programs on a machine whose calendar is set again and again while they run."""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

DAY = 86_400
# Wrong by so many seconds, one after another: back and forth, further than certificates hold.
_JUMPS = (3 * DAY, -3 * DAY, -800 * DAY, 800 * DAY, 0)
_BETWEEN, _LONGEST = 0.1, 300.0


class Ended(NamedTuple):
    """``jumps``: how often the clock was set before it ended."""

    code: int
    printed: str
    jumps: int


class SetClock:
    """A calendar for programs that are started in its ``environment``."""

    def __init__(self, library: Path, wrong_by: Path) -> None:
        self._file = wrong_by.open("w+b")
        self._file.write(bytes(8))
        self._file.flush()
        self._shared = mmap.mmap(self._file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library), "WRONG_BY": str(wrong_by)}

    def set(self, wrong_by: int) -> None:
        """In s, of all programs at once, those that run already, too."""
        self._shared[:] = struct.pack("=q", wrong_by)

    def run(
        self, command: Sequence[str], folder: Path, may_jump: Callable[[], bool] = lambda: True
    ) -> Ended:
        """Ten times a second it is set, if it may, until the program ends. Raises TimeoutExpired if
        that does not."""
        output, jumps = folder / "printed", 0
        with (
            output.open("wb") as printed,
            subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                for _ in range(int(_LONGEST / _BETWEEN)):
                    with suppress(subprocess.TimeoutExpired):
                        return Ended(process.wait(_BETWEEN), output.read_text(), jumps)
                    if may_jump():
                        self.set(_JUMPS[jumps % len(_JUMPS)])
                        jumps += 1
            finally:
                process.kill()
        raise subprocess.TimeoutExpired(command, _LONGEST, output.read_bytes())

    def close(self) -> None:
        self._shared.close()
        self._file.close()


def build_library(folder: Path) -> Path:
    """What is loaded into a program before the C library. Raises CalledProcessError."""
    source, library = Path(__file__).with_suffix(".c"), folder / "set_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
    return library
