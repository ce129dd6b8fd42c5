"""The zoo: variants of our Raft, each with one bug that somebody's Raft really had.

A tester that does not find them is not one. A new bug: a file with a subclass that overrides one
decision and a call of ``register``, imported here.
"""

from raft.bugs import (  # noqa: F401 (importing a bug's file registers it)
    append_truncates,
    change_before_own_term,
    commit_of_old_term,
    configuration_not_rolled_back,
    demoted_at_once,
    early_read_unconfirmed,
    follower_reads_alone,
    joint_commit_by_new_majority,
    joint_commit_by_old_majority,
    joint_left_too_early,
    joint_never_left,
    joint_vote_by_union,
    learner_ack_counted,
    learner_campaigns,
    learner_vote_counted,
    lease_from_answer,
    lease_outlives_transfer,
    lease_renewed_by_refusal,
    lease_too_long,
    length_only,
    log_not_synced,
    new_server_taken_for_caught_up,
    no_up_to_date_check,
    proposals_in_transfer,
    read_before_applied,
    read_before_own_term,
    read_confirmed_by_learners,
    read_confirmed_by_one,
    read_index_unconfirmed,
    read_joins_round,
    read_number_used_again,
    refused_read_served,
    removed_ack_counted,
    removed_leader_cannot_return,
    removed_leader_counts_itself,
    restarted_voter_forgets_lease,
    retry_applied_twice,
    stale_read,
    strangers_refuse_entries,
    strangers_refuse_votes,
    swap_without_joint,
    term_not_persisted,
    two_changes_at_once,
    vote_not_persisted,
    vote_twice,
    votes_despite_leader,
)
from raft.bugs.bug import BUGS, Bug, UnknownBug, get_bug

__all__ = ["BUGS", "Bug", "UnknownBug", "get_bug"]
