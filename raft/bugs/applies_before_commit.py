"""Entries are applied as soon as they are in the log."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class AppliesAtOnce(Consensus):
    """Does not wait for a majority."""

    def index_to_apply(self) -> int:
        return self.log.last_index


register(
    Variant("applies-before-commit", consensus=AppliesAtOnce),
    summary="entries are applied before they are committed",
    source=(
        "a generic mistake of first implementations; the paper's section 5.3: a server applies "
        "what is committed"
    ),
    convicted_by={"applied-within-commit", "linearizability", "state-machine-safety"},
    scenario="""
        n1 is elected, writes an entry, and applies it before anyone else has heard of it.
    """,
    witness="""
        with asynchronous_storage=true
        elect n1 [n2]
    """,
)
