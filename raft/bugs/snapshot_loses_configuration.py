"""A snapshot with the members of the beginning."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.replica import Variant


class SnapshotsTheFirst(Consensus):
    """Knows the configuration that it has started with."""

    def configuration_at(self, index: int) -> Configuration:
        return self._configurations[0][1]


register(
    Variant("snapshot-loses-configuration", consensus=SnapshotsTheFirst),
    summary=(
        "a snapshot has the configuration that the server started with, not the one at its "
        "last entry"
    ),
    source="PySyncObj #133; the paper's section 7",
    convicted_by={"snapshot-configuration"},
    scenario="""
        n1 takes n2 in as a learner, takes a snapshot, and is restarted from it: it does not know
        n2.
    """,
    witness="""
        with replicas=1 spares=1
        elect n1 []
        change n1 add-learner n2
        snapshot n1
        crash n1
        restart n1
    """,
)
