"""The process of a node: lines go to its standard input, and come from its standard output.

Pipes are read and written by the event loop, as far as they take anything without waiting. What a
process has written before it died was sent; what waited to be read by it is lost with it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from nemesis.cluster.real.processes import ServerProcess
from nemesis.cluster.real.run_file import RunFile

_CHUNK = 1 << 16  # bytes
# A longer line is none, in bytes: it would fill the memory.
LONGEST_LINE = 1 << 24
# So much may wait for a node that reads nothing; more is dropped, in bytes.
_WAITING = 1 << 26


class NodeProcess(ServerProcess):
    """A program, run in a directory of its own that outlasts its processes.

    ``receive`` is called with each line that it writes, without its end, or with what has come of a
    line that is too long; ``begun`` and ``ended`` when there is a process, and none any more.
    Signals go to the whole group of the process: a program may be a script that starts another.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        run_file: RunFile,
        environment: Mapping[str, str],
        directory: Path,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(name, command, log, run_file, environment)
        self._directory = directory
        self._loop = loop
        self._input: IO[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._unread = bytearray()
        self._unwritten = bytearray()
        # Whether more may come from the process.
        self._is_heard = False
        self.receive: Callable[[bytes], None] = lambda line: None
        self.begun: Callable[[], None] = lambda: None
        self.ended: Callable[[], None] = lambda: None

    # -- The process -----------------------------------------------------------------------------

    def start(self) -> None:
        if self.is_running:
            return
        self._hang_up()
        self._directory.mkdir(parents=True, exist_ok=True)
        super().start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        self._input, self._output = process.stdin, process.stdout
        for pipe in (self._input, self._output):
            os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(self._output.fileno(), self._read)
        self._is_heard = True
        self.begun()

    def kill(self) -> bool:
        try:
            return super().kill()
        finally:
            self._hang_up()

    def stop(self, patience: float) -> int | None:
        try:
            return super().stop(patience)
        finally:
            self._hang_up()

    def ended_by_itself(self) -> int | None:
        code = super().ended_by_itself()
        if code is not None:
            self._hang_up()
        return code

    def _open(self, log: IO[bytes], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=self._directory,
            env=environment,
            bufsize=0,
            start_new_session=True,
        )

    def _send(self, process: subprocess.Popen[bytes], number: int) -> None:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            # The last of them ends just now.
            return

    # -- The pipes -------------------------------------------------------------------------------

    def write(self, line: bytes) -> None:
        """Let the process read a line, its end included; lost if there is no process."""
        if self._input is None or len(self._unwritten) > _WAITING:
            return
        is_first = not self._unwritten
        self._unwritten += line
        if is_first:
            self._write()

    def _write(self) -> None:
        pipe = self._input
        if pipe is None:
            return
        try:
            while self._unwritten:
                del self._unwritten[: os.write(pipe.fileno(), self._unwritten[:_CHUNK])]
        except BlockingIOError:
            self._loop.add_writer(pipe.fileno(), self._write)
            return
        except BrokenPipeError:
            # It reads no more; whether it has ended is seen elsewhere.
            self._unwritten.clear()
        self._loop.remove_writer(pipe.fileno())

    def _read(self) -> bool:
        """Take in what there is, up to a chunk; whether there was anything."""
        pipe = self._output
        if pipe is None:
            return False
        try:
            chunk = os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._loop.remove_reader(pipe.fileno())
            self._hear_no_more()
            return False
        searched = len(self._unread)
        self._unread += chunk
        self._split(searched)
        return True

    def _split(self, searched: int) -> None:
        start = 0
        while (end := self._unread.find(b"\n", max(start, searched))) >= 0:
            self.receive(bytes(self._unread[start:end]))
            start = end + 1
        del self._unread[:start]
        if len(self._unread) > LONGEST_LINE:
            self.receive(bytes(self._unread))
            self._unread.clear()

    def _hang_up(self) -> None:
        """The process has ended: take in what it has written, all but a line that it did not
        end, and close the pipes."""
        if self._input is None or self._output is None:
            return
        while self._read():
            pass
        self._unread.clear()
        self._unwritten.clear()
        for pipe, remove in (
            (self._input, self._loop.remove_writer),
            (self._output, self._loop.remove_reader),
        ):
            remove(pipe.fileno())
            pipe.close()
        self._input = self._output = None
        self._hear_no_more()

    def _hear_no_more(self) -> None:
        if self._is_heard:
            self._is_heard = False
            self.ended()
