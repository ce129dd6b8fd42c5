"""A server in a container: started, ended, frozen by the engine.

Whatever is done is looked up, in the engine's answers and, where its processes are in our /proc, at
the kernel: a fault that had no effect is none.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, TimeoutError
from pathlib import Path
from threading import Thread
from typing import Any

from nemesis.cluster.real.docker_client import asking
from nemesis.cluster.real.processes import ProcessError, last_lines

# How long what was asked for may take to be seen, in s.
_PATIENCE = 10.0
_LOOK = 0.005
_PROCESSES, _CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
# Exit codes above it are of signals.
_SIGNALLED = 128
# No run is so long; s.
_FOR_EVER = 1_000_000


class ContainerServer:
    """One server: a container, made once, that is started again after every kill. It has the
    network of another container, which stays."""

    stops_by = "the freezer of its control group"

    def __init__(self, name: str, container: Any, log: Path) -> None:
        self.name = name
        self.log = log
        self._container = container
        # Its exit code, once it has ended; None if it was not started, or what has become of it
        # was told.
        self._ended: Future[int] | None = None
        self._pid: int | None = None
        self._is_paused = False

    @property
    def pid(self) -> int | None:
        """Of its first process, as the engine's /proc has it, if it runs."""
        return self._pid if self.is_running else None

    @property
    def is_running(self) -> bool:
        """Whether there is a process, even if it is paused."""
        return self._ended is not None and not self._ended.done()

    @property
    def is_paused(self) -> bool:
        """Whether it was paused, and not resumed; what has ended meanwhile is not."""
        return self._is_paused and self.is_running

    def start(self) -> None:
        """Start it; it need not be ready. Raises ProcessError."""
        if self.is_running:
            return
        self._is_paused = False
        with asking(f"start the container of {self.name}"):
            self._container.start()
        self._pid = self._state()["Pid"] or None
        self._ended = _await_end(self._container, self.name)

    def kill(self) -> bool:
        """SIGKILL; whether that is what has ended it."""
        return self._end(lambda: self._container.kill(signal="SIGKILL"), 0) == -signal.SIGKILL

    def stop(self, patience: float) -> int | None:
        """SIGTERM, and SIGKILL after ``patience`` s; its exit code, None if it did not run."""
        if self._is_paused:
            self.resume()
        return self._end(lambda: self._container.stop(timeout=round(patience)), patience)

    def pause(self) -> bool:
        """Freeze all its processes; whether they are frozen now."""
        if self.is_running:
            with asking(f"pause the container of {self.name}"):
                self._container.pause()
            self._is_paused = self._await_frozen(wanted=True)
        return self._is_paused

    def resume(self) -> bool:
        """Let them go on; whether they do now."""
        if not self._state()["Paused"]:
            return False
        self._is_paused = False
        with asking(f"let the container of {self.name} go on"):
            self._container.unpause()
        return self._await_frozen(wanted=False)

    def ended_by_itself(self) -> int | None:
        """The exit code if it has ended without having been told to; None otherwise. It is told
        once."""
        ended = self._ended
        if ended is None or not ended.done():
            return None
        self._ended = None
        return ended.result()

    def last_words(self) -> str:
        """The last lines of its log."""
        return last_lines(self.log)

    def _state(self) -> Mapping[str, Any]:
        with asking(f"look at the container of {self.name}"):
            self._container.reload()
        found: Mapping[str, Any] = self._container.attrs["State"]
        return found

    def _end(self, ask: Callable[[], None], patience: float) -> int | None:
        ended, self._ended = self._ended, None
        if ended is None:
            return None
        self._is_paused = False
        if not ended.done():
            with asking(f"end the container of {self.name}"):
                ask()
        try:
            return ended.result(patience + _PATIENCE)
        except TimeoutError as error:
            raise ProcessError(f"the container of {self.name} does not end by SIGKILL") from error

    def _await_frozen(self, *, wanted: bool) -> bool:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self.is_running:
            state = self._state()
            if bool(state["Paused"]) == wanted and is_frozen(state["Pid"]) in (wanted, None):
                return True
            time.sleep(_LOOK)
        return False


def _await_end(container: Any, name: str) -> Future[int]:
    """The exit code of the container, once it has ended; of a signal: the negative number. To ask
    the engine at every look whether it still runs would take longer than all the rest."""
    ended: Future[int] = Future()

    def wait() -> None:
        try:
            with asking(f"wait for the container of {name}"):
                code = int(container.wait(timeout=_FOR_EVER)["StatusCode"])
        except ProcessError as error:
            ended.set_exception(error)
        else:
            number = code - _SIGNALLED
            ended.set_result(-number if number in signal.valid_signals() else code)

    # It must not keep us from ending, as those of a pool would.
    Thread(target=wait, name=f"wait for {name}", daemon=True).start()
    return ended


def is_frozen(pid: int, processes: Path = _PROCESSES, cgroups: Path = _CGROUPS) -> bool | None:
    """Whether the kernel has frozen the control group of the process, by the first version of
    cgroups(7) or the second; None if it is not ours to see."""
    try:
        lines = (processes / str(pid) / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if "freezer" in controllers.split(","):
            told = _read(cgroups / "freezer" / path.lstrip("/") / "freezer.state")
            return None if told is None else told.strip() == "FROZEN"
        if number == "0" and controllers == "":
            told = _read(cgroups / path.lstrip("/") / "cgroup.events")
            if told is not None and "frozen" in told:
                return "frozen 1" in told.splitlines()
    return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def into_log(command: Sequence[str], log: Path) -> list[str]:
    """The command, its output appended to the log; a shell starts it, and becomes it."""
    return ["sh", "-c", 'exec "$@" >>"$0" 2>&1', str(log), *command]
