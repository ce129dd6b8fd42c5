"""A leader enters a newer term and goes on leading in it."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.state import LEADER
from raft.replica import Variant


class LeadsOn(Consensus):
    """Takes a newer term, but remains leader if it is one."""

    def observe_term(self, term: int) -> None:
        if self.role != LEADER:
            super().observe_term(term)
        elif term > self.current_term:
            self.set_term(term)


register(
    Variant("leader-keeps-office", consensus=LeadsOn),
    summary="a leader that hears of a newer term adopts it without stepping down",
    source="a generic mistake; Figure 2, rules for all servers",
    convicted_by={
        "log-matching",
        "state-machine-safety",
        "leader-append-only",
        "committed-on-majority",
        "linearizability",
        "liveness",
    },
    scenario="""
        n1 leads term 1 and refuses n2 its vote in term 2, as n2 lacks its entry. n3 elects n2. Both
        now append entries of term 2 at the same index, unless n1 has stepped down.
    """,
    witness="""
        elect n1 [n2]
        elect n2 [n1 n3]
        propose n1 put x 1
        propose n2 put x 2 as c1
    """,
)
