"""How a node of etcd's core is configured and begins."""

from __future__ import annotations

from typing import Final

from nemesis.schedule import Knobs
from nemesis.subjects.etcd_raft.library import Answer, Node
from nemesis.subjects.etcd_raft.persistence import Found, Names, core_entry

# The shortest election time-out in ticks; the longest is one tick less than twice as much.
_ELECTION_TICKS: Final = 20


def tick_of(knobs: Knobs) -> int:
    """How long a tick is, in ns."""
    return max(knobs.election_timeout_min // _ELECTION_TICKS, 1)


def start(node: Node, name: str, names: Names, knobs: Knobs, found: Found, seed: int) -> Answer:
    """The node comes up on what was found on the disk."""
    snapshot = found.snapshot
    members = snapshot.configuration
    # Without members there is nothing yet, not even the beginning of a cluster.
    if members.voters:
        node.load_snapshot(
            snapshot.last_index, snapshot.last_term, names.state(members), snapshot.data
        )
    for entry in found.entries:
        node.load_entry(core_entry(entry))
    heartbeat_ticks = max(round(knobs.heartbeat_interval / tick_of(knobs)), 1)
    return node.start(
        identity=names.number(name),
        seed=seed,
        election_ticks=_ELECTION_TICKS,
        heartbeat_ticks=min(heartbeat_ticks, _ELECTION_TICKS - 1),
        pre_vote=knobs.pre_vote,
        check_quorum=knobs.check_quorum,
        lease_reads=knobs.reads == "lease",
        max_bytes_per_message=knobs.max_bytes_per_append,
        max_uncommitted_bytes=knobs.max_uncommitted_bytes,
        max_messages_in_flight=knobs.max_appends_in_flight,
        term=found.term,
        vote=names.number(found.voted_for),
        commit_index=found.commit_index,
        last_applied=snapshot.last_index,
    )
