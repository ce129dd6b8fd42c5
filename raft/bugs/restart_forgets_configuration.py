"""A restart that finds entries, and no configurations."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.replica import Variant


class FindsNoConfigurations(Consensus):
    """Starts with the configuration of its snapshot."""

    def configurations_in_log(self) -> list[tuple[int, Configuration]]:
        return []


register(
    Variant("restart-forgets-configuration", consensus=FindsNoConfigurations),
    summary=(
        "after a restart the configurations in the log are not in effect until another one is"
        " appended"
    ),
    source="thesis, section 4.1: a server uses the latest configuration in its log",
    # same-configuration: a snapshot that is taken meanwhile lacks them too.
    convicted_by={
        "election-safety",
        "leader-completeness",
        "overlapping-quorums",
        "state-machine-safety",
        "voters-lead",
        "same-configuration",
    },
    scenario="""
        n1 alone takes n2 and n3 in, and is restarted: it takes itself for the only member, and
        elects itself, in the term in which n2 and n3 elect n2.
    """,
    witness="""
        with replicas=1 spares=2
        elect n1 []
        change n1 target n1 n2 n3
        replicate n1 [n2 n3]
        crash n1
        restart n1
        elect n1 []
        elect n2 [n3]
    """,
)
