"""A snapshot holds the members that the cluster began with."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.replica import Variant


class SnapshotsFirstMembers(Consensus):
    """Takes the oldest configuration that it knows."""

    def configuration_at(self, index: int) -> Configuration:
        return self._configurations[0][1]


register(
    Variant("snapshot-of-first-members", consensus=SnapshotsFirstMembers),
    summary="a snapshot leaves out the changes of the membership that it covers",
    source="PySyncObj #133; a generic mistake: the membership is no part of the dump",
    convicted_by={"same-configuration"},
    scenario="""
        n4 is added, and n1 takes a snapshot. n4 gets it, and learns that it is no member.
    """,
    witness="""
        with spares=1
        elect n1 [n2]
        replicate n1 [n2]
        change n1 add-voter n4
        replicate n1 [n2 n3]
        snapshot n1
        replicate n1 [n4]
    """,
)
