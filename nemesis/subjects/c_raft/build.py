"""Builds the shim: ``python -m nemesis.subjects.c_raft.build``.

It is some C over the libraft of the system (Debian: libraft-dev), compiled with the system's
compiler; what was built is kept, by its content, in ``~/.cache/splitbrain/c-raft``, or in the
folder that the variable SPLITBRAIN_CACHE names.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nemesis.building import cache_of, call, put_whole
from nemesis.subjects.errors import SubjectMissing

_SHIM = Path(__file__).with_name("shim")
_COMMAND = ("cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared")
_HEADER = "raft.h"
_PATIENCE = 120.0
INSTALL = "c-raft needs libraft and a C compiler: apt-get install libraft-dev gcc"


def build() -> Path:
    """The shim as a shared object; it is built if it was not yet. Raises SubjectMissing."""
    if shutil.which(_COMMAND[0]) is None:
        raise SubjectMissing(f"{INSTALL} ({_COMMAND[0]} is not in PATH)")
    header = _header()
    sources = [path.read_bytes() for path in sorted(_SHIM.iterdir())]
    content = b"\0".join((*sources, header, " ".join(_COMMAND).encode()))
    shim = cache_of("c-raft") / f"{hashlib.sha256(content).hexdigest()[:16]}.so"
    if not shim.exists():
        with put_whole(shim) as made:
            call(
                [*_COMMAND, "-o", str(made), str(_SHIM / "calls.c"), "-lraft"],
                SubjectMissing,
                what=_COMMAND[0],
                failed=f"{INSTALL}; it could not be built",
                patience=_PATIENCE,
            )
    return shim


def installed_version() -> str:
    """The version of libraft, as its pkg-config file says. Raises SubjectMissing."""
    if shutil.which(_COMMAND[0]) is None:
        raise SubjectMissing(f"{INSTALL} ({_COMMAND[0]} is not in PATH)")
    done = subprocess.run(
        [_COMMAND[0], "-print-file-name=libraft.so"],
        check=False,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    file = Path(done.stdout.strip()).resolve().parent / "pkgconfig" / "raft.pc"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SubjectMissing(f"{INSTALL} ({file.name} is not there)") from error
    for line in text.splitlines():
        if line.startswith("Version:"):
            return line.removeprefix("Version:").strip()
    raise SubjectMissing(f"{INSTALL} ({file} names no version)")


def _header() -> bytes:
    """The header as the compiler finds it: another version of it asks for another shim."""
    try:
        done = subprocess.run(
            [_COMMAND[0], "-E", "-P", "-include", _HEADER, "-x", "c", os.devnull],
            check=False,
            capture_output=True,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SubjectMissing(f"{INSTALL} ({_COMMAND[0]}: {error})") from error
    if done.returncode:
        raise SubjectMissing(f"{INSTALL} ({_HEADER} is not there)")
    return done.stdout


def main() -> int:
    """Build, and say where it is, or in a line what is missing."""
    try:
        print(f"c-raft: {build()}", flush=True)
    except SubjectMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
