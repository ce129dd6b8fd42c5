"""Real clusters by the names of their kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from checker.history import Event
from nemesis.cluster.real.clocks import CLOCK_FAULTS
from nemesis.cluster.real.cluster import RealCluster
from nemesis.cluster.real.etcd import EtcdCluster
from nemesis.cluster.real.loopback import Loopback
from nemesis.cluster.real.maelstrom.cluster import MaelstromCluster
from nemesis.cluster.real.maelstrom.pipes import Pipes
from nemesis.cluster.real.process import ProcessCluster
from nemesis.cluster.real.run_file import RunFile
from nemesis.errors import UnsupportedFault
from nemesis.schedule import Schedule
from raft.replica import HEALTHY


class Options(NamedTuple):
    """What only some kinds understand."""

    bug: str | None = None
    serializable_reads: bool = False
    program: str | None = None


_KINDS: dict[str, type[RealCluster]] = {
    each.kind: each for each in (ProcessCluster, EtcdCluster, MaelstromCluster)
}


def capabilities(kind: str) -> frozenset[str]:
    """The kinds of faults that a cluster of this kind can receive on this machine."""
    hosts = Pipes if kind == MaelstromCluster.kind else Loopback
    return _KINDS[kind].possible() | hosts.possible()


def make_cluster(
    kind: str,
    schedule: Schedule,
    directory: Path,
    run_file: RunFile,
    on_event: Callable[[Event], None] | None = None,
    options: Options | None = None,
) -> RealCluster:
    """A cluster of this kind, not started yet. Raises UnsupportedFault for an option that it does
    not have, ProcessError if its program is not installed."""
    options = options or Options()
    knobs, seed = schedule.knobs, schedule.seed
    if kind == MaelstromCluster.kind:
        if options.bug is not None or options.serializable_reads:
            raise UnsupportedFault(
                "--bug and --serializable-reads are of other clusters: what --cluster maelstrom "
                "runs is the --program"
            )
        if options.program is None:
            raise UnsupportedFault(
                "--cluster maelstrom needs --program: how a node is started, as 'python3 node.py'"
            )
        return MaelstromCluster(knobs, seed, directory, run_file, on_event, program=options.program)
    if options.program is not None:
        raise UnsupportedFault(
            f"--program goes with --cluster maelstrom: {kind} knows what it runs"
        )
    if kind == "etcd":
        if options.bug is not None:
            raise UnsupportedFault("etcd has no bugs of the zoo: --bug goes with --cluster process")
        return EtcdCluster(
            knobs,
            seed,
            directory,
            run_file,
            on_event,
            serializable_reads=options.serializable_reads,
        )
    return ProcessCluster(
        knobs,
        seed,
        directory,
        run_file,
        on_event,
        serializable_reads=options.serializable_reads,
        bug=options.bug or HEALTHY.name,
        fakes_clocks=any(fault.kind in CLOCK_FAULTS for fault in schedule.faults),
    )
