"""The remote procedure calls of the paper's Figure 2, as messages, and pre-vote (thesis, 9.6).

All are immutable values. ``term`` is the sender's current term, except in pre-vote, where it is the
term that the sender would campaign in.
"""

from __future__ import annotations

import msgspec

from raft.consensus.entry import Entry, NodeId


class RequestVote(msgspec.Struct, frozen=True, tag="RequestVote", gc=False):
    """Invoked by candidates to gather votes (section 5.2)."""

    source: NodeId
    target: NodeId
    term: int
    last_log_index: int
    last_log_term: int


class RequestVoteReply(msgspec.Struct, frozen=True, tag="RequestVoteReply", gc=False):
    """Whether the candidate received the vote."""

    source: NodeId
    target: NodeId
    term: int
    vote_granted: bool


class PreVote(msgspec.Struct, frozen=True, tag="PreVote", gc=False):
    """Asks whether a vote would be granted in ``term``, without touching anyone's term."""

    source: NodeId
    target: NodeId
    term: int
    last_log_index: int
    last_log_term: int


class PreVoteReply(msgspec.Struct, frozen=True, tag="PreVoteReply", gc=False):
    """The answer; ``term`` is the proposed term if granted, the voter's current one if not."""

    source: NodeId
    target: NodeId
    term: int
    vote_granted: bool


class AppendEntries(msgspec.Struct, frozen=True, tag="AppendEntries", gc=False):
    """Invoked by the leader to replicate entries; also the heartbeat (section 5.3).

    ``read_round`` numbers the leader's requests for confirmation of its leadership within its term
    (thesis, 6.4); the reply echoes it.
    """

    source: NodeId
    target: NodeId
    term: int
    prev_log_index: int
    prev_log_term: int
    entries: tuple[Entry, ...]
    leader_commit: int
    read_round: int


class AppendEntriesReply(msgspec.Struct, frozen=True, tag="AppendEntriesReply", gc=False):
    """The answer to AppendEntries.

    On success ``match_index`` is the last index at which the follower's log is known to equal the
    leader's. On refusal ``prev_log_index`` is the one refused, ``conflict_index`` the first index
    that the leader should try, and ``conflict_term`` the term of the conflicting entry, or 0 if
    the follower's log is too short (end of section 5.3).
    """

    source: NodeId
    target: NodeId
    term: int
    success: bool
    match_index: int
    prev_log_index: int
    conflict_index: int
    conflict_term: int
    read_round: int


Message = (
    AppendEntries | AppendEntriesReply | RequestVote | RequestVoteReply | PreVote | PreVoteReply
)
