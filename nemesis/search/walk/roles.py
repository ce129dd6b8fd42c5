"""Which servers of a stepped cluster play a role now: what a walk aims its steps at."""

from __future__ import annotations

from collections.abc import Callable

from nemesis.cluster.stepped import SteppedCluster
from raft.consensus import Consensus
from raft.consensus.configuration import Configuration
from raft.consensus.quorums import has_quorum
from raft.consensus.state import LEADER


class View:
    """A cluster as somebody sees it who sees everything."""

    __slots__ = ("cluster", "servers")

    def __init__(self, cluster: SteppedCluster) -> None:
        self.cluster = cluster
        self.servers = cluster.servers

    # -- Servers -----------------------------------------------------------------------------------

    def up(self) -> list[tuple[str, Consensus]]:
        """The servers that run."""
        nodes = self.cluster.nodes
        return [
            (name, replica.consensus)
            for name in self.servers
            if (replica := nodes[name].replica) is not None
        ]

    def down(self) -> list[str]:
        """The servers that do not run."""
        nodes = self.cluster.nodes
        return [name for name in self.servers if nodes[name].replica is None]

    def can_start(self) -> list[str]:
        """The servers that do not run, and whose disk is not lost."""
        return [name for name in self.down() if not self.cluster.nodes[name].is_lost]

    def leaders(self) -> list[str]:
        """Who leads, the newest term first."""
        leading = [
            (consensus.current_term, name)
            for name, consensus in self.up()
            if consensus.role == LEADER
        ]
        leading.sort(reverse=True)
        return [name for _, name in leading]

    def leader(self) -> str | None:
        """Who leads in the newest term in which anybody does."""
        leading = self.leaders()
        return leading[0] if leading else None

    def leads(self, node: str) -> bool:
        """Whether it is up and leads, in whatever term."""
        consensus = self.cluster.consensus(node)
        return consensus is not None and consensus.role == LEADER

    def term(self, node: str) -> int:
        """The current term of a server; 0 if it is down."""
        consensus = self.cluster.consensus(node)
        return 0 if consensus is None else consensus.current_term

    def last_index(self, node: str) -> int:
        """The index of a server's last entry; 0 if it is down."""
        consensus = self.cluster.consensus(node)
        return 0 if consensus is None else consensus.log.last_index

    def configuration(self, node: str) -> Configuration:
        """The configuration in effect at a server; that of the beginning if it is down."""
        consensus = self.cluster.consensus(node)
        if consensus is None or not consensus.configuration.voters:
            return Configuration(self.cluster.members)
        return consensus.configuration

    def is_quorum(self, node: str, others: list[str]) -> bool:
        """Whether ``node`` and these are enough, by the configuration that ``node`` has."""
        return has_quorum(self.configuration(node), {node, *others})

    # -- Roles -------------------------------------------------------------------------------------

    def stale_leaders(self) -> list[str]:
        """Who leads in a term that is not the newest."""
        newest = max((consensus.current_term for _, consensus in self.up()), default=0)
        return [name for name in self.leaders() if self.term(name) < newest]

    def most_up_to_date(self) -> list[str]:
        """Whose log is at least as up-to-date as any other (section 5.4.1)."""
        return self._extreme(max)

    def least_up_to_date(self) -> list[str]:
        """Whose log no other one is behind of."""
        return self._extreme(min)

    def _extreme(self, which: Callable[[list[tuple[int, int]]], tuple[int, int]]) -> list[str]:
        logs = [
            ((consensus.log.last_term, consensus.log.last_index), name)
            for name, consensus in self.up()
            if consensus.configuration.is_voter(name)
        ]
        if not logs:
            return []
        wanted = which([log for log, _ in logs])
        return [name for log, name in logs if log == wanted]

    def longest(self) -> list[str]:
        """Whose log has the most entries."""
        logs = [(consensus.log.last_index, name) for name, consensus in self.up()]
        most = max(logs)[0] if logs else 0
        return [name for length, name in logs if length == most]

    def behind_in_term(self) -> list[str]:
        """Who has not heard of the newest term: it may campaign in one that is in use."""
        terms = [(consensus.current_term, name) for name, consensus in self.up()]
        newest = max(terms)[0] if terms else 0
        return [name for term, name in terms if term < newest]

    def has_voted(self) -> list[str]:
        """Who has voted for another one, in the term that it is in."""
        return [
            name for name, consensus in self.up() if consensus.voted_for not in (None, "", name)
        ]

    def candidates(self) -> list[str]:
        """Who campaigns and has not won."""
        return [
            name
            for name, consensus in self.up()
            if consensus.role in ("candidate", "pre-candidate")
        ]

    def former_leaders(self) -> list[str]:
        """Who was elected once, and does not lead now."""
        elected = self.cluster.trace.elections
        return [
            name for name, consensus in self.up() if name in elected and consensus.role != LEADER
        ]

    def holds_uncommitted(self) -> list[str]:
        """Who has entries that it does not know to be committed."""
        return [
            name
            for name, consensus in self.up()
            if consensus.log.last_index > consensus.commit_index
        ]

    def lacks_entries(self) -> list[str]:
        """Whose log is shorter than the longest."""
        logs = [(consensus.log.last_index, name) for name, consensus in self.up()]
        longest = max(logs)[0] if logs else 0
        return [name for length, name in logs if length < longest]

    def followers(self) -> list[str]:
        """Who does not lead."""
        return [name for name, consensus in self.up() if consensus.role != LEADER]

    def loyal(self, leader: str) -> list[str]:
        """Who would still answer this leader: it has not heard of a newer term."""
        term = self.term(leader)
        return [
            name
            for name, consensus in self.up()
            if name != leader and consensus.current_term <= term
        ]

    def may_vote_for(self, voter: str, candidate: str) -> bool:
        """Whether a server that is up votes, and finds the other's log as up-to-date as its own
        (section 5.4.1)."""
        mine, other = self.cluster.consensus(voter), self.cluster.consensus(candidate)
        if mine is None or other is None or not other.configuration.is_voter(voter):
            return False
        log, wanted = other.log, mine.log
        return (log.last_term, log.last_index) >= (wanted.last_term, wanted.last_index)

    def heirs(self, leader: str | None) -> list[str]:
        """Who could be elected, without this leader."""
        return [
            name
            for name, consensus in self.up()
            if name != leader
            and consensus.configuration.is_voter(name)
            and self.is_quorum(
                name,
                [
                    voter
                    for voter in self.servers
                    if voter not in (leader, name) and self.may_vote_for(voter, name)
                ],
            )
        ]

    def outsiders(self) -> list[str]:
        """Who runs, and votes in no configuration that it has itself."""
        return [name for name, consensus in self.up() if not consensus.configuration.is_voter(name)]


# What a candidate, or the server that something happens to, may be drawn by.
ROLES: dict[str, Callable[[View], list[str]]] = {
    "follower": View.followers,
    "former-leader": View.former_leaders,
    "most-up-to-date": View.most_up_to_date,
    "least-up-to-date": View.least_up_to_date,
    "longest": View.longest,
    "behind-in-term": View.behind_in_term,
    "has-voted": View.has_voted,
    "candidate": View.candidates,
    "holds-uncommitted": View.holds_uncommitted,
    "lacks-entries": View.lacks_entries,
    "stale-leader": View.stale_leaders,
    "leader": View.leaders,
    "outsider": View.outsiders,
}
