"""The zoo: variants of our Raft, each with one bug that somebody's Raft really had.

A tester that does not find them is not one. A new bug: a file with a subclass that overrides one
decision and a call of ``register``, imported here.
"""

from raft.bugs import (  # noqa: F401 (importing a bug's file registers it)
    append_truncates,
    commit_of_old_term,
    length_only,
    log_not_synced,
    no_up_to_date_check,
    retry_applied_twice,
    stale_read,
    term_not_persisted,
    vote_not_persisted,
    vote_twice,
)
from raft.bugs.bug import BUGS, Bug, UnknownBug, get_bug

__all__ = ["BUGS", "Bug", "UnknownBug", "get_bug"]
