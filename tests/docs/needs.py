"""What blocks need that not every machine has, and how it is known whether it is here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from nemesis.cluster.real.processes import ProcessError
from nemesis.cluster.real.seed.build import find_go, sources


def _tools(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


def _root() -> bool:
    return os.geteuid() == 0


def _postgresql() -> bool:
    return shutil.which("pg_ctlcluster") is not None and find_spec("psycopg") is not None


def _redis() -> bool:
    has_tools = shutil.which("redis-server") is not None and shutil.which("redis-cli") is not None
    return has_tools and find_spec("redis") is not None


def _disks() -> bool:
    has_tools = shutil.which("fusermount3") is not None and find_spec("mfusepy") is not None
    return has_tools and Path("/dev/fuse").exists()


def _seed() -> bool:
    """Whether the Raft of "Implementing Raft" was fetched, with a Go that can build it."""
    try:
        find_go()
        sources()
    except ProcessError:
        return False
    return True


NEEDS: Mapping[str, Callable[[], bool]] = {
    "root": _root,
    "etcd": _tools("etcd"),
    "faketime": _tools("faketime"),
    "netns": lambda: _root() and _tools("ip", "iptables")(),
    "docker": lambda: (
        _root() and _tools("dockerd", "debootstrap")() and find_spec("docker") is not None
    ),
    "disks": _disks,
    "go": _tools("go"),
    "etcd-raft": lambda: (
        _tools("go")() and Path("/usr/share/gocode/src/go.etcd.io/etcd/raft").exists()
    ),
    "seed": _seed,
    "libraft": lambda: Path("/usr/include/raft.h").exists() and _tools("cc")(),
    "pysyncobj": lambda: find_spec("pysyncobj") is not None,
    "postgresql": _postgresql,
    "redis": _redis,
    "dask": lambda: find_spec("distributed") is not None,
    "chromium": _tools("chromium"),
    "npm": _tools("npm"),
    "make": _tools("make"),
    "curl": _tools("curl"),
    "openssl": _tools("openssl"),
}


@cache
def is_here(name: str) -> bool:
    """Whether this machine has what is called so. Raises KeyError for what nobody knows."""
    return NEEDS[name]()
