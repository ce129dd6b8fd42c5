"""Monitors of terms, votes and elections."""

from __future__ import annotations

from bisect import bisect_left
from typing import ClassVar

from checker.invariants.ghost import NodeGhost
from checker.invariants.monitor import ClusterGhost, Monitor
from checker.trace import Committed, RoleChanged, Started, TermChanged, TermExposed, VoteGranted


class ElectionSafety(Monitor):
    """At most one leader can be elected in a given term (Figure 3).

    Two nodes may *be* leaders at one time, in different terms: that is legal.
    """

    name: ClassVar[str] = "election-safety"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        self.leader_of: dict[int, str] = {}

    def after_role_changed(self, node: NodeGhost, event: RoleChanged) -> None:
        if event.role != "leader":
            return
        first = self.leader_of.setdefault(event.term, event.node)
        if first != event.node:
            self.fail(
                event,
                f"{first} and {event.node} both became leader of term {event.term}",
                term=event.term,
                leaders=[first, event.node],
            )


class OneVoteATerm(Monitor):
    """A node votes for at most one candidate in a term, also across a restart.

    A grant counts from the moment at which it leaves the node; after a restart the disk must still
    tell of it.
    """

    name: ClassVar[str] = "one-vote-a-term"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        self.vote_of: dict[tuple[str, int], str] = {}

    def after_vote_granted(self, node: NodeGhost, event: VoteGranted) -> None:
        first = self.vote_of.setdefault((event.node, event.term), event.candidate)
        if first != event.candidate:
            self.fail(
                event,
                f"{event.node} voted for {first} and for {event.candidate} in term {event.term}",
                term=event.term,
                candidates=[first, event.candidate],
            )

    def after_started(self, node: NodeGhost, event: Started) -> None:
        vote = self.vote_of.get((event.node, event.term))
        if vote is not None and vote != event.voted_for:
            self.fail(
                event,
                f"{event.node} voted for {vote} in term {event.term}, but after a restart in the "
                f"same term its vote reads {event.voted_for}",
                term=event.term,
                candidates=[vote, event.voted_for],
            )


class MonotonicTerm(Monitor):
    """A node's term never goes down, and no restart takes it below a term that others know of."""

    name: ClassVar[str] = "monotonic-term"

    def before_term_changed(self, node: NodeGhost, event: TermChanged) -> None:
        if event.term <= node.term:
            self.fail(
                event,
                f"{event.node} went from term {node.term} to term {event.term}",
                terms=[node.term, event.term],
            )

    def after_term_exposed(self, node: NodeGhost, event: TermExposed) -> None:
        node.exposed_term = max(node.exposed_term, event.term)

    def after_started(self, node: NodeGhost, event: Started) -> None:
        if event.term < node.exposed_term:
            self.fail(
                event,
                f"{event.node} restarted in term {event.term}, though it had sent messages of term "
                f"{node.exposed_term}",
                terms=[node.exposed_term, event.term],
            )


class LeaderCompleteness(Monitor):
    """An entry committed in a term is in the logs of the leaders of all higher terms (Figure 3).

    Judged at the election, and only against entries that were committed in an *earlier* term: a
    delayed vote may legally elect a leader of an old term, who knows nothing of newer commitments.
    Thanks to prefix hashes, comparing the last such entry compares all of them; what a snapshot of
    the leader covers it has.
    """

    name: ClassVar[str] = "leader-completeness"

    def __init__(self, cluster: ClusterGhost) -> None:
        super().__init__(cluster)
        # Terms in which something was committed, ascending, and the last index of each; a late
        # report of an older term raises no index, since indices are reported in order.
        self.terms: list[int] = []
        self.last_index: list[int] = []

    def after_committed(self, node: NodeGhost, event: Committed) -> None:
        last = len(self.cluster.committed) - 1
        known = self.last_index[-1] if self.last_index else 0
        if last <= known:
            return
        term = self.cluster.committed[last].commit_term
        at = bisect_left(self.terms, term)
        if at == len(self.terms):
            self.terms.append(term)
            self.last_index.append(last)
        elif at == len(self.terms) - 1:
            self.last_index[at] = last

    def after_role_changed(self, node: NodeGhost, event: RoleChanged) -> None:
        if event.role != "leader":
            return
        at = bisect_left(self.terms, event.term) - 1
        if at < 0:
            return
        index = self.last_index[at]
        entry = self.cluster.committed[index]
        if node.holds(index):
            return
        self.fail(
            event,
            f"{event.node} became leader of term {event.term} without entry {index} of term "
            f"{entry.term}, which {entry.node} had committed in term {entry.commit_term}",
            term=event.term,
            index=index,
            entry_term=entry.term,
            commit_term=entry.commit_term,
        )


MONITORS: tuple[type[Monitor], ...] = (
    ElectionSafety,
    OneVoteATerm,
    MonotonicTerm,
    LeaderCompleteness,
)
