"""A server in a container: started, ended, frozen by the engine.

Whatever is done is looked up, where the engine's processes are in our /proc there: a fault that had
no effect is none.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nemesis.cluster.real.docker_client import asking
from nemesis.cluster.real.processes import last_lines

# How long what was asked for may take to be seen, in s.
_PATIENCE = 5.0
_LOOK = 0.005
_CGROUPS = Path("/sys/fs/cgroup")
# Exit codes above it are of signals.
_SIGNALLED = 128


class ContainerServer:
    """One server: a container, made once, that is started again after every kill. It has the
    network of another container, which stays."""

    stops_by = "the freezer of its control group"

    def __init__(self, name: str, container: Any, log: Path) -> None:
        self.name = name
        self.log = log
        self._container = container
        self._is_paused = False
        # Whether it was started, and not ended by us since.
        self._is_meant_to_run = False

    @property
    def pid(self) -> int | None:
        """Of its first process, as the engine's /proc has it, if it runs."""
        return self._state()["Pid"] or None

    @property
    def is_running(self) -> bool:
        """Whether there is a process, even if it is paused."""
        return bool(self._state()["Running"])

    @property
    def is_paused(self) -> bool:
        """Whether it was paused, and not resumed."""
        return self._is_paused

    def start(self) -> None:
        """Start it; it need not be ready. Raises ProcessError."""
        self._is_paused = False
        with asking(f"start the container of {self.name}"):
            self._container.start()
        self._is_meant_to_run = True

    def kill(self) -> bool:
        """SIGKILL; whether that is what has ended it."""
        return self._end(lambda: self._container.kill(signal="SIGKILL")) == -signal.SIGKILL

    def stop(self, patience: float) -> int | None:
        """SIGTERM, and SIGKILL after ``patience`` s; its exit code, None if it did not run."""
        if self._is_paused:
            self.resume()
        return self._end(lambda: self._container.stop(timeout=round(patience)))

    def pause(self) -> bool:
        """Freeze all its processes; whether they are frozen now."""
        if not self.is_running:
            return False
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
        if not self._is_meant_to_run or self.is_running:
            return None
        self._is_meant_to_run = False
        return self._exit_code()

    def last_words(self) -> str:
        """The last lines of its log."""
        return last_lines(self.log)

    def remove(self) -> None:
        """Kill it, and remove its container. Raises ProcessError."""
        self._is_meant_to_run = False
        with asking(f"remove the container of {self.name}"):
            self._container.remove(force=True, v=True)

    def _state(self) -> Mapping[str, Any]:
        with asking(f"look at the container of {self.name}"):
            self._container.reload()
        found: Mapping[str, Any] = self._container.attrs["State"]
        return found

    def _end(self, ask: Any) -> int | None:
        if not self._is_meant_to_run:
            return None
        self._is_meant_to_run = False
        self._is_paused = False
        if self.is_running:
            with asking(f"end the container of {self.name}"):
                ask()
                self._container.wait()
        return self._exit_code()

    def _exit_code(self) -> int:
        code = int(self._state()["ExitCode"])
        number = code - _SIGNALLED
        return -number if number in signal.valid_signals() else code

    def _await_frozen(self, *, wanted: bool) -> bool:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            state = self._state()
            if not state["Running"]:
                return False
            if bool(state["Paused"]) == wanted and is_frozen(state["Pid"]) in (wanted, None):
                return True
            time.sleep(_LOOK)
        return False


def is_frozen(pid: int, cgroups: Path = _CGROUPS) -> bool | None:
    """Whether the kernel has frozen the control group of the process, by the first version of
    cgroups(7) or the second; None if it is not ours to see."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
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
