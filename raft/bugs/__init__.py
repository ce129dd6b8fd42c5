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
    commits_beyond_log,
    commits_own_suffix,
    conflicts_kept,
    counts_what_was_sent,
    half_is_a_majority,
    heartbeat_truncates,
    heartbeats_not_checked,
    leader_counts_twice,
    length_only,
    log_not_synced,
    no_up_to_date_check,
    prev_term_not_checked,
    refusal_counts_as_ack,
    retry_applied_twice,
    stale_read,
    suffix_after_conflict_kept,
    term_not_persisted,
    vote_not_persisted,
    vote_twice,
)
from raft.bugs.bug import BUGS, Bug, UnknownBug, get_bug

__all__ = ["BUGS", "Bug", "UnknownBug", "get_bug"]
