"""A voter that forgets its leader in a restart."""

from __future__ import annotations

from raft.bugs.bug import register
from raft.consensus import Consensus
from raft.replica import Variant


class StartsWithoutLeader(Consensus):
    """Knows of no leader when it starts."""

    def contact_before_start(self) -> int | None:
        return None


register(
    Variant("restarted-voter-forgets-lease", consensus=StartsWithoutLeader),
    summary=(
        "a server that was restarted votes at once, though it answered a leader that counts "
        "on a lease"
    ),
    source="thesis, section 6.4.1, which does not speak of restarts",
    convicted_by={"lease-safety", "linearizability"},
    scenario="""
        n1's lease rests on n2, who is restarted and helps n3, who has not heard from n1 for long,
        to be elected.
    """,
    witness="""
        with reads=lease check_quorum=true
        elect n1 [n2]
        deliver n1 n3 append
        replicate n1 [n2]
        replicate n1 [n2]
        crash n2
        restart n2
        elect n3 [n2] hastily
        replicate n3 [n2]
        read n1 x
    """,
)
