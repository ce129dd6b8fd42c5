"""Who belongs to the cluster and where it is reached: etcd's numbers and our names."""

from __future__ import annotations

from typing import Final

from raft.kv.revision_store import RevisionStore
from raft.replica import Replica
from raft.server.config import Address, Config, number_of, parse_address
from raft.server.etcd_answers import MemberBody

_HTTP: Final = "http://"
_HTTPS: Final = "https://"


class ReplicaMembership:
    """As the replica's log, its state machine and the configuration file know it.

    Addresses that an operator has given with ``member/add`` are part of the replicated state. Those
    of the file count before them: they may lead over a proxy.
    """

    def __init__(self, config: Config, replica: Replica) -> None:
        self._config = config
        self._replica = replica
        # Servers that belong to the cluster by an entry that is not committed here, by that.
        self._newcomers: dict[str, int] = {}

    # -- raft.server.peers.Membership ------------------------------------------------------------

    def configuration_index_of(self, member: str) -> int | None:
        """By which entry the member belongs to the cluster; None if it does not."""
        consensus = self._replica.consensus
        if member in consensus.configuration.members or member in consensus.departing:
            return consensus.configuration_index
        return None

    def commit_index(self) -> int:
        """Up to where this server knows what is committed."""
        return self._replica.consensus.commit_index

    def let_in(self, member: str, configuration_index: int) -> None:
        """It must be answered: without the votes of those who lag behind, nobody might be elected
        who brings them the entry."""
        self._newcomers[member] = configuration_index

    # -- Addresses -------------------------------------------------------------------------------

    def version(self) -> tuple[int, tuple[str, ...], str | None, tuple[str, ...], int]:
        """Equal as long as ``peer_addresses`` is."""
        consensus = self._replica.consensus
        return (
            consensus.configuration_index,
            consensus.departing,
            consensus.leader,
            self._awaited(),
            self._store.member_changes,
        )

    def peer_addresses(self) -> dict[str, Address]:
        """Of every server to stay connected to: the other members, those that leave, whoever leads
        (who may be no member any more: it is told that its own removal has arrived, or it would
        have to be deposed first), and, for a server that waits to be added, those that its file
        names; and whoever is a member by an entry that is not committed here."""
        consensus = self._replica.consensus
        members = consensus.configuration.members or tuple(self._config.members)
        addresses = {}
        leader = () if consensus.leader is None else (consensus.leader,)
        for name in (*members, *consensus.departing, *leader, *self._awaited()):
            place = self._place(name)
            if place and name != self._replica.node:
                addresses[name] = parse_address(place)
        return addresses

    def _awaited(self) -> tuple[str, ...]:
        committed = self.commit_index()
        return tuple(name for name, index in self._newcomers.items() if index > committed)

    def _place(self, name: str) -> str:
        """Where other servers reach it; empty if nobody knows."""
        if name in self._config.members:
            return self._config.members[name].peer
        noted = self._store.members.get(name)
        return "" if noted is None else noted.peer

    @property
    def _store(self) -> RevisionStore:
        store = self._replica.state_machine
        assert isinstance(store, RevisionStore)
        return store

    # -- For clients -----------------------------------------------------------------------------

    def number_of(self, name: str) -> int:
        """A member's id as etcd has it."""
        return number_of(self._config.cluster, name)

    def name_of(self, number: int) -> str | None:
        """The member whose id this is."""
        names = {*self._config.members, *self._store.members}
        names.update(self._replica.consensus.configuration.members)
        return next((name for name in names if self.number_of(name) == number), None)

    def is_member(self, name: str) -> bool:
        """Whether the configuration at hand holds it."""
        return name in self._replica.consensus.configuration.members

    def list_members(self) -> list[MemberBody]:
        """All members, in the order of their names."""
        return [self.body_of(name) for name in sorted(self._members())]

    def _members(self) -> tuple[str, ...]:
        return self._replica.consensus.configuration.members

    def body_of(self, name: str) -> MemberBody:
        """What clients are told of a member."""
        peer = self._place(name)
        client = ""
        if name in self._store.members:
            client = self._store.members[name].client
        if name in self._config.members:
            client = self._config.members[name].client or client
        configuration = self._replica.consensus.configuration
        return MemberBody(
            str(self.number_of(name)),
            name,
            [_url(peer, self._config.peer_tls is not None)] if peer else [],
            [_url(client, self._config.client_tls is not None)] if client else [],
            name in configuration.learners,
        )


def _url(place: str, is_secure: bool) -> str:
    if "://" in place:
        return place
    return (_HTTPS if is_secure else _HTTP) + place
