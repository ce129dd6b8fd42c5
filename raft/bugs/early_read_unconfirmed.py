"""A commitment taken for a confirmation."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class CommitmentConfirms(Consensus):
    """Serves the reads that waited for the first commitment of its term."""

    def advance_commit_index(self) -> None:
        early = self.early_reads
        self.early_reads = []
        super().advance_commit_index()
        self.early_reads = early
        if self.may_set_read_index():
            self.early_reads = []
            for reader, read_id in early:
                self.confirm_read(reader, read_id, self.commit_index)


register(
    Variant("early-read-unconfirmed", consensus=CommitmentConfirms),
    summary=(
        "reads that wait for a leader's first commitment are served with it, without asking a"
        " majority"
    ),
    source="thesis, section 6.4, steps 1 and 3",
    convicted_by={"linearizability"},
    scenario="""
        n2 and n3 have n1's first entry, and elect n2, who commits and answers a command. n1 is
        asked to read, and then n3's old answer comes: n1's entry is committed, but n1 does not lead
        any more.
    """,
    witness="""
        elect n1 [n2]
        deliver n1 n2 append
        deliver n1 n3 append
        elect n2 [n3]
        propose n2 put x 1
        replicate n2 [n3]
        read n1 x
        deliver n3 n1 append-reply
    """,
)
