"""Themes: what a walk is about. What belongs together meets more often than by chance: small
snapshots and servers that lag, slow disks and changes of leaders, spares and operators.

A theme says which knobs are turned, and which moves and choreographies are preferred; everything
else may come up beside them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nemesis.schedule import MILLISECOND


class Theme(NamedTuple):
    """What is drawn for it more often than else."""

    name: str
    # Knobs, and what they may be.
    knobs: dict[str, tuple[Any, ...]]
    moves: tuple[str, ...]
    choreographies: tuple[str, ...]
    # How it ends, if with a finale: one of these, or any if there are none.
    finales: tuple[str, ...] = ()


# An entry takes some 50 to 100 bytes.
SMALL = 150

THEMES: tuple[Theme, ...] = (
    Theme("anything", {}, (), ()),
    Theme(
        "elections",
        {"pre_vote": (False, False, True), "check_quorum": (False, False, True)},
        ("campaign-alone", "deliver-with-answer", "deliver-stale", "crash", "fail-power"),
        ("rivals", "late-grant", "same-term", "forgotten-vote"),
    ),
    Theme(
        "logs",
        {"max_entries_per_append": (1, 1, 2, 16), "replicas": (3, 5, 5)},
        ("propose", "deliver-reply", "deliver-stale", "crash"),
        ("rivals", "late-acknowledgement", "lost-log", "lost-log", "stale-append", "divergence"),
    ),
    Theme(
        "flow",
        {
            "max_entries_per_append": (1, 2, 16),
            "max_appends_in_flight": (1, 2, 8),
            "max_bytes_in_flight": (0, SMALL),
            "max_bytes_per_append": (1 << 20, SMALL),
            "max_uncommitted_bytes": (0, 2 * SMALL),
        },
        ("propose", "deliver", "deliver-reply", "deliver-with-answer"),
        ("lost-answers", "lost-answers", "late-acknowledgement", "stale-append", "divergence"),
        ("unanswered", "unanswered", "overtaken-snapshot"),
    ),
    Theme(
        "snapshots",
        {
            "entries_kept_after_snapshot": (0, 0, 1),
            "snapshot_chunk_bytes": (1 << 16, 1 << 16, 4, 8, 16, 60),
            "snapshot_threshold_bytes": (0, 0, 1, SMALL),
        },
        ("snapshot", "crash", "deliver", "deliver-with-answer"),
        (
            "lagging-snapshot",
            "lagging-snapshot",
            "chunks",
            "stale-append",
            "divergence",
            "overtaken-by-entries",
            "two-senders",
            "two-senders",
            "two-senders",
            "doubled-snapshot",
        ),
        ("overtaken-snapshot", "overtaken-snapshot", "newer-term"),
    ),
    Theme(
        "disks",
        {"segment_bytes": (200, 1024), "max_entries_per_append": (1, 16)},
        ("fail-power", "crash", "crash-all", "damage", "fill-disk", "snapshot"),
        ("forgotten-vote", "crash-while-saving", "divergence"),
    ),
    Theme(
        "slow disks",
        {"asynchronous_storage": (True,), "max_entries_per_append": (1, 16)},
        ("stall", "perform", "deliver-reply", "fail-power"),
        (
            "slow-disk",
            "slow-disk",
            "slow-voter",
            "crash-while-saving",
            "divergence",
            "replaced-while-saving",
            "replaced-while-saving",
            "slow-state-machine",
        ),
    ),
    Theme(
        "members",
        {
            "spares": (0, 1, 1, 2),
            "replicas": (3, 3, 4, 4, 2, 1, 5),
            "max_entries_per_append": (16, 16, 1),
        },
        ("change-members", "change-members", "snapshot", "crash"),
        (
            "two-memberships",
            "two-memberships",
            "handover",
            "forgotten-change",
            "forgotten-change",
            "change-in-haste",
        ),
        ("lost-learner",),
    ),
    Theme(
        "reads",
        {"reads": ("index", "index", "index", "log"), "replicas": (3, 3, 5), "spares": (0, 2)},
        ("read", "deliver-reply"),
        ("old-leader-reads", "owed-answers", "owed-answers", "owed-answers"),
    ),
    Theme(
        "reads at followers",
        {"reads": ("follower",), "replicas": (3, 5)},
        ("read", "deliver-reply", "crash"),
        ("follower-reads", "late-read-index", "late-read-index"),
    ),
    Theme(
        "leases",
        {"reads": ("lease",)},
        ("read", "wait", "transfer", "deliver-reply"),
        ("old-leader-reads", "lease-runs-on", "lease-runs-on", "late-order", "asked-early"),
    ),
    Theme(
        "clients",
        {"session_timeout": (None, None, 500 * MILLISECOND)},
        ("retry", "read", "snapshot", "crash", "wait"),
        ("retried-elsewhere", "retried-elsewhere", "handover"),
    ),
    Theme(
        "transfers",
        {"reads": ("index", "lease", "lease", "log"), "pre_vote": (False, True)},
        ("transfer", "read", "deliver", "wait"),
        ("handover", "late-order", "late-order"),
    ),
    Theme(
        "recovery",
        {
            "replicas": (2, 3, 3, 3, 5),
            "pre_vote": (False, True, True),
            "check_quorum": (False, False, True),
            "max_appends_in_flight": (1, 8),
        },
        ("campaign-alone", "crash", "snapshot"),
        ("rivals", "divergence", "lost-answers", "lagging-snapshot"),
        ("newer-term", "newer-term", "newer-term", "parted-logs", "overtaken-snapshot"),
    ),
)
