"""The end of all trouble, on a stepped cluster: what a healthy one must be able to do then.

Everybody is up, everything that is sent arrives, and each server's time-out ends in turn. A Raft
that cannot elect a leader so, perform an operation and come to the same state everywhere has lost
its liveness: no time-outs that are drawn at random could be kinder.
"""

from __future__ import annotations

from checker.verdict import Failure
from nemesis.cluster.stepped import SteppedCluster
from nemesis.schedule import Operate
from nemesis.workloads import Workload
from raft.consensus.quorums import has_quorum
from raft.consensus.state import LEADER

# How often each server may try to be elected: the one with the newest log wins its second try, at
# a term that nobody has seen, if it lost the first to one who told it of a newer term.
_ATTEMPTS = 3
# Rounds of replication in which a leader must have performed what it is asked for.
_ROUNDS = 12


def settle(cluster: SteppedCluster, workload: Workload) -> None:
    """See nemesis.macro.steps.Settle. A failure of liveness is added to the cluster's."""
    cluster.post.lose_all()
    for node in cluster.nodes.values():
        node.keep_power()
        node.start()
    for name in cluster.servers:
        cluster.unstall(name)
    alive = {name for name, node in cluster.nodes.items() if node.replica is not None}
    configurations = {
        consensus.configuration
        for name in cluster.servers
        if (consensus := cluster.consensus(name)) is not None and consensus.configuration.voters
    }
    if not all(has_quorum(each, alive) for each in configurations):
        # Too many disks are lost: nothing is asked of what is left.
        return
    if not cluster.has_failed and not _comes_to_rest(cluster, workload):
        what = (
            "everybody was up, everything arrived, and each server could campaign "
            f"{_ATTEMPTS} times; yet the cluster did not perform an operation and come to rest"
        )
        if not cluster.has_failed:
            cluster.failures.append(Failure("liveness", what, cluster.time.now))


def _comes_to_rest(cluster: SteppedCluster, workload: Workload) -> bool:
    for _ in range(_ATTEMPTS):
        for candidate in cluster.servers:
            leader = present_leader(cluster)
            if leader is None:
                cluster.elect(candidate, cluster.servers, (), hasty=False)
                leader = present_leader(cluster)
            if leader is not None and _serves(cluster, leader, workload):
                return True
            if cluster.has_failed:
                return False
            if leader is not None:
                # It does not lead, or does not know that it does not: another one may try.
                cluster.elect(candidate, cluster.servers, (), hasty=False)
    return False


def present_leader(cluster: SteppedCluster) -> str | None:
    """The leader of the newest term, if anybody leads in it."""
    leading = [
        (consensus.current_term, name)
        for name in cluster.servers
        if (consensus := cluster.consensus(name)) is not None and consensus.role == LEADER
    ]
    return max(leading)[1] if leading else None


def _serves(cluster: SteppedCluster, leader: str, workload: Workload) -> bool:
    """Whether an operation is performed, and all members have applied the same after it."""
    client = cluster.clients[0]
    operation = _operation(workload)
    asked = False
    for _ in range(_ROUNDS):
        if not asked or client.is_idle:
            if asked and _has_settled(cluster, leader):
                for node in cluster.nodes.values():
                    node.tell_state()
                return True
            if not asked:
                asked = True
                cluster.propose(leader, operation, unanswered=False)
        else:
            cluster.retry(leader, 0, unanswered=False)
        cluster.replicate(leader, cluster.servers, ())
        if cluster.has_failed or present_leader(cluster) != leader:
            return False
    return False


def _operation(workload: Workload) -> Operate:
    """One that always succeeds."""
    return workload.last_operations((), ("x",))[0][0]


def _has_settled(cluster: SteppedCluster, leader: str) -> bool:
    consensus = cluster.consensus(leader)
    assert consensus is not None
    last = consensus.log.last_index
    configuration = consensus.configuration
    if (
        consensus.commit_index < last
        or (configuration.is_joint and configuration.leave_automatically)
        or consensus.catch_up is not None
    ):
        return False
    followers = (cluster.nodes[name].replica for name in configuration.members)
    return all(follower is None or follower.last_applied == last for follower in followers)
