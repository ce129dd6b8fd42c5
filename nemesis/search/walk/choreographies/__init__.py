"""Choreographies: what the ways in which Rafts have failed have in common, as figures.

Each is a template: who plays in it, how many rounds there are, who hears what, is drawn, and a walk
leaves out, repeats and inserts steps. They were learned from the catalogue of published bugs, by
its classes: rivals who take turns, answers that come late, votes that are forgotten, snapshots that
meet newer logs, memberships that nobody agrees on.
"""

from __future__ import annotations

from nemesis.search.walk.choreographies import elections, logs, service
from nemesis.search.walk.stage import Figure

# By name.
CHOREOGRAPHIES: dict[str, Figure] = {
    "rivals": elections.rivals,
    "late-grant": elections.late_grant,
    "same-term": elections.same_term,
    "forgotten-vote": elections.forgotten_vote,
    "late-acknowledgement": logs.late_acknowledgement,
    "stale-append": logs.stale_append,
    "divergence": logs.divergence,
    "lagging-snapshot": logs.lagging_snapshot,
    "slow-disk": logs.slow_disk,
    "crash-while-saving": logs.crash_while_saving,
    "two-memberships": service.two_memberships,
    "old-leader-reads": service.old_leader_reads,
    "follower-read": service.follower_read,
    "retried-elsewhere": service.retried_elsewhere,
    "handover": service.handover,
}
