"""The remote procedure calls of the paper's Figures 2 and 13, as messages, and those of the thesis:
pre-vote (9.6), leadership transfer (3.10), reads at followers (6.4).

All are immutable values. ``term`` is the sender's current term, except in pre-vote, where it is the
term that the sender would campaign in.
"""

from __future__ import annotations

import msgspec

from raft.consensus.configuration import Configuration
from raft.consensus.entry import Entry, NodeId


class RequestVote(msgspec.Struct, frozen=True, tag="RequestVote", gc=False):
    """Invoked by candidates to gather votes (section 5.2).

    ``leadership_transfer``: the leader asked for this election, so nobody holds it back for the
    leader's sake (thesis, 4.2.3).
    """

    source: NodeId
    target: NodeId
    term: int
    last_log_index: int
    last_log_term: int
    leadership_transfer: bool = False


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


class InstallSnapshot(msgspec.Struct, frozen=True, tag="InstallSnapshot", gc=False):
    """Invoked by the leader to send a snapshot, chunk by chunk (Figure 13).

    ``last_index`` and ``last_term`` are those of the last entry that the snapshot replaces,
    ``offset`` is where ``data`` belongs in it, in bytes; ``done`` marks the last chunk.
    """

    source: NodeId
    target: NodeId
    term: int
    last_index: int
    last_term: int
    configuration: Configuration
    offset: int
    data: bytes
    done: bool
    read_round: int


class InstallSnapshotReply(msgspec.Struct, frozen=True, tag="InstallSnapshotReply", gc=False):
    """The answer to InstallSnapshot: ``next_offset`` bytes of the snapshot of ``last_index`` and
    ``last_term`` are there, so that the leader goes on, or resumes, from there. ``installed``: the
    follower's state and log are those of the snapshot, or newer, and durable."""

    source: NodeId
    target: NodeId
    term: int
    last_index: int
    last_term: int
    next_offset: int
    installed: bool
    read_round: int


class TimeoutNow(msgspec.Struct, frozen=True, tag="TimeoutNow", gc=False):
    """The leader asks a follower to start an election at once (thesis, 3.10)."""

    source: NodeId
    target: NodeId
    term: int


class ReadIndex(msgspec.Struct, frozen=True, tag="ReadIndex", gc=False):
    """A follower asks the leader for a read index, to serve a read itself (thesis, 6.4)."""

    source: NodeId
    target: NodeId
    term: int
    read_id: int


class ReadIndexReply(msgspec.Struct, frozen=True, tag="ReadIndexReply", gc=False):
    """The read may be served once ``read_index`` is applied; None: this server does not lead, or
    ceased to lead before a majority confirmed it."""

    source: NodeId
    target: NodeId
    term: int
    read_id: int
    read_index: int | None


Message = (
    AppendEntries
    | AppendEntriesReply
    | RequestVote
    | RequestVoteReply
    | PreVote
    | PreVoteReply
    | InstallSnapshot
    | InstallSnapshotReply
    | TimeoutNow
    | ReadIndex
    | ReadIndexReply
)
