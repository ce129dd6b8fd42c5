"""Log time: what a leader stamps its proposals with, and sessions expire by."""

from __future__ import annotations

from raft.consensus import Consensus
from raft.kv.replicated import StateMachine


class LogClock:
    """Tells the log time of proposals.

    It goes on from where the log has come to, at the pace of the leader's own clock. So it only
    grows in the order of the log, wherever the servers' clocks have begun, and a clock that is
    wrong makes it pass too fast or too slowly, no more (the idea of LogCabin's cluster clock). It
    begins to pass with a leader's first proposal.
    """

    def __init__(self, consensus: Consensus, state_machine: StateMachine) -> None:
        self._consensus = consensus
        self._state_machine = state_machine
        # What makes a log time of the clock's readings, and in which term it does.
        self._offset = 0
        self._term = 0

    def read(self) -> int:
        """The log time, in ns, of what a leader proposes now."""
        consensus = self._consensus
        if self._term != consensus.current_term:
            self._term = consensus.current_term
            self._offset = self._last_log_time() - consensus.now
        return consensus.now + self._offset

    def _last_log_time(self) -> int:
        """The log time of the last entry that has one, applied or not."""
        log = self._consensus.log
        applied = self._state_machine.log_time
        for index in range(log.last_index, log.base_index, -1):
            command = log.entry_at(index).command
            if command:
                return max(self._state_machine.log_time_of(command), applied)
        return applied
