"""A new leader appends nothing of its own."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class BeginsSilently(Consensus):
    """Waits for a client to bring the first entry of its term."""

    def begin_term(self) -> None:
        self.must_broadcast = True


register(
    Variant("no-entry-at-election", consensus=BeginsSilently),
    summary=(
        "no no-op at the beginning of a term: what is committed stays unknown, and reads wait "
        "for a write"
    ),
    source=(
        "thesis, 6.4: a leader must have committed an entry of its term before it may read; the "
        "paper's section 8"
    ),
    convicted_by={"liveness"},
    scenario="""
        n1 is elected and asked for a read. Nothing of its term is committed, and nothing will be
        until somebody writes.
    """,
    witness="""
        elect n1 [n2]
        settle
    """,
)
