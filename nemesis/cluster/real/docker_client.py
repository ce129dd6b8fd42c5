"""The way to a Docker engine: whichever DOCKER_HOST names, or that of the machine.

The Docker SDK for Python is an extra, so it is imported only when it is needed, and only here.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from nemesis.cluster.real.processes import ProcessError

_INSTALL = "the Docker SDK for Python is not installed: pip install 'splitbrain[docker]'"
_DEFAULT = "unix:///var/run/docker.sock"
# How long the engine may take for one request, in s: it may wait for a container to end.
_TIMEOUT = 120


def connect() -> Any:
    """A client of the engine. Raises ProcessError if there is none, or no SDK."""
    try:
        sdk: Any = import_module("docker.client")
    except ImportError as error:
        raise ProcessError(_INSTALL) from error
    where = os.environ.get("DOCKER_HOST") or _DEFAULT
    try:
        _knock(where)
        client = sdk.from_env(timeout=_TIMEOUT)
        client.ping()
    except _errors() as error:
        raise ProcessError(
            f"no Docker engine answers at {where} ({error}); start it, or run this beside one of "
            "your own, as root: python -m nemesis.cluster.real.docker_engine -- COMMAND"
        ) from error
    return client


def _knock(where: str) -> None:
    """Raise OSError if nobody listens at the socket: the SDK would leave its own one open."""
    if where.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(where.removeprefix("unix://"))


def missing() -> str | None:
    """Why there is no engine to be had; None if there is."""
    try:
        connect().close()
    except ProcessError as error:
        return str(error)
    return None


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Raise ProcessError if the engine refuses what it is asked, or does not answer."""
    try:
        yield
    except _errors() as error:
        raise ProcessError(f"the Docker engine could not {what}: {error}") from error


def is_unknown(error: ProcessError) -> bool:
    """Whether the engine refused because there is no such container, network or image."""
    return isinstance(error.__cause__, import_module("docker.errors").NotFound)


def overlaps(error: ProcessError) -> bool:
    """Whether the engine refused because somebody has the addresses that a network asked for."""
    return "overlaps" in str(error.__cause__)


def _errors() -> tuple[type[Exception], ...]:
    return (
        OSError,
        import_module("docker.errors").DockerException,
        import_module("requests").RequestException,
    )
