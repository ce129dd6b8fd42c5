"""The zoo: variants of our Raft, each with one bug that somebody's Raft really had.

A tester that does not find them is not one. A new bug: a file with a subclass that overrides one
decision and a call of ``register``, imported here.
"""

from raft.bugs import (  # noqa: F401 (importing a bug's file registers it)
    any_term_observed,
    append_lowers_term,
    append_truncates,
    campaign_not_persisted,
    campaigns_in_same_term,
    commit_index_compared,
    commit_of_old_term,
    duplicate_vote_counted,
    elected_again,
    entries_acknowledged_before_durable,
    equal_log_refused,
    half_is_quorum,
    leader_after_restart,
    leader_asserts_on_pre_vote,
    leader_counts_unsaved,
    leader_keeps_office,
    learner_campaigns,
    learner_vote_counted,
    length_only,
    log_not_synced,
    missing_segment_ignored,
    missing_vote_is_term_0,
    no_up_to_date_check,
    old_term_vote,
    pre_vote_raises_term,
    pre_votes_counted,
    renamed_before_synced,
    replaced_entries_counted,
    retry_applied_twice,
    stale_read,
    stale_vote_counted,
    step_down_not_persisted,
    term_and_vote_in_two_steps,
    term_not_persisted,
    term_only,
    truncation_not_persisted,
    vote_before_durable,
    vote_before_term,
    vote_cleared_by_append,
    vote_kept_across_terms,
    vote_not_persisted,
    vote_request_before_durable,
    vote_saved_with_entries,
    vote_twice,
    votes_not_reset,
)
from raft.bugs.bug import BUGS, Bug, UnknownBug, get_bug

__all__ = ["BUGS", "Bug", "UnknownBug", "get_bug"]
