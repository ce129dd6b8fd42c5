"""The zoo: variants of our Raft, each with one bug that somebody's Raft really had.

A tester that does not find them is not one. A new bug: a file with a subclass that overrides one
decision and a call of ``register``, imported here.
"""

from raft.bugs import (  # noqa: F401 (importing a bug's file registers it)
    any_term_observed,
    append_lowers_term,
    append_truncates,
    commit_index_compared,
    commit_of_old_term,
    duplicate_vote_counted,
    equal_log_refused,
    half_is_quorum,
    leader_keeps_office,
    length_only,
    log_not_synced,
    no_up_to_date_check,
    old_term_vote,
    retry_applied_twice,
    stale_read,
    stale_vote_counted,
    term_not_persisted,
    term_only,
    vote_cleared_by_append,
    vote_not_persisted,
    vote_twice,
)
from raft.bugs.bug import BUGS, Bug, UnknownBug, get_bug

__all__ = ["BUGS", "Bug", "UnknownBug", "get_bug"]
