"""A follower gives up the entries that follow a snapshot."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus, Snapshot
from raft.replica import Variant


class DiscardsLog(Consensus):
    """Begins its log anew with every snapshot."""

    def retains_log_after(self, snapshot: Snapshot) -> bool:
        return False


register(
    Variant("suffix-after-snapshot-discarded", consensus=DiscardsLog),
    summary=(
        "the whole log is discarded for a snapshot of a prefix of it, and with it what was "
        "acknowledged"
    ),
    source="the paper's Figure 13, rule 6: such entries are retained; a generic mistake",
    convicted_by={"committed-on-majority", "state-machine-safety", "leader-completeness"},
    scenario="""
        n3 refuses a heartbeat that overtakes what it tells of, so that n1 sends it the snapshot of
        the first entry. Then both entries come, from the time before the first was committed; n3
        acknowledges them, and the second is committed by n1 and n3. At last the snapshot comes, and
        n3 forgets the second.
    """,
    witness="""
        elect n1 [n2]
        propose n1 put x 1
        deliver n1 n3 append newest
        deliver n3 n1 append-reply
        deliver n1 n2 append
        deliver n2 n1 append-reply
        snapshot n1
        replicate n1 [n3?]
        deliver n3 n1 append-reply
        deliver n1 n3 append #1
        deliver n3 n1 append-reply
        deliver n1 n3 snapshot
    """,
)
