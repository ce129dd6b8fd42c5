"""A candidate with newer entries is refused because they are fewer."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class WantsBoth(Consensus):
    """Asks for a last index as high, whatever the last terms are."""

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        log = self.log
        return last_log_term >= log.last_term and last_log_index >= log.last_index


register(
    Variant("newer-and-longer", consensus=WantsBoth),
    summary="a vote needs a last term as new and also a log as long: of two logs neither wins",
    source="hashicorp/raft 441bd09 (indices compared though the terms differ)",
    convicted_by={"liveness"},
    scenario="""
        n1 has two entries of term 1. n2, which leads term 2, has one. The disk of n3, which voted
        for n2, is lost, and n2 restarts. Now only n2 may lead, with n1's vote: its log is newer, if
        shorter.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1
        elect n2 [n3]
        lose-file n3 vote
        crash n2
        settle
    """,
)
