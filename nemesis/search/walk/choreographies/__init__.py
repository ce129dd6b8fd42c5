"""Choreographies: what the ways in which Rafts have failed have in common, as figures.

Each is a template: who plays in it, how many rounds there are, who hears what, is drawn, and a walk
leaves out, repeats and inserts steps. They were learned from the catalogue of published bugs, by
its classes: rivals who take turns, answers that come late, votes that are forgotten, snapshots that
meet newer logs, memberships that nobody agrees on.
"""

from __future__ import annotations

from nemesis.search.walk.choreographies import (
    changes,
    disks,
    elections,
    finales,
    leases,
    logs,
    old_leaders,
    reads,
    service,
    snapshots,
)
from nemesis.search.walk.stage import Figure

# By name.
CHOREOGRAPHIES: dict[str, Figure] = {
    "rivals": elections.rivals,
    "late-grant": elections.late_grant,
    "same-term": elections.same_term,
    "late-acknowledgement": logs.late_acknowledgement,
    "lost-log": logs.lost_log,
    "lost-answers": logs.lost_answers,
    "stale-append": logs.stale_append,
    "divergence": logs.divergence,
    "lagging-snapshot": snapshots.lagging_snapshot,
    "chunks": snapshots.chunks,
    "forgotten-vote": disks.forgotten_vote,
    "crash-while-saving": disks.crash_while_saving,
    "slow-disk": disks.slow_disk,
    "slow-voter": disks.slow_voter,
    "old-leader-reads": reads.old_leader_reads,
    "follower-reads": reads.follower_reads,
    "handover": reads.handover,
    "two-memberships": service.two_memberships,
    "retried-elsewhere": service.retried_elsewhere,
    "two-senders": snapshots.two_senders,
    "overtaken-by-entries": snapshots.overtaken_by_entries,
    "doubled-snapshot": snapshots.doubled_snapshot,
    "replaced-while-saving": disks.replaced_while_saving,
    "slow-state-machine": disks.slow_state_machine,
    "forgotten-change": changes.forgotten_change,
    "change-in-haste": changes.change_in_haste,
    "owed-answers": old_leaders.owed_answers,
    "asked-early": old_leaders.asked_early,
    "lease-runs-on": leases.lease_runs_on,
    "late-order": leases.late_order,
    "late-read-index": reads.late_read_index,
}
# A walk may end with one of these.
FINALES: dict[str, Figure] = {
    "newer-term": finales.newer_term,
    "parted-logs": finales.parted_logs,
    "unanswered": finales.unanswered,
    "overtaken-snapshot": finales.overtaken_snapshot,
    "lost-learner": finales.lost_learner,
}
# These are about writes that take their time.
ASYNCHRONOUS = frozenset({"slow-disk", "slow-voter", "replaced-while-saving", "slow-state-machine"})
# These are for operators.
OPERATED = frozenset({"two-memberships", "forgotten-change", "change-in-haste", "lost-learner"})
