"""Real clusters by the names of their kinds: which servers they are, on which hosts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from checker.history import Event
from nemesis.cluster.real.clocks import CLOCK_FAULTS
from nemesis.cluster.real.cluster import RealCluster
from nemesis.cluster.real.disks import DISK_FAULTS
from nemesis.cluster.real.docker_cluster import DockerCluster
from nemesis.cluster.real.docker_hosts import DockerHosts
from nemesis.cluster.real.etcd import EtcdCluster
from nemesis.cluster.real.hosts import Hosts
from nemesis.cluster.real.loopback import Loopback
from nemesis.cluster.real.maelstrom.cluster import MaelstromCluster
from nemesis.cluster.real.maelstrom.pipes import Pipes
from nemesis.cluster.real.netns import Netns
from nemesis.cluster.real.process import ProcessCluster
from nemesis.cluster.real.run_file import RunFile
from nemesis.cluster.real.seed.cluster import SeedCluster
from nemesis.errors import UnsupportedFault
from nemesis.schedule import Schedule
from raft.replica import HEALTHY


class Options(NamedTuple):
    """What only some kinds understand."""

    bug: str | None = None
    serializable_reads: bool = False
    hosts: str | None = None
    program: str | None = None
    fixes: tuple[str, ...] = ()


# How the command line calls them; which hosts there are is a matter of its own.
_FLAGS = {
    "bug": "--bug",
    "serializable_reads": "--serializable-reads",
    "program": "--program",
    "fixes": "--fix",
}


class _Kind(NamedTuple):
    servers: type[RealCluster]
    # On what they may run; on the first if nothing is said.
    hosts: tuple[str, ...]
    # The options that they understand.
    options: frozenset[str]


_OWN = frozenset({"bug", "serializable_reads"})
_KINDS = {
    "process": _Kind(ProcessCluster, (Loopback.name, Netns.name), _OWN),
    "netns": _Kind(ProcessCluster, (Netns.name,), _OWN),
    "docker": _Kind(DockerCluster, (DockerHosts.name,), _OWN),
    "etcd": _Kind(EtcdCluster, (Loopback.name, Netns.name), frozenset({"serializable_reads"})),
    "seed": _Kind(SeedCluster, (Loopback.name, Netns.name), frozenset({"fixes"})),
    "maelstrom": _Kind(MaelstromCluster, (Pipes.name,), frozenset({"program"})),
}
_HOSTS: dict[str, type[Hosts]] = {each.name: each for each in (Loopback, Netns, DockerHosts, Pipes)}


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
    nodes, seed = schedule.knobs.servers, schedule.seed
    if name == Netns.name:
        delays = any(fault.kind == "delay" for fault in schedule.faults)
        return Netns(nodes, run_file, seed, delays=delays)
    if name == DockerHosts.name:
        return DockerHosts(nodes, run_file)
    return Loopback(nodes, run_file, seed)


def _refuse_options(kind: str, options: Options) -> None:
    """Raise UnsupportedFault for an option that such a cluster does not have."""
    asked = options._asdict()
    for name, flag in _FLAGS.items():
        if asked[name] and name not in _KINDS[kind].options:
            able = [other for other, each in _KINDS.items() if name in each.options]
            raise UnsupportedFault(f"{flag} goes with --cluster {', '.join(able)}; not with {kind}")


def make_cluster(
    kind: str,
    schedule: Schedule,
    directory: Path,
    run_file: RunFile,
    on_event: Callable[[Event], None] | None = None,
    options: Options | None = None,
) -> RealCluster:
    """A cluster of this kind, not started yet. Raises UnsupportedFault for an option that it does
    not have, ProcessError if its program is not installed or this machine has no such hosts."""
    options = options or Options()
    _refuse_options(kind, options)
    on = _hosts_of(kind, options.hosts)
    knobs, seed = schedule.knobs, schedule.seed
    has_disks = any(fault.kind in DISK_FAULTS for fault in schedule.faults)
    if kind == MaelstromCluster.kind:
        if options.program is None:
            raise UnsupportedFault(
                "--cluster maelstrom needs --program: how a node is started, as 'python3 node.py'"
            )
        return MaelstromCluster(knobs, seed, directory, run_file, on_event, program=options.program)
    hosts = _make_hosts(on, schedule, run_file)
    if kind == SeedCluster.kind:
        return SeedCluster(
            knobs, seed, directory, run_file, on_event, hosts=hosts, fixes=options.fixes
        )
    if kind == EtcdCluster.kind:
        return EtcdCluster(
            knobs,
            seed,
            directory,
            run_file,
            on_event,
            serializable_reads=options.serializable_reads,
            has_disks=has_disks,
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
        has_disks=has_disks,
        hosts=hosts,
        bug=options.bug or HEALTHY.name,
        fakes_clocks=any(fault.kind in CLOCK_FAULTS for fault in schedule.faults),
    )
