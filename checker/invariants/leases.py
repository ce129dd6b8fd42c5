"""Monitor of reads by lease (section 6.4.1 of the thesis)."""

from __future__ import annotations

from typing import ClassVar

from checker.invariants.ghost import NodeGhost
from checker.invariants.monitor import Monitor
from checker.trace import LeaseRead


class LeaseSafety(Monitor):
    """A leader confirms a read by its lease only while no later leader can have committed anything.

    The read may be stale as soon as, before it is confirmed, an entry beyond its index is committed
    in a higher term. A later leader alone makes no read stale: until it has committed an entry, the
    first of its own term, nothing has happened that the old leader does not know. Nor does what
    the leader of this very term has committed since the read began, nor what is committed after.
    """

    name: ClassVar[str] = "lease-safety"

    def before_lease_read(self, node: NodeGhost, event: LeaseRead) -> None:
        committed = self.cluster.committed
        last = len(committed) - 1
        # Indices are first committed in the order of their leaders' terms: the last tells of all.
        newest = committed[last]
        if last > event.index and newest.commit_term > event.term:
            self.fail(
                event,
                f"{event.node} confirmed a read at index {event.index} by its lease of term "
                f"{event.term}, though {newest.node} had committed index {last} in term "
                f"{newest.commit_term}",
                index=event.index,
                committed_index=last,
                terms=[event.term, newest.commit_term],
            )


MONITORS: tuple[type[Monitor], ...] = (LeaseSafety,)
