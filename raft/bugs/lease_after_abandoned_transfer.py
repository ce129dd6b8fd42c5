"""A lease that is taken up again."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.consensus.transfer import TransferOutcome
from raft.replica import Variant


class ReadsOn(Consensus):
    """When a transfer has come to nothing, all is as before."""

    def end_transfer(self, outcome: TransferOutcome) -> None:
        super().end_transfer(outcome)
        self.timeout_now_sent = False


register(
    Variant("lease-after-abandoned-transfer", consensus=ReadsOn),
    summary=(
        "a leader that has abandoned a transfer reads by its lease again, though TimeoutNow "
        "may still arrive"
    ),
    source="tikv/raft-rs #234; etcd #12704",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n1's TimeoutNow is long on its way to n2. n1 has given the transfer up and renewed its lease
        when it arrives, and n2 is elected at once.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        replicate n1 [n2 n3]
        transfer n1 n2 held
        wait 150 [n1]
        replicate n1 [n2 n3]
        deliver n1 n2 timeout-now
        deliver n2 n3 vote
        deliver n3 n2 vote-reply
        replicate n2 [n3]
        read n1 x
    """,
)
