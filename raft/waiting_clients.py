"""The clients that wait until what they asked for is applied, and what they are told then."""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from raft.client_messages import ClientReply, ClientRequest
from raft.consensus import Entry
from raft.kv.replicated import Applied


@mypyc_attr(allow_interpreted_subclasses=True)
class WaitingClients:
    """By index of the entry that was appended for a client: who waits, and the entry's term."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[int, ClientRequest]] = {}

    def add(self, index: int, term: int, request: ClientRequest) -> None:
        """A leader of ``term`` has appended the client's command at ``index``."""
        self._waiting[index] = (term, request)

    def is_empty(self) -> bool:
        """Whether nobody waits."""
        return not self._waiting

    def answer(self, entry: Entry, applied: Applied, leader: str | None) -> ClientReply | None:
        """The answer to the client that waited for the entry at this index, now applied; None if
        nobody did."""
        waiting = self._waiting.pop(entry.index, None)
        if waiting is None:
            return None
        term, request = waiting
        if not self.is_own(term, request, entry):
            return request.lost(leader)
        if applied.is_expired:
            return request.expired()
        return request.answered(applied.result)

    def is_own(self, term: int, request: ClientRequest, entry: Entry) -> bool:
        """Whether the entry is the one that was appended for ``request`` in ``term``; else another
        leader's took its place."""
        return term == entry.term

    def give_up(self, leader: str | None) -> list[ClientReply]:
        """No longer leader: what was proposed here may or may not be committed by others."""
        replies = [request.lost(leader) for _, request in self._waiting.values()]
        self._waiting.clear()
        return replies
