"""Who leads a simulated cluster, and whether it is at rest; of either kind of server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from nemesis.cluster.sim.recorder import Recorder
from nemesis.subjects.capabilities import Configured
from nemesis.subjects.subject import Replica, Standing
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import Snapshot
from raft.consensus.state import LEADER


class Server(Protocol):
    """A process that runs a replica while it is up."""

    @property
    def standing(self) -> Standing | None:
        """What the replica says of itself now; None while it is down."""
        ...

    @property
    def configured(self) -> Configured | None:
        """The replica, if it knows of configurations, and is up."""
        ...


def present_leader(servers: Mapping[str, Server]) -> str | None:
    """Who leads; of several who believe that they do, the one of the newest term."""
    leaders = [
        (standing.term, name)
        for name, server in servers.items()
        if (standing := server.standing) is not None and standing.role == LEADER
    ]
    return max(leaders)[1] if leaders else None


def is_at_rest(servers: Mapping[str, Server], leader: str) -> bool:
    """Whether the leader has nothing left to do by itself, is a voter, and has applied all that it
    has, and so have all members with a process. A member may be down for good, or not exist."""
    standing = servers[leader].standing
    assert standing is not None
    last = standing.last_log_index
    if standing.commit_index < last:
        return False
    members: tuple[str, ...] = tuple(servers)
    configured = servers[leader].configured
    if configured is not None:
        configuration = configured.configuration()
        if configured.is_changing() or not configuration.is_voter(leader):
            return False
        members = configuration.members
    found = (servers.get(name) for name in members)
    others = (member.standing for member in found if member is not None)
    return all(other is None or other.last_applied == last for other in others)


def tell_state(replica: Replica | None, recorder: Recorder) -> None:
    """Tell a digest of the state, if it can be told, to be compared with those of others at the
    same index."""
    if replica is not None and (data := replica.state()) is not None:
        state = Snapshot(0, 0, Configuration(()), data)
        recorder.state_digest(replica.standing().last_applied, state.digest)
