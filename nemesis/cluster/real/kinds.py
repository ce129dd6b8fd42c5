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
    fixes: tuple[str, ...] = ()


_KINDS: dict[str, type[RealCluster]] = {
    each.kind: each for each in (ProcessCluster, EtcdCluster, SeedCluster)
}


def capabilities(kind: str) -> frozenset[str]:
    """The kinds of faults that a cluster of this kind can receive on this machine."""
    return _KINDS[kind].possible() | Loopback.possible()


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
    if options.fixes and kind != SeedCluster.kind:
        raise UnsupportedFault(f"{kind} has nothing to fix: --fix goes with --cluster seed")
    if kind == SeedCluster.kind:
        if options.bug is not None or options.serializable_reads:
            raise UnsupportedFault(
                "the cluster seed has bugs of its own, and no other reads: --bug and "
                "--serializable-reads go with other clusters"
            )
        return SeedCluster(knobs, seed, directory, run_file, on_event, fixes=options.fixes)
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
