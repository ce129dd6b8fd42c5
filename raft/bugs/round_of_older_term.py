"""An answer to a round of heartbeats of an older term."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import AppendEntries, Consensus, InstallSnapshot
from raft.replica import Variant


class AnswersAnyRound(Consensus):
    """Sends back the number that was sent, under its own term."""

    def round_answered(self, message: AppendEntries | InstallSnapshot) -> int:
        return message.read_round


register(
    Variant("round-of-older-term", consensus=AnswersAnyRound),
    summary="who refuses AppendEntries of an older term echoes its round, under the newer term",
    source="this Raft, as it was until random walks over macro-steps found it",
    convicted_by={"linearizability", "lease-safety"},
    scenario="""
        Rounds of heartbeats are numbered anew in each term. An AppendEntries of n1's first term, of
        a late round, reaches n2 when n1 leads again in a newer one, and n2 refuses it by an answer
        of the newer term. n3 is elected and performs a write; then n1 is asked to read, in a round
        of that number, and takes the old answer for a confirmation that it still leads.
    """,
    witness="""
        elect n1 [n2]
        replicate n1 [n2]
        read n1 x
        replicate n1 []
        elect n2 [n3]
        replicate n2 [n1]
        elect n1 [n2 n3]
        replicate n1 [n3]
        deliver n1 n2 append
        deliver n1 n2 append
        deliver n1 n2 append
        elect n3 [n2]
        propose n3 put x 1
        replicate n3 [n2]
        read n1 x as c1
        deliver n2 n1 append-reply
        deliver n2 n1 append-reply
        deliver n2 n1 append-reply
    """,
)
