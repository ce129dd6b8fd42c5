"""What PySyncObj finds around it: one process at a time, with its clock, random numbers and files.

Its modules import ``time``, ``random``, ``os`` and so on as ever, and get those here, which ask the
process that runs now. What is not needed is not there: no threads are started, as nothing ticks by
itself, there are no sockets, no pipes that wake up a poller, no processes that write dumps.
"""

from __future__ import annotations

import gzip
from collections import Counter
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any

from nemesis.cluster.sim.disk import SimulatedDisk
from nemesis.subjects.pysyncobj.files import Files, Mapped


class Process:
    """A process of the simulator. ``now`` is what its clock reads, in ns."""

    def __init__(self, random: Random, files: Files, now: int) -> None:
        self.random = random
        self.files = files
        self.now = now


class Surroundings:
    """Of all processes that run one version; ``process`` is the one that runs now."""

    def __init__(self) -> None:
        # While modules are loaded, none does, but the clock is tried out.
        self.process = Process(Random(0), Files(SimulatedDisk(Random(0), Counter())), 0)
        self.modules: dict[str, Any] = {
            "time": SimpleNamespace(
                CLOCK_MONOTONIC_RAW=4, clock_gettime=self._clock, time=self._clock
            ),
            "random": SimpleNamespace(random=self._random),
            "os": SimpleNamespace(
                name="posix",
                path=SimpleNamespace(exists=self._exists, isfile=self._exists),
                rename=self._rename,
            ),
            "shutil": SimpleNamespace(move=self._rename),
            "mmap": SimpleNamespace(mmap=Mapped),
            # The time of the day is part of what it writes.
            "gzip": SimpleNamespace(GzipFile=partial(gzip.GzipFile, mtime=0)),
            "ctypes": SimpleNamespace(),
            "socket": SimpleNamespace(AF_INET=2, error=OSError),
            "select": SimpleNamespace(select=_nothing_to_select),
            "logging": SimpleNamespace(getLogger=lambda _name: _LOGGER, **vars(_LOGGER)),
        }

    def open(self, name: str, mode: str) -> Any:
        """The built-in function."""
        return self.process.files.open(name, mode)

    def _clock(self, _which: int = 0) -> float:
        return self.process.now / 1e9

    def _random(self) -> float:
        return self.process.random.random()

    def _exists(self, name: str) -> bool:
        return self.process.files.exists(name)

    def _rename(self, old: str, new: str) -> None:
        self.process.files.rename(old, new)


# Modules that only compute.
PURE = frozenset(
    {
        *("base64", "collections", "copy", "functools", "io", "pickle", "queue", "struct", "sys"),
        *("threading", "types", "weakref", "zlib"),
        # By pickle.
        *("__builtin__", "_codecs", "builtins", "copyreg"),
    }
)


def _nothing_to_select(*_arguments: Any) -> tuple[list[int], list[int], list[int]]:
    return [], [], []


def _say_nothing(*_arguments: Any) -> None:
    """What is logged is not read."""


_LOGGER = SimpleNamespace(
    **dict.fromkeys(("info", "warning", "error", "exception", "critical"), _say_nothing)
)
