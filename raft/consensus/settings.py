"""What a cluster is configured with; the same on every replica."""

from __future__ import annotations

import msgspec

MILLISECOND = 1_000_000  # ns


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Timing in ns, limits in entries and messages.

    The paper asks for broadcast time << election time-out (section 5.6); time-outs are drawn
    uniformly between the two bounds (section 5.2).
    """

    election_timeout_min: int = 150 * MILLISECOND
    election_timeout_max: int = 300 * MILLISECOND
    heartbeat_interval: int = 75 * MILLISECOND
    pre_vote: bool = True
    check_quorum: bool = True
    max_entries_per_append: int = 16
    max_appends_in_flight: int = 8
    # Sessions expire that were not used for so long, in log time, and the least recently used one
    # if there are more than so many. None: never, and none need be registered (raft.kv.sessions).
    session_timeout: int | None = 60_000 * MILLISECOND
    max_sessions: int = 4_096
