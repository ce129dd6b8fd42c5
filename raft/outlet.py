"""The way out: which messages leave when, and what they make known to others.

A synchronous replica has saved everything by now. With an asynchronous one a message may have to
wait for the write that is begun after it (raft.consensus.durability has the rules).
"""

from __future__ import annotations

import msgspec

from raft.consensus import (
    Consensus,
    Message,
    NodeId,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from raft.observer import Observer


class Held(msgspec.Struct, frozen=True, gc=False):
    """Messages that leave together, the term in which they were sent, and votes to be told with
    them that none of them tells of."""

    term: int
    messages: list[Message]
    votes: list[tuple[int, NodeId]]


class Outlet:
    """Where messages leave, and wait until they may."""

    def __init__(self, consensus: Consensus, observer: Observer) -> None:
        self._consensus = consensus
        self._observer = observer
        # The newest term that others know of.
        self._exposed_term = consensus.current_term
        # The vote that was told last.
        self._exposed_vote: tuple[int, NodeId] | None = None
        # What waits for a write that is still to begin, for the one under way, and for nothing.
        self._gathered: list[Held] = []
        self._carried: list[Held] = []
        self._free: list[Held] = []

    def write_begins(self) -> None:
        """What has been gathered waits for this write: it saves all that came before."""
        self._carried, self._gathered = self._gathered, self._carried

    def write_ended(self, *, is_last: bool) -> None:
        """What waited for it may leave; if nothing came up since that is to be saved, all may."""
        self._free += self._carried
        self._carried.clear()
        if is_last:
            self._free += self._gathered
            self._gathered.clear()

    def release(self) -> list[Message]:
        """All there is, since everything is saved."""
        consensus = self._consensus
        messages, consensus.outbox = consensus.outbox, []
        if messages and consensus.current_term > self._exposed_term:
            self._exposed_term = consensus.current_term
            self._observer.term_exposed(consensus.current_term)
        if consensus.votes_granted:
            for term, candidate in consensus.votes_granted:
                self._observer.vote_granted(term, candidate)
            consensus.votes_granted = []
        return messages

    def release_durable(self) -> list[Message]:
        """What waited for a write that is done, and what need not wait; the rest is kept back."""
        messages: list[Message] = []
        if self._free:
            for held in self._free:
                self._leave(held, messages)
            self._free.clear()
        consensus = self._consensus
        if consensus.outbox or consensus.votes_granted:
            now = Held(consensus.current_term, [], [])
            later = Held(consensus.current_term, [], self._votes_without_message())
            for message in consensus.outbox:
                (now if consensus.may_leave(message) else later).messages.append(message)
            consensus.outbox = []
            consensus.votes_granted = []
            self._leave(now, messages)
            if later.messages or later.votes:
                self._gathered.append(later)
        return messages

    def _votes_without_message(self) -> list[tuple[int, NodeId]]:
        """Votes for oneself where there is nobody to ask; the others are told with a message."""
        consensus = self._consensus
        if not consensus.votes_granted:
            return []
        asked = {message.term for message in consensus.outbox if type(message) is RequestVote}
        return [
            (term, candidate)
            for term, candidate in consensus.votes_granted
            if candidate == consensus.node and term not in asked
        ]

    def _leave(self, held: Held, messages: list[Message]) -> None:
        """Tell what these messages make known, now that they do, and add them to ``messages``."""
        for message in held.messages:
            # The term of a pre-vote is one that nobody has yet.
            is_pre_vote = type(message) is PreVote or type(message) is PreVoteReply
            self._expose_term(held.term if is_pre_vote else message.term)
            if type(message) is RequestVote:
                self._expose_vote(message.term, message.source)
            elif type(message) is RequestVoteReply and message.vote_granted:
                self._expose_vote(message.term, message.target)
        for term, candidate in held.votes:
            self._expose_vote(term, candidate)
        messages += held.messages

    def _expose_term(self, term: int) -> None:
        if term > self._exposed_term:
            self._exposed_term = term
            self._observer.term_exposed(term)

    def _expose_vote(self, term: int, candidate: NodeId) -> None:
        if (term, candidate) != self._exposed_vote:
            self._exposed_vote = term, candidate
            self._observer.vote_granted(term, candidate)
