"""The runs below a folder, as rows of a table; read again only where files have changed.

Links are not followed while looking for runs, so ``latest`` does not show a run twice; in an
address they may be used, as long as they lead to something below the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from nemesis.serve.errors import NotInStore
from nemesis.store import HISTORY, RESOLVED, RESULTS, SCHEDULE, TRACE, Results, StoreError

UNFINISHED = "unfinished"
BROKEN = "broken"

# What is read of a run.
_READ = (SCHEDULE, RESULTS, HISTORY, TRACE, RESOLVED)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A run: where it is, relative to the folder, and what came of it."""

    path: str
    # When its last file of all was written, in ns since 1970.
    time: int
    # "valid", "invalid", "unknown"; of a run that has no verdict yet or never will, "unfinished";
    # of one whose results cannot be read, "broken".
    verdict: str
    # Why it is no valid one: kinds of failures, or reasons.
    kinds: tuple[str, ...] = ()
    words: str = ""
    subject: str = ""
    model: str = ""
    operations: int = 0
    faults: tuple[str, ...] = ()
    elections: int = 0
    # In ns.
    duration: int = 0


class Catalogue:
    """What is below ``root``."""

    def __init__(self, root: Path) -> None:
        """Raises StoreError if there is no such folder."""
        if not root.is_dir():
            raise StoreError(f"{root}: is no folder; runs are saved in one by fuzz and test")
        self.root = root.resolve()
        self._known: dict[str, tuple[tuple[int, int], Row]] = {}

    def rows(self) -> list[Row]:
        """All runs, as the disk has them now."""
        found: dict[str, tuple[tuple[int, int], Row]] = {}
        for directory, status in self._directories():
            path = directory.relative_to(self.root).as_posix()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                known = stamp, self._row(directory, path, status)
            found[path] = known
        self._known = found
        return [row for _, row in found.values()]

    def _directories(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Run directories, with the status of the file that tells how they stand."""
        for parent, names, files in os.walk(self.root):
            names.sort()
            if SCHEDULE not in files and RESULTS not in files:
                continue
            path = Path(parent)
            try:
                yield path, os.stat(path / (RESULTS if RESULTS in files else SCHEDULE))
            except OSError:
                # Removed while we looked, or a link that leads nowhere.
                continue

    def directory(self, path: str) -> Path:
        """The run directory at an address. Raises NotInStore."""
        found = self._inside(path)
        if not (os.path.isfile(found / RESULTS) or os.path.isfile(found / SCHEDULE)):
            raise NotInStore(f"{path}: is no run directory")
        stray = self._stray(found)
        if stray is not None:
            raise NotInStore(f"{path}/{stray}: {_STRAY}")
        return found

    def file(self, path: str) -> Path:
        """A file of a run. Raises NotInStore."""
        found = self._inside(path)
        if not os.path.isfile(found):
            raise NotInStore(f"{path}: is no file")
        return found

    def files(self, directory: Path) -> list[Path]:
        """All files in a run directory, in order, without those that lead out of the folder."""
        return [path for path in sorted(directory.rglob("*")) if self.is_file_below(path)]

    def is_file_below(self, path: Path) -> bool:
        """Whether this is a file, and where it leads to lies in the folder."""
        # A folder of nodes may hold sockets and pipes, too.
        return os.path.isfile(path) and path.resolve().is_relative_to(self.root)

    def _stray(self, directory: Path) -> str | None:
        """What would be read of a run, but leads out of the folder, or is a pipe, which may never
        end; None if nothing does."""
        for name in _READ:
            file = directory / name
            if os.path.lexists(file) and not self.is_file_below(file):
                return name
        return None

    def _inside(self, path: str) -> Path:
        # Whatever the dots and links in it say: only where it leads to counts.
        try:
            found = (self.root / path.lstrip("/")).resolve()
        except (OSError, ValueError) as error:
            raise NotInStore(f"{path!r}: is no path") from error
        if not found.is_relative_to(self.root):
            raise NotInStore(f"{path}: is not below the folder that is served")
        return found

    def row(self, directory: Path) -> Row:
        """The row of a run directory."""
        results = directory / RESULTS
        status = os.stat(results if results.is_file() else directory / SCHEDULE)
        return self._row(directory, directory.relative_to(self.root).as_posix(), status)

    def _row(self, directory: Path, path: str, status: os.stat_result) -> Row:
        stray = self._stray(directory)
        if stray is not None:
            time = status.st_mtime_ns
            return Row(path=path, time=time, verdict=BROKEN, words=f"{stray}: {_STRAY}")
        return _row(directory, path, status)


_STRAY = "is no file, or not one below the folder that is served"
_decode = msgspec.json.Decoder(Results).decode


def _row(directory: Path, path: str, status: os.stat_result) -> Row:
    time = status.st_mtime_ns
    try:
        results = _decode((directory / RESULTS).read_bytes())
    except FileNotFoundError:
        words = "it is still going on, or was ended before it had a verdict"
        return Row(path=path, time=time, verdict=UNFINISHED, words=words)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        return Row(path=path, time=time, verdict=BROKEN, words=f"{RESULTS}: {error}")
    statistics = results.statistics
    failures = results.failures
    return Row(
        path=path,
        time=time,
        verdict=results.validity.value,
        kinds=tuple(dict.fromkeys(failure.kind for failure in failures)),
        words=failures[0].message if failures else "; ".join(results.reasons),
        subject=results.variant,
        model=results.model,
        operations=sum(statistics.invoked.values()),
        faults=tuple(statistics.confirmed),
        elections=statistics.elections,
        duration=statistics.duration,
    )
