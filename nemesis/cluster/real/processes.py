"""Processes of servers: started, ended, paused, each in a session of its own.

Everything is done by pid to processes that were started here, and whatever is done is looked up in
/proc: a fault that had no effect is none.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from nemesis.cluster.real.run_file import TOKEN, RunFile, state_of
from nemesis.errors import NemesisError

# How long a signal may take to have its effect, in s.
_PATIENCE = 5.0
_LOOK = 0.002
_LAST_LINES = 8


class ProcessError(NemesisError):
    """A server could not be started, or did not do what it was told; the message says which, and
    what its log said last."""


def last_lines(log: Path) -> str:
    """What a log said last, for a message."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "it has no log"
    return "\n".join(lines[-_LAST_LINES:]) or "its log is empty"


class ServerProcess:
    """One server: a command that is run again at every start, and appends to one log."""

    stops_by = "SIGSTOP"

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        run_file: RunFile,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = tuple(command)
        self._run_file = run_file
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._is_paused = False
        # Whether it was told to end: also if nobody waited until it had.
        self._is_to_end = False
        # How often it was started.
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Of the process, if it runs."""
        return self._process.pid if self.is_running and self._process is not None else None

    @property
    def is_running(self) -> bool:
        """Whether there is a process, even if it is paused."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_paused(self) -> bool:
        """Whether it was paused, and not resumed; what has ended meanwhile is not."""
        return self._is_paused and self.is_running

    def start(self) -> None:
        """Start it; it need not be ready. Raises ProcessError."""
        if self.is_running:
            return
        self._is_paused = self._is_to_end = False
        environment = {**os.environ, **self._environment, TOKEN: self._run_file.token}
        try:
            with open(self.log, "ab") as log:
                self._process = self._open(log, environment)
        except OSError as error:
            raise ProcessError(
                f"{self.name}: {self._command[0]} cannot be started: {error.strerror}"
            ) from error
        self.starts += 1
        self._run_file.add(self.name, self._process.pid)

    def kill(self) -> bool:
        """SIGKILL; whether that is what has ended it."""
        return self._end(signal.SIGKILL, _PATIENCE) == -signal.SIGKILL

    def stop(self, patience: float) -> int | None:
        """SIGTERM, and SIGKILL after ``patience`` s; its exit code, None if it did not run."""
        if self._is_paused:
            self.resume()
        return self._end(signal.SIGTERM, patience)

    def wait(self, patience: float) -> None:
        """Give it ``patience`` s to end by itself."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)

    def pause(self) -> bool:
        """SIGSTOP; whether it stands still now."""
        # Also one that was not seen to stand still, as it waits for the disk, say, may yet do so:
        # it has to be resumed.
        self._is_paused = self.is_running
        self._signal(signal.SIGSTOP)
        return self._await_state(stopped=True)

    def resume(self) -> bool:
        """SIGCONT; whether it goes on now."""
        self._signal(signal.SIGCONT)
        self._is_paused = False
        return self._await_state(stopped=False)

    def ended_by_itself(self) -> int | None:
        """The exit code if it has ended without having been told to; None otherwise. It is told
        once."""
        process = self._process
        if process is None or process.poll() is None:
            return None
        self._process = None
        return None if self._is_to_end else process.returncode

    def last_words(self) -> str:
        """The last lines of its log."""
        return last_lines(self.log)

    def _open(self, log: IO[bytes], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )

    def _send(self, process: subprocess.Popen[bytes], number: int) -> None:
        process.send_signal(number)

    def _signal(self, number: int) -> None:
        if self.is_running and self._process is not None:
            self._send(self._process, number)

    def _await_state(self, *, stopped: bool) -> bool:
        end = time.monotonic() + _PATIENCE
        while (pid := self.pid) is not None:
            if (state_of(pid) == "T") == stopped:
                return True
            if time.monotonic() > end:
                break
            time.sleep(_LOOK)
        return False

    def _end(self, number: int, patience: float) -> int | None:
        process = self._process
        if process is None:
            return None
        if process.poll() is None:
            self._is_to_end = True
            self._send(process, number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                self._send(process, signal.SIGKILL)
                try:
                    process.wait(_PATIENCE)
                except subprocess.TimeoutExpired as error:
                    raise ProcessError(
                        f"{self.name}: process {process.pid} does not end by SIGKILL"
                    ) from error
        # Only now: whoever interrupts us while we wait must still be able to end it.
        self._process = None
        self._is_paused = False
        return process.returncode
