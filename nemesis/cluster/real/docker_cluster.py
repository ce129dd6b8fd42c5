"""A cluster of our own servers in containers, from an image of this very project."""

from __future__ import annotations

from pathlib import Path

from nemesis.cluster.real.clocks import CLOCK_FAULTS
from nemesis.cluster.real.cluster import PROCESS_FAULTS
from nemesis.cluster.real.process import ProcessCluster

# In the image, which is Debian's; the loader fills in the architecture.
_FAKETIME = Path("/usr/$LIB/faketime/libfaketimeMT.so.1")


class DockerCluster(ProcessCluster):
    """Our server, a container for each replica."""

    kind = "docker"

    @classmethod
    def possible(cls) -> frozenset[str]:
        return PROCESS_FAULTS | CLOCK_FAULTS

    @classmethod
    def clock_library(cls) -> Path:
        return _FAKETIME

    def command(self, node: str) -> list[str]:
        return ["python3", "-P", "-m", "raft.server", "--config", str(self._path(node, "json"))]

    def environment(self, node: str) -> dict[str, str]:
        clock = self._clocks.get(node)
        return {} if clock is None else clock.environment
