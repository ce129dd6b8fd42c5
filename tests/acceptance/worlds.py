"""Under which conditions a scenario runs.

Two Rafts, each on a reliable and on an unreliable network:

    paper     Figure 2 and nothing else, as the originals' Rafts are: no pre-vote, no check of the
              quorum, and a leader begins its term with an empty heartbeat, not with a no-op
    ours      Raft as it is shipped here

The originals' assertions are about the first. Where the second must behave differently, the world
says so and the scenario asserts that instead.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from raft.consensus import Consensus, Settings
from raft.consensus.configuration import Configuration
from raft.replica import HEALTHY, Variant
from tests.acceptance.network import (
    MILLISECOND,
    MIT_RELIABLE,
    MIT_UNRELIABLE,
    SEED_RELIABLE,
    SEED_UNRELIABLE,
    Rules,
)


class WithoutNoOp(Consensus):
    """A leader's term begins with a heartbeat: nothing of older terms is committed before a client
    proposes something (section 5.4.2 without section 8)."""

    def append_as_leader(self, command: bytes, configuration: Configuration | None = None) -> int:
        if command or configuration is not None:
            return super().append_as_leader(command, configuration)
        self.must_broadcast = True
        return self.log.last_index


PAPER = Variant("paper", consensus=WithoutNoOp)


class World(NamedTuple):
    """What stays the same for a whole scenario."""

    name: str
    variant: Variant
    settings: Settings
    rules: Rules
    # What the original's sleeps are multiplied by. "Broadcast time << election time-out" (section
    # 5.6) cannot hold with calls that come 75 ms late and time-outs of 150 ms, so that on an
    # unreliable network the time-outs are longer, and with them all that waits for elections.
    slowness: int = 1
    # Whether a server that was cut off disturbs a leader when it comes back: pre-vote prevents it.
    returning_disturbs: bool = True
    # Whether a leader's first entry commits what older terms left behind: the no-op does.
    no_op_commits: bool = False


def _settings(heartbeat: int, timeout: int, *, guarded: bool) -> Settings:
    """Times in ms; time-outs are drawn from ``timeout`` to twice as much."""
    return Settings(
        heartbeat_interval=heartbeat * MILLISECOND,
        election_timeout_min=timeout * MILLISECOND,
        election_timeout_max=2 * timeout * MILLISECOND,
        pre_vote=guarded,
        check_quorum=guarded,
        session_timeout=None,
    )


def _world(name: str, heartbeat: int, timeout: int, rules: Rules, slowness: int = 1) -> World:
    if name.startswith("paper"):
        settings = _settings(heartbeat, timeout, guarded=False)
        return World(name, PAPER, settings, rules, slowness)
    settings = _settings(heartbeat, timeout, guarded=True)
    return World(name, HEALTHY, settings, rules, slowness, False, True)


# "Implementing Raft": heartbeats every 50 ms, time-outs of 150 to 300 ms.
SEED = (
    _world("paper-reliable", 50, 150, SEED_RELIABLE),
    _world("paper-unreliable", 50, 600, SEED_UNRELIABLE, slowness=4),
    _world("ours-reliable", 50, 150, SEED_RELIABLE),
    _world("ours-unreliable", 50, 600, SEED_UNRELIABLE, slowness=4),
)
SEED_SERVICE = SEED[2:]

# MIT allows ten heartbeats a second or so, and an election one second.
MIT = (_world("paper", 100, 300, MIT_RELIABLE), _world("ours", 100, 300, MIT_RELIABLE))
MIT_SERVICE = MIT[1:]


def unreliable(world: World) -> World:
    """The same on MIT's unreliable network."""
    return world._replace(rules=MIT_UNRELIABLE)


def with_snapshots(world: World, log_bytes: int) -> World:
    """The same with a snapshot whenever so much has been logged since the last one."""
    settings = msgspec.structs.replace(
        world.settings, snapshot_threshold_bytes=log_bytes, entries_kept_after_snapshot=0
    )
    return world._replace(settings=settings)
