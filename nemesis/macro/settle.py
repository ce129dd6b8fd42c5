"""The end of all trouble, on a stepped cluster: what a healthy one must be able to do then.

Everybody is up, everything that is sent arrives, and each server's time-out ends in turn. A Raft
that cannot elect a leader so, perform an operation and come to the same state everywhere has lost
its liveness: no time-outs that are drawn at random could be kinder. Nor could they if a leader
that all hear from does not do so while it leads: nobody's time-out would end then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from checker.verdict import Failure
from nemesis.cluster.sim.leading import is_at_rest, present_leader
from nemesis.cluster.stepped import SteppedCluster
from nemesis.schedule import Operate
from raft.consensus.quorums import has_quorum

# How often each server may try to be elected: the one with the newest log wins its second try, at
# a term that nobody has seen, if it lost the first to one who told it of a newer term.
_ATTEMPTS = 3
# Election time-outs in which a leader must have performed what it is asked for, and all be at rest.
# For almost as many it may wait for a learner that is gone (raft.consensus.membership).
_TIMEOUTS = 12


def settle(cluster: SteppedCluster, operations: list[Operate]) -> None:
    """See nemesis.macro.steps.Settle; ``operations`` are performed one after the other. A failure
    of liveness is added to the cluster's."""
    cluster.post.lose_all()
    # What its rounds hold back is missed by nobody: no attack.
    held = cluster.effects["hold"]
    _settle(cluster, operations)
    cluster.effects["hold"] = held


def _settle(cluster: SteppedCluster, operations: list[Operate]) -> None:
    for node in cluster.nodes.values():
        node.keep_power()
        node.disk.free = None
        node.start()
    for name in cluster.servers:
        cluster.unstall(name)
    if not _has_quorums(cluster):
        # Too many disks are lost: nothing is asked of what is left.
        return
    if not cluster.has_failed and not _comes_to_rest(cluster, operations):
        leader = present_leader(cluster.nodes)
        what = (
            f"everybody was up, everything arrived, and each server could campaign {_ATTEMPTS} "
            "times, and then twice in a row, or heard from the leader; yet the cluster, led by "
            f"{leader or 'nobody'}, did not perform its last operations and come to rest"
        )
        # A change that was asked for before may have made what is lost too much.
        if not cluster.has_failed and _has_quorums(cluster):
            cluster.failures.append(Failure("liveness", what, cluster.time.now))


def _has_quorums(cluster: SteppedCluster) -> bool:
    """Whether a quorum of every configuration that is in effect anywhere is up; not if nobody is,
    who would know one."""
    alive = {name for name, node in cluster.nodes.items() if node.replica is not None}
    configurations = {
        consensus.configuration
        for name in cluster.servers
        if (consensus := cluster.consensus(name)) is not None and consensus.configuration.voters
    }
    return bool(configurations) and all(has_quorum(each, alive) for each in configurations)


def _comes_to_rest(cluster: SteppedCluster, operations: list[Operate]) -> bool:
    for candidate in _turns(cluster.servers):
        leader = present_leader(cluster.nodes)
        if leader is None:
            cluster.elect(candidate, cluster.servers, (), hasty=False)
            leader = present_leader(cluster.nodes)
        if leader is not None and _serves(cluster, leader, operations):
            return True
        if cluster.has_failed or (leader is not None and present_leader(cluster.nodes) == leader):
            return False
    return False


def _turns(servers: tuple[str, ...]) -> Iterator[str]:
    """Whose time-out ends, one after the other. In the end each server's ends twice in a row: the
    only one that can win may always come after one that raises the term and does not tell it, as it
    is in no configuration that the other knows; its own second try is at a term of its own."""
    yield from servers * _ATTEMPTS
    for candidate in servers:
        yield candidate
        yield candidate


def _serves(cluster: SteppedCluster, leader: str, operations: list[Operate]) -> bool:
    """Whether the operations are performed, and all members have applied the same after them. If
    not, it leads no longer, or should not."""
    if not all(_performs(cluster, leader, operation) for operation in operations):
        return False
    if not _replicates_until(cluster, leader, lambda: is_at_rest(cluster.nodes, leader)):
        return False
    for node in cluster.nodes.values():
        node.tell_state()
    return True


def _performs(cluster: SteppedCluster, leader: str, operation: Operate) -> bool:
    """Whether the operation succeeds; a session that has expired meanwhile is no reason why not."""
    client = cluster.clients[0]
    before = cluster.succeeded[operation.f]
    for _ in range(_ATTEMPTS):
        cluster.propose(leader, operation, unanswered=False)
        if not _replicates_until(cluster, leader, lambda: client.is_idle):
            return False
        if cluster.succeeded[operation.f] > before:
            return True
    return False


def _replicates_until(cluster: SteppedCluster, leader: str, is_done: Callable[[], bool]) -> bool:
    """Replicate until it is done, for some time at most; a client that waits asks again."""
    end = cluster.time.now + _TIMEOUTS * cluster.election_timeout
    while cluster.time.now < end:
        cluster.replicate(leader, cluster.servers, ())
        if cluster.has_failed or present_leader(cluster.nodes) != leader:
            return False
        if is_done():
            return True
        cluster.retry(leader, 0, unanswered=False)
    return False
