"""A server goes on after a write that failed."""

from __future__ import annotations

from collections.abc import Sequence

from raft.bugs.bug import register
from raft.consensus import Entry, NodeId
from raft.replica import Variant
from raft.storage import DiskError, Storage


class IgnoresErrors(Storage):
    """Hopes for the next write."""

    def save(self, term: int, voted_for: NodeId | None, entries: Sequence[Entry]) -> bool:
        try:
            return super().save(term, voted_for, entries)
        except DiskError:
            self._is_usable = True
            return False


register(
    Variant("write-error-ignored", storage=IgnoresErrors),
    summary="an error while saving term, vote or entries is dropped, and the answer leaves",
    source="dragonboat #409 (returns nil); sofa-jraft, found by Specula; braft CA-5",
    convicted_by={
        "monotonic-term",
        "one-vote-a-term",
        "election-safety",
        "committed-on-majority",
        "unhandled-exception",
    },
    scenario="""
        n2's disk is full when it votes for n1 in term 1, so it must not answer: after a restart it
        would be in term 0 and could vote again.
    """,
    witness="""
        fill-disk n2
        elect n1 [n2]
        crash n2
        restart n2
    """,
)
