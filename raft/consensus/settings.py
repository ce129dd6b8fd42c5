"""What a cluster is configured with; the same on every replica."""

from __future__ import annotations

import msgspec

from raft.errors import RaftError

MILLISECOND = 1_000_000  # ns


class SettingsError(RaftError):
    """Settings with which the rules do not hold; the message says which do not go together."""


# Without one of these, nothing would ever be sent, or remembered.
_AT_LEAST_ONE = (
    "max_entries_per_append",
    "max_appends_in_flight",
    "snapshot_chunk_bytes",
    "max_sessions",
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Timing in ns, limits in entries, messages and bytes.

    The paper asks for broadcast time << election time-out (section 5.6); time-outs are drawn
    uniformly between the two bounds (section 5.2). Bytes of entries are those that
    ``raft.consensus.log.entry_size`` counts; where 0 is said to mean no limit, it does.
    """

    election_timeout_min: int = 150 * MILLISECOND
    election_timeout_max: int = 300 * MILLISECOND
    heartbeat_interval: int = 75 * MILLISECOND
    pre_vote: bool = True
    check_quorum: bool = True
    # One AppendEntries carries at least one entry, however large.
    max_entries_per_append: int = 16
    max_bytes_per_append: int = 1 << 20
    # What may be on its way to one follower; of bytes, 0: no limit.
    max_appends_in_flight: int = 8
    # Who should rather lead: servers of lower priority campaign later. Absent: 0.
    priorities: dict[str, int] = {}
    max_bytes_in_flight: int = 0
    # Proposals are refused while so much of the leader's log is not committed; 0: no limit.
    max_uncommitted_bytes: int = 0
    # A snapshot is due when so much has been applied since the last one; 0: never.
    snapshot_threshold_bytes: int = 0
    snapshot_chunk_bytes: int = 1 << 16
    # How many of the entries that a snapshot covers are kept for followers that are a little slow.
    entries_kept_after_snapshot: int = 64
    # Sessions expire that were not used for so long, in log time, and the least recently used one
    # if there are more than so many. None: never, and none need be registered (raft.kv.sessions).
    session_timeout: int | None = 60_000 * MILLISECOND
    max_sessions: int = 4_096
    # Whether the disk is written, and entries are applied, while inputs go on being handled, each
    # to be acknowledged later (durability.py). Else nothing leaves ``handle`` before it is durable.
    asynchronous_storage: bool = False
    # Whether a leader may read without asking while a majority grants no votes (leases.py), and by
    # how much any server's clock may run faster than any other's, in parts per million. A reading
    # that jumps is beyond any bound. What clocks do beyond it makes reads stale, nothing else.
    lease_reads: bool = False
    max_clock_drift: int = 10_000

    def __post_init__(self) -> None:
        """Raises SettingsError."""
        if self.lease_reads and not self.check_quorum:
            raise SettingsError(
                "lease_reads needs check_quorum: without it servers grant votes while they hear "
                "from a leader, and no lease holds"
            )
        if not 0 <= self.max_clock_drift < 1_000_000:
            raise SettingsError(
                f"max_clock_drift is {self.max_clock_drift} parts per million: it must be at least "
                f"0, and below 1000000, or no lease lasts"
            )
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is {getattr(self, name)}: it must be at least 1")
