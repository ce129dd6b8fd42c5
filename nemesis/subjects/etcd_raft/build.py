"""Builds the shim: ``python -m nemesis.subjects.etcd_raft.build`` (make foreign does it, too).

It takes Go and etcd's sources, both packages of Debian; nothing comes from the network. What was
built is kept, by its content, in ``~/.cache/splitbrain/etcd-raft``, or in the folder that the
variable SPLITBRAIN_CACHE names.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

from nemesis.building import cache_of, call, put_whole
from nemesis.subjects.errors import SubjectMissing

_SHIM = Path(__file__).parent / "shim"
_GO_PATH = Path("/usr/share/gocode")
_ETCD = _GO_PATH / "src/go.etcd.io/etcd"
_PACKAGES = "apt-get install golang-go golang-etcd-server-dev"
_COMMAND = "python -m nemesis.subjects.etcd_raft.build"
# A first build compiles Go's own library, too: half a minute of one core.
_PATIENCE = 600.0


def version() -> str:
    """Of the etcd whose Raft core is on this machine. Raises SubjectMissing."""
    try:
        text = (_ETCD / "version/version.go").read_text(encoding="utf-8")
    except OSError as error:
        raise SubjectMissing(f"etcd-raft: needs etcd's sources: {_PACKAGES}") from error
    found = re.search(r'\bVersion\s*=\s*"([^"]+)"', text)
    if found is None:
        raise SubjectMissing(f"etcd-raft: {_ETCD}/version/version.go does not tell its version")
    return found[1]


def _place() -> Path:
    """Where the library is once it is built, by what it is made of."""
    digest = hashlib.sha256(version().encode())
    for folder in (_SHIM, _ETCD / "raft"):
        for path in sorted(folder.rglob("*.go")):
            if not path.name.endswith("_test.go"):
                digest.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return cache_of("etcd-raft") / f"{digest.hexdigest()[:16]}.so"


def built() -> Path:
    """The library, which was built before. Raises SubjectMissing."""
    place = _place()
    if not place.exists():
        raise SubjectMissing(f"etcd-raft: is not built: {_COMMAND}")
    return place


def build() -> Path:
    """The library; it is built if it was not yet. Raises SubjectMissing."""
    place = _place()
    if place.exists():
        return place
    go = shutil.which("go")
    if go is None:
        raise SubjectMissing(f"etcd-raft: needs Go: {_PACKAGES}")
    # Without symbols for debuggers: those of what is reached by go:linkname contradict.
    command = [go, "build", "-trimpath", "-ldflags=-s -w", "-buildmode=c-shared"]
    own = {
        "CGO_ENABLED": "1",
        "GO111MODULE": "off",
        "GOCACHE": str(place.parent / "objects"),
        "GOENV": "off",
        "GOFLAGS": "",
        "GOPATH": str(_GO_PATH),
    }
    with put_whole(place) as made:
        call(
            [*command, "-o", str(made), "."],
            SubjectMissing,
            what="etcd-raft: go build",
            patience=_PATIENCE,
            directory=_SHIM,
            environment={**os.environ, **own},
        )
    return place


def main() -> int:
    """Build, and say where."""
    try:
        print(f"etcd-raft-{version()}: {build()}")
    except SubjectMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
