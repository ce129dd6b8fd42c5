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
    # Who should rather lead: servers of lower priority campaign later. Absent: 0.
    priorities: dict[str, int] = {}
