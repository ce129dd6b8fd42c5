"""Reads by lease: for a while, a leader that a majority has answered need not ask (thesis, 6.4.1).

A server that has heard from the leader grants no vote for the minimum election time-out
(``hears_from_leader``, which is there with check-quorum). So once a majority has answered a round
of heartbeats, nobody else can be elected for that long, counted from when the round was *sent*: the
followers heard it later. The servers' clocks measure that time, each its own; the lease is shorter
by what the settings allow them to differ. Beyond that bound reads may be stale, elections may not.
"""

from __future__ import annotations

from collections import deque

from mypy_extensions import mypyc_attr

from raft.consensus.quorums import agreed_index
from raft.consensus.transfer import Transfer

_MILLION = 1_000_000


@mypyc_attr(allow_interpreted_subclasses=True)
class Leases(Transfer):
    """The rules by which a leader knows that it is the only one."""

    # Rounds that no majority is known to have answered: number, and when it was sent.
    unanswered_rounds: deque[tuple[int, int]]
    # When the newest round was sent that a majority has answered, in ns of the own clock.
    lease_began: int | None = None

    # -- Leaders -------------------------------------------------------------------------------

    def become_leader(self) -> None:
        """A new term, no lease yet."""
        self.unanswered_rounds = deque()
        self.lease_began = None
        super().become_leader()

    def begin_lease_round(self) -> None:
        """With leases each broadcast is a round, so that an answer tells what it was sent for. Note
        when that was; forget the rounds that are too old to matter."""
        if self.read_round == self.read_round_sent:
            self.read_round += 1
        rounds = self.unanswered_rounds
        rounds.append((self.read_round, self.now))
        while rounds[0][1] + self.settings.election_timeout_min <= self.now:
            rounds.popleft()

    def holds_lease(self) -> bool:
        """Whether nobody else can lead now."""
        if not self.settings.lease_reads or self.lease_is_void():
            return False
        self.renew_lease()
        return self.lease_began is not None and self.now < self.lease_began + self.lease_duration()

    def lease_is_void(self) -> bool:
        """Who is asked to campaign at once is voted for at once. The message may arrive at any time
        while the term lasts, even if the transfer was given up (thesis, 6.4.1)."""
        return self.timeout_now_sent

    def renew_lease(self) -> None:
        """The lease runs from when the newest round was sent that a majority has answered; not from
        when the answers came, as these may have been long on their way."""
        answered = self.majority_read_round()
        rounds = self.unanswered_rounds
        while rounds and rounds[0][0] <= answered:
            self.lease_began = rounds.popleft()[1]

    def lease_duration(self) -> int:
        """While the own clock runs for so long, in ns, no other runs for an election time-out."""
        settings = self.settings
        return settings.election_timeout_min * (_MILLION - settings.max_clock_drift) // _MILLION

    def majority_read_round(self) -> int:
        """The newest round that a majority has answered, the leader itself among them; both
        majorities, if the configuration is a joint one."""
        rounds = {peer: progress.read_round for peer, progress in self.progress.items()}
        rounds[self.node] = self.read_round
        return agreed_index(self.configuration, rounds)

    # -- Voters --------------------------------------------------------------------------------

    def contact_before_start(self) -> int | None:
        """When a leader was last heard of, as far as is known at the start. A server forgets it
        with a restart, and would help to elect another while the lease lasts: so with leases it
        grants no vote for the minimum election time-out."""
        return self.now if self.settings.lease_reads else None
