"""A shell and an interpreter that last as long as a page."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from typing import NamedTuple

# No command may take longer, in seconds.
LIMIT = 300.0

_INTERPRETER = Path(__file__).parent / "interpreter.py"
_MARK = "\x03"


class SessionEnded(Exception):
    """The shell or the interpreter is gone, or was ended as something took too long."""


class Result(NamedTuple):
    code: int
    printed: str


class Session:
    """A process that does one thing after another, and tells how each went.

    It ends what it does with a line of its own: a mark, and the code.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ask(self, request: str) -> Result:
        """Send a request, and wait for how it went. Raises SessionEnded."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = Timer(LIMIT, self._end_group)
        timer.start()
        printed = b""
        try:
            self._process.stdin.write(request.encode() + b"\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                before, mark, code = line.partition(_MARK.encode())
                printed += before
                if mark:
                    return Result(int(code), printed.decode(errors="replace"))
        except BrokenPipeError:
            pass
        finally:
            timer.cancel()
        raise SessionEnded(
            f"it ended its shell or interpreter, or took more than {LIMIT:.0f} s; it printed:\n"
            + printed.decode(errors="replace")
        )

    def close(self) -> None:
        """End it, and all that it left running."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._end_group()
        self._process.wait()
        self._process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def _end_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class Shell(Session):
    """bash, with pipefail, and unset variables refused."""

    def __init__(self, folder: Path, environment: Mapping[str, str], scratch: Path) -> None:
        self._script = scratch / "command"
        self._code = 0
        super().__init__(["bash", "--noprofile", "--norc"], folder, environment)
        self.run("set -uo pipefail")

    def run(self, command: str) -> Result:
        """Run one command, as if the last one's code were still in ``$?``."""
        self._script.write_text(command + "\n")
        result = self.ask(
            f"(exit {self._code}); source '{self._script}' </dev/null; printf '\\003%d\\n' $?"
        )
        self._code = result.code
        return result


class Interpreter(Session):
    """Python, with one namespace."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__([sys.executable, "-u", str(_INTERPRETER)], folder, environment)

    def run(self, code: str, place: str, line: int) -> Result:
        """Run a block, whose first line has this number in what is called so."""
        return self.ask(json.dumps([code, place, line]))
