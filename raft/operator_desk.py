"""What operators ask of a replica: changes of the membership, transfers of the leadership.

Taken in here, handed to the consensus module, and answered once it is known what became of them.
"""

from __future__ import annotations

from raft.client_messages import MembershipRequest, OperatorRequest, Reply, TransferRequest
from raft.consensus import Consensus
from raft.consensus.state import LEADER


class OperatorDesk:
    """The requests of operators that wait for an answer."""

    def __init__(self, consensus: Consensus) -> None:
        self._consensus = consensus
        self._next_change_id = 0
        self._changes: dict[int, MembershipRequest] = {}
        # Changes that are in the log, by index, with the term they were appended in.
        self._appended: dict[int, tuple[int, MembershipRequest]] = {}
        self._transfers: list[TransferRequest] = []

    def take(self, request: OperatorRequest, replies: list[Reply]) -> None:
        """Begin what is asked for."""
        consensus = self._consensus
        if isinstance(request, MembershipRequest):
            self._next_change_id += 1
            self._changes[self._next_change_id] = request
            consensus.change_membership(self._next_change_id, request.changes, request.transition)
            return
        refusal = consensus.transfer_leadership(request.successor)
        if refusal is None:
            self._transfers.append(request)
        else:
            replies.append(request.refused(refusal, consensus.leader))

    def answer(self, replies: list[Reply]) -> None:
        """Tell those whose requests are decided."""
        consensus = self._consensus
        for appended in consensus.appended_changes:
            request = self._changes.pop(appended.change_id)
            self._appended[appended.index] = (appended.term, request)
        for refused in consensus.refused_changes:
            request = self._changes.pop(refused.change_id)
            replies.append(request.refused(refused.reason, consensus.leader))
        consensus.appended_changes = []
        consensus.refused_changes = []
        if self._appended:
            self._answer_appended(replies)
        if consensus.ended_transfers:
            self._answer_transfers(replies)

    def _answer_appended(self, replies: list[Reply]) -> None:
        consensus = self._consensus
        log = consensus.log
        for index, (term, request) in list(self._appended.items()):
            # Two entries of the same index and term are the same entry. Who was deposed may have
            # been sent a snapshot in its place since: then nobody here knows what it was.
            is_held = index >= log.first_index and log.term_at(index) == term
            if is_held and consensus.commit_index >= index:
                configuration = log.entry_at(index).configuration
                assert configuration is not None
                replies.append(request.answered(configuration))
            elif consensus.role != LEADER or consensus.current_term != term:
                replies.append(request.lost(consensus.leader))
            else:
                continue
            del self._appended[index]

    def _answer_transfers(self, replies: list[Reply]) -> None:
        """All that wait asked for the same successor: another one is refused meanwhile."""
        consensus = self._consensus
        outcome = consensus.ended_transfers[-1]
        consensus.ended_transfers = []
        for request in self._transfers:
            if outcome == "done":
                replies.append(request.answered())
            else:
                replies.append(request.refused("abandoned", consensus.leader))
        self._transfers = []
