"""Who leads a simulated cluster, and whether it is at rest; of either kind of server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from nemesis.cluster.sim.recorder import Recorder
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import Snapshot
from raft.consensus.state import LEADER
from raft.replica import Replica


class Server(Protocol):
    """A process that runs a replica while it is up."""

    @property
    def replica(self) -> Replica | None:
        """None while it is down."""
        ...


def present_leader(servers: Mapping[str, Server]) -> str | None:
    """Who leads; of several who believe that they do, the one of the newest term."""
    leaders = [
        (replica.consensus.current_term, name)
        for name, server in servers.items()
        if (replica := server.replica) is not None and replica.consensus.role == LEADER
    ]
    return max(leaders)[1] if leaders else None


def is_at_rest(servers: Mapping[str, Server], leader: str) -> bool:
    """Whether the leader has nothing left to do by itself, is a voter, and has applied all that it
    has, and so have all members with a process. A member may be down for good, or not exist."""
    first = servers[leader].replica
    assert first is not None
    consensus = first.consensus
    last = consensus.log.last_index
    configuration = consensus.configuration
    if (
        consensus.commit_index < last
        or (configuration.is_joint and configuration.leave_automatically)
        or consensus.catch_up is not None
        or not configuration.is_voter(leader)
    ):
        return False
    members = (servers.get(name) for name in configuration.members)
    replicas = (member.replica for member in members if member is not None)
    return all(replica is None or replica.last_applied == last for replica in replicas)


def tell_state(replica: Replica | None, recorder: Recorder) -> None:
    """Tell a digest of the state, to be compared with those of others at the same index."""
    if replica is not None:
        state = Snapshot(0, 0, Configuration(()), replica.state_machine.snapshot())
        recorder.state_digest(replica.last_applied, state.digest)
