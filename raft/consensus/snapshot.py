"""Snapshots: what takes the place of a prefix of the log (section 7 of the paper)."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from raft.consensus.configuration import Configuration
from raft.consensus.names import NodeId


class Snapshot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state after the entry at ``last_index``, whose term is ``last_term``.

    ``configuration`` is the latest one at or before that entry. ``data`` is opaque to consensus:
    the state machine with its session table. The empty log of a new cluster is a snapshot too, of
    index 0 and without data: so the first configuration has its place.
    """

    last_index: int
    last_term: int
    configuration: Configuration
    data: bytes = b""

    @property
    def digest(self) -> str:
        """Stands for the data; equal data have equal digests."""
        return blake2b(self.data, digest_size=8).hexdigest()


def first_snapshot(voters: tuple[NodeId, ...]) -> Snapshot:
    """What a new cluster of these voters begins with; without voters, what a server begins with
    that waits to be added to a cluster."""
    return Snapshot(0, 0, Configuration(voters))
