"""Real clusters by the names of their kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from checker.history import Event
from nemesis.cluster.real.clocks import CLOCK_FAULTS
from nemesis.cluster.real.cluster import RealCluster
from nemesis.cluster.real.docker_cluster import DockerCluster
from nemesis.cluster.real.docker_hosts import DockerHosts
from nemesis.cluster.real.etcd import EtcdCluster
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.loopback import Loopback
from nemesis.cluster.real.netns import Netns
from nemesis.cluster.real.process import ProcessCluster
from nemesis.cluster.real.run_file import RunFile
from nemesis.errors import UnsupportedFault
from nemesis.schedule import Schedule
from raft.replica import HEALTHY


class Options(NamedTuple):
    """What only some kinds understand."""

    bug: str | None = None
    serializable_reads: bool = False
    hosts: str | None = None


class _Kind(NamedTuple):
    servers: type[RealCluster]
    # On what they may run; on the first if nothing is said.
    hosts: tuple[str, ...]


_KINDS = {
    "process": _Kind(ProcessCluster, (Loopback.name, Netns.name)),
    "netns": _Kind(ProcessCluster, (Netns.name,)),
    "docker": _Kind(DockerCluster, (DockerHosts.name,)),
    "etcd": _Kind(EtcdCluster, (Loopback.name, Netns.name)),
}
_HOSTS: dict[str, type[Hosts]] = {each.name: each for each in (Loopback, Netns, DockerHosts)}


def capabilities(kind: str, hosts: str | None = None) -> frozenset[str]:
    """The kinds of faults that a cluster of this kind can receive on this machine. Raises
    UnsupportedFault if it does not run on such hosts."""
    return _KINDS[kind].servers.possible() | _HOSTS[_hosts_of(kind, hosts)].possible()


def _hosts_of(kind: str, asked: str | None) -> str:
    known = _KINDS[kind].hosts
    if asked is not None and asked not in known:
        raise UnsupportedFault(
            f"--hosts {asked}: servers of the cluster {kind} run on {' or '.join(known)}"
        )
    return asked or known[0]


def _make_hosts(name: str, schedule: Schedule, run_file: RunFile) -> Hosts:
    nodes, seed = schedule.knobs.members, schedule.seed
    if name == Netns.name:
        delays = any(fault.kind == "delay" for fault in schedule.faults)
        return Netns(nodes, run_file, seed, delays=delays)
    if name == DockerHosts.name:
        return DockerHosts(nodes, run_file)
    return Loopback(nodes, run_file, seed)


def make_cluster(
    kind: str,
    schedule: Schedule,
    directory: Path,
    run_file: RunFile,
    on_event: Callable[[Event], None] | None = None,
    options: Options | None = None,
) -> RealCluster:
    """A cluster of this kind, not started yet. Raises UnsupportedFault for an option that it does
    not have, ProcessError if
    its program is not installed, or this machine has no such hosts."""
    options = options or Options()
    knobs, seed = schedule.knobs, schedule.seed
    if kind == "etcd" and options.bug is not None:
        raise UnsupportedFault("etcd has no bugs of the zoo: --bug goes with --cluster process")
    hosts = _make_hosts(_hosts_of(kind, options.hosts), schedule, run_file)
    if kind == "etcd":
        return EtcdCluster(
            knobs,
            seed,
            directory,
            run_file,
            on_event,
            serializable_reads=options.serializable_reads,
            hosts=hosts,
        )
    make = DockerCluster if kind == DockerCluster.kind else ProcessCluster
    return make(
        knobs,
        seed,
        directory,
        run_file,
        on_event,
        serializable_reads=options.serializable_reads,
        hosts=hosts,
        bug=options.bug or HEALTHY.name,
        fakes_clocks=any(fault.kind in CLOCK_FAULTS for fault in schedule.faults),
    )
