"""Mounts of FUSE: whether this machine can make them, which there are, and their end."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from nemesis.cluster.real.leftovers import REMOVERS

# MNT_DETACH
_DETACH: Final = 2
_PATIENCE: Final = 10.0


@cache
def why_not() -> str | None:
    """Why no disk of ours can be mounted here, and what to do about it; None if one can."""
    if importlib.util.find_spec("mfusepy") is None:
        return "mfusepy is not installed: pip install 'splitbrain[fuse]'"
    if ctypes.util.find_library("fuse") is None and ctypes.util.find_library("fuse3") is None:
        return "there is no libfuse: apt-get install fuse3 libfuse2"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is missing, or not for this user: run as root"
    return None


def mount_points(source: str) -> list[Path]:
    """Where the file system of this name is mounted, also if whoever served it is dead."""
    found = []
    text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    for line in text.splitlines():
        before, _, behind = line.partition(" - ")
        if behind.split(" ")[1] == source:
            found.append(Path(_plain(before.split(" ")[4])))
    return found


def unmount(source: str) -> bool:
    """Take the file system away, whoever still uses it, also if whoever served it is dead or does
    not answer; whether it was mounted. Raises OSError."""
    points = mount_points(source)
    libc = ctypes.CDLL(None, use_errno=True)
    for point in reversed(points):
        if libc.umount2(os.fsencode(point), _DETACH) == 0:
            continue
        number = ctypes.get_errno()
        # Who is not root has a program for it.
        program = shutil.which("fusermount3") or shutil.which("fusermount")
        if program is not None:
            command = [program, "-u", "-z", str(point)]
            subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
        if point in mount_points(source):
            raise OSError(number, f"{point} cannot be unmounted: {os.strerror(number)}")
    return bool(points)


def _plain(escaped: str) -> str:
    """A path as it is: blanks and the like stand there as octal numbers."""
    parts = escaped.split("\\")
    return parts[0] + "".join(chr(int(part[:3], 8)) + part[3:] for part in parts[1:])


REMOVERS["mount"] = unmount
