"""What every kind of cluster offers to the runner, the faults and the workloads.

A cluster has named nodes ("n1", "n2", ...) and clients numbered from 0. Time is in ns since the run
began: virtual in the simulator, real elsewhere. A fault that a cluster cannot receive is refused
with UnsupportedFault; ``capabilities`` tells beforehand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

from nemesis.cluster.procedure import Procedure

Link = tuple[str, str]
DiskFile = Literal["vote", "log", "snapshot", "older-log"]


class NodeStatus(NamedTuple):
    """What the nemesis may know of a node, to choose its targets by role."""

    name: str
    # Running, and not paused.
    is_up: bool
    # Down for good: its disk is corrupt and it refuses to start.
    is_lost: bool
    is_paused: bool
    role: str | None
    term: int
    last_log_term: int
    last_log_index: int
    # Whether it belongs to the present configuration, and has a vote in it.
    is_member: bool = True
    is_voter: bool = True
    # Whether it voted for another in its term, and how many votes it has itself, as a candidate.
    has_voted: bool = False
    votes: int = 0


class Membership(NamedTuple):
    """A configuration of the cluster, by the names of the nodes; ``outgoing`` are the voters of the
    old majority while it is a joint one."""

    voters: tuple[str, ...]
    outgoing: tuple[str, ...] = ()
    learners: tuple[str, ...] = ()


class LinkShape(NamedTuple):
    """How a directed link treats messages; delays in ns, rates per cent."""

    delay_min: int
    delay_max: int
    loss: int = 0
    duplicate: int = 0
    reorder: int = 0
    # Which fault asked for a longer delay ("delay", "slow-link"), or "" for the ordinary one.
    delayed_by: str = ""


class Cluster(Protocol):
    """The nemesis' side of a cluster."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of all nodes, in order."""
        ...

    @property
    def capabilities(self) -> frozenset[str]:
        """The kinds of faults that this cluster can receive."""
        ...

    @property
    def effects(self) -> Counter[str]:
        """Per kind of fault, how often it was seen to do something: messages dropped, bytes lost,
        processes gone. What a verdict rests on."""
        ...

    def now(self) -> int:
        """Time in ns since the run began."""
        ...

    def advance(self, duration: int) -> None:
        """Let ``duration`` ns pass."""
        ...

    def status(self) -> list[NodeStatus]:
        """All nodes, in order."""
        ...

    def membership(self) -> Membership:
        """The present configuration: the leader's, or what was last known of it."""
        ...

    def previous_leader(self) -> str | None:
        """The node that led before the present or latest leader."""
        ...

    # -- Operators ------------------------------------------------------------------------------

    def carry_out(self, kind: str, procedure: Procedure) -> None:
        """Begin a procedure for the step ``kind``; it goes on beside everything else until it is
        done or all faults end. What came of it is told in the history, and counted as an effect if
        it was done. A cluster of which operators can change nothing raises UnsupportedFault."""
        ...

    # -- Network --------------------------------------------------------------------------------

    def cut(self, links: Iterable[Link]) -> None:
        """Drop everything sent over these directed links from now on."""
        ...

    def shape(self, links: Iterable[Link] | None, **changes: int | str) -> None:
        """Change fields of the LinkShape of these links, or of all if None."""
        ...

    def disconnect(self, node: str) -> None:
        """Take a node off the network, for its peers and for clients."""
        ...

    def heal_network(self) -> None:
        """Mend all links and give them their ordinary shape; every node is on the network."""
        ...

    # -- Processes ------------------------------------------------------------------------------

    def crash(self, node: str) -> None:
        """End the process; what it had not synced is lost."""
        ...

    def restart(self, node: str) -> bool:
        """Start a node that is down; its disk has room again. Whether it runs now: one whose disk
        is corrupt refuses to."""
        ...

    def pause(self, node: str) -> None:
        """Stop the process without ending it (SIGSTOP)."""
        ...

    def resume(self, node: str) -> None:
        """Let a paused process go on (SIGCONT)."""
        ...

    # -- Disks ----------------------------------------------------------------------------------

    def lose_power(self, node: str, *, torn: bool, syncs: int) -> None:
        """Crash the node at its next sync but ``syncs``: what it wrote since the one before is
        lost, or kept in part, with the cut anywhere, if ``torn``."""
        ...

    def flip_bit(self, node: str, position: int) -> None:
        """Crash the node and flip one bit, of synced data, on its disk."""
        ...

    def lose_file(self, node: str, file: DiskFile, kept: int | None) -> bool:
        """Crash the node and take a file from its disk: that of its vote, the newest of its
        snapshots or of its log, or the one before that in the log. Of it leave the first ``kept``
        bytes if not None; zeros follow where others would tell how long it was, in an older one of
        the log. False, and nothing is done, if there is no such file whose loss it must notice."""
        ...

    def fill_disk(self, node: str, free: int) -> None:
        """Leave the node only ``free`` bytes of disk space."""
        ...

    def slow_disk(self, node: str, delay: int) -> None:
        """Make every sync of the node take ``delay`` ns."""
        ...

    def fail_disk(self, node: str, syncs: int) -> None:
        """Let all writes and syncs of the node fail, from its next sync but ``syncs`` on, until it
        is restarted."""
        ...

    def lie_about_syncs(self, node: str) -> None:
        """Let the node's syncs make nothing durable, and say that they do, until all faults
        end."""
        ...

    # -- Clocks ---------------------------------------------------------------------------------

    def jump_clock(self, node: str, offset: int, kind: str = "clock-jump") -> None:
        """Set the node's clock by ``offset`` ns, forward or back, for the fault ``kind``."""
        ...

    def drift_clock(self, node: str, parts_per_million: int) -> None:
        """Let the node's clock run fast or slow from now on."""
        ...

    # -- All ------------------------------------------------------------------------------------

    def end_faults(self) -> None:
        """End every fault: heal, resume, restart, free disks, true clocks."""
        ...
