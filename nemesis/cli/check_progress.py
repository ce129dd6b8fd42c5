"""A line that tells how far a long check has come, on terminals only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from checker.formats import ByteFile

_AFTER = 2.0
_EVERY = 0.2


class Progress:
    """Shows a line on standard error once a check takes longer than 2 s; nothing on a pipe.

    ``tick`` is called by whoever works, often. No thread: it would not survive a fork.
    """

    def __init__(
        self,
        name: str,
        *,
        console: Console | None = None,
        is_shown: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        if console is None and is_shown and sys.stderr.isatty():
            console = Console(stderr=True)
        self._name = name
        self._console = console
        self._clock = clock
        self._started = clock()
        self._next = self._started + _AFTER
        self._live: Live | None = None
        self._words: Callable[[], str] = str

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hide()

    def hide(self) -> None:
        """Take the line away, until the next one is shown."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._started

    def now(self, words: Callable[[], str]) -> None:
        """From now on these words say what is done."""
        self._words = words
        self.tick()

    def tick(self) -> bool:
        """Show what is done, if it is time to; False, so that it can be asked whether to stop."""
        if self._console is not None and self._clock() >= self._next:
            self._show(self._console)
        return False

    @contextmanager
    def reading(self, file: ByteFile, size: int) -> Iterator[ByteFile]:
        """The file, whose reading is shown; ``size`` in bytes, 0 if nobody knows."""
        watched = _Watched(file, self.tick)

        def words() -> str:
            share = f" {watched.done / size:.0%}" if size else f" {watched.done >> 20:,} MiB"
            return f"reading{share}"

        self.now(words)
        yield watched
        self.now(lambda: "read")

    def _show(self, console: Console) -> None:
        self._next = self._clock() + _EVERY
        line = Text(f"{self._name}: {self._words()}, {self.seconds:.0f} s", style="dim")
        line.no_wrap, line.overflow = True, "ellipsis"
        if self._live is None:
            self._live = Live(
                line,
                console=console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(line, refresh=True)


class _Watched:
    """An open file that tells when something was read; no more of a file than is needed."""

    def __init__(self, file: ByteFile, tick: Callable[[], bool]) -> None:
        self._file = file
        self._read1: Callable[[int], bytes] = getattr(file, "read1", file.read)
        self._tick = tick
        self.done = 0

    def read(self, size: int = -1) -> bytes:
        return self._told(self._file.read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._told(self._read1(size))

    def _told(self, content: bytes) -> bytes:
        self.done += len(content)
        self._tick()
        return content
