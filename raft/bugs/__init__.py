"""The zoo: variants of our Raft, each with one bug that somebody's Raft really had.

A tester that does not find them is not one. A new bug: a file with a subclass that overrides one
decision and a call of ``register``, imported here.
"""

from raft.bugs import (  # noqa: F401 (importing a bug's file registers it)
    acks_own_tail,
    append_truncates,
    appends_after_gap,
    commit_index_goes_back,
    commit_of_old_term,
    commits_at_refusal,
    commits_before_truncating,
    commits_beyond_log,
    commits_own_suffix,
    conflict_never_steps_back,
    conflicts_kept,
    counts_what_was_sent,
    deposed_leader_replicates,
    entries_restamped,
    half_is_a_majority,
    heartbeat_truncates,
    heartbeats_not_checked,
    leader_counts_twice,
    length_only,
    log_not_synced,
    new_leader_rolls_back,
    no_up_to_date_check,
    prev_term_not_checked,
    progress_not_reset,
    refusal_counts_as_ack,
    refusal_hint_raises_match,
    restart_commits_all,
    retry_applied_twice,
    stale_ack_counted,
    stale_append_accepted,
    stale_read,
    suffix_after_conflict_kept,
    term_not_persisted,
    uncommitted_never_released,
    vote_not_persisted,
    vote_twice,
)
from raft.bugs.bug import BUGS, Bug, UnknownBug, get_bug

__all__ = ["BUGS", "Bug", "UnknownBug", "get_bug"]
