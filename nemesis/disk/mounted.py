"""The runner's side of a disk: its process, its mount, and what is asked of it."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import suppress
from io import BufferedRWPair
from pathlib import Path

import msgspec
from msgspec import structs

import nemesis
from nemesis.cluster.real.processes import ProcessError, ServerProcess
from nemesis.cluster.real.run_file import RunFile
from nemesis.disk.control import AnyRequest, Report, Tell
from nemesis.disk.image import Names
from nemesis.disk.mounts import mount_points, unmount, why_not

# How long a disk may take to be mounted, to answer, and to end once it was unmounted, in s.
_READY = 30.0
_ANSWER = 20.0
_END = 5.0
_LOOK = 0.02


class DiskGone(ProcessError):
    """The process of a disk has ended, or does not answer: nothing can be said of the run."""


class MountedDisk:
    """A node's disk: ``mount`` is where its server finds it, ``directory`` where it is kept."""

    def __init__(
        self, node: str, directory: Path, run_file: RunFile, seed: int, names: Names
    ) -> None:
        self.node = node
        self.mount = (directory / f"{node}.disk").absolute()
        # Where the files really are, as make_image has it.
        self.files = (directory / f"{node}.data" / "files").absolute()
        self._run_file = run_file
        # Both of its mount and of the socket by which it is asked.
        self._name = f"splitbrain-{run_file.token}-{node}"
        self._lines: BufferedRWPair | None = None
        # Of the last request.
        self._number = 0
        command = [sys.executable, "-P", "-m", "nemesis.disk"]
        command += ["--directory", str((directory / f"{node}.data").absolute())]
        command += ["--mount", str(self.mount), "--name", self._name]
        command += ["--seed", str(seed), "--durable-names", names]
        paths = [str(Path(nemesis.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        self._process = ServerProcess(
            f"{node}'s disk",
            command,
            directory / f"{node}.disk.log",
            run_file,
            {"PYTHONPATH": os.pathsep.join(path for path in paths if path)},
        )

    def start(self) -> None:
        """Begin to mount it. Raises ProcessError where no disk can be mounted."""
        reason = why_not()
        if reason is not None:
            raise ProcessError(f"{self.node}'s disk cannot be mounted: {reason}")
        self.mount.mkdir(parents=True, exist_ok=True)
        # Before it is mounted: whenever the run is killed, the mount is known.
        self._run_file.will_make("mount", self._name)
        self._process.start()

    def await_ready(self) -> None:
        """Wait until it is mounted and answers. Raises DiskGone."""
        end = time.monotonic() + _READY
        while time.monotonic() < end:
            if not self._process.is_running:
                break
            if mount_points(self._name) and self._connect():
                self.ask(Tell())
                return
            time.sleep(_LOOK)
        raise self._gone("was not mounted")

    def ask(self, request: AnyRequest) -> Report:
        """Let it do something; how it is then. Raises DiskGone."""
        self._number += 1
        numbered = structs.replace(request, number=self._number)
        try:
            assert self._lines is not None
            self._lines.write(msgspec.json.encode(numbered) + b"\n")
            self._lines.flush()
            report = self._read(self._lines)
            while report.number < self._number and not report.error:
                # Whoever asked before was interrupted, and did not wait for it.
                report = self._read(self._lines)
        except OSError as error:
            raise self._gone(f"does not answer ({error})") from error
        if report.error:
            raise self._gone(f"could not do what it was asked for: {report.error}")
        return report

    def _read(self, lines: BufferedRWPair) -> Report:
        line = lines.readline()
        if not line:
            raise self._gone("has ended")
        return msgspec.json.decode(line, type=Report)

    def close(self) -> None:
        """Unmount it and end its process, whatever is the matter with it. Its files stay."""
        if self._lines is not None:
            # What it was asked last it may not have heard.
            with suppress(OSError):
                self._lines.close()
            self._lines = None
        try:
            unmount(self._name)
        finally:
            self._process.wait(_END)
            self._process.kill()
        # Not if something else is mounted there, or somebody has put something there.
        if self.mount.exists() and not any(self.mount.iterdir()):
            self.mount.rmdir()

    def _connect(self) -> bool:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_ANSWER)
        try:
            connection.connect(f"\0{self._name}")
        except ConnectionRefusedError:
            connection.close()
            return False
        self._lines = connection.makefile("rwb")
        connection.close()
        return True

    def _gone(self, what: str) -> DiskGone:
        return DiskGone(f"{self.node}'s disk {what}; its log says:\n{self._process.last_words()}")
