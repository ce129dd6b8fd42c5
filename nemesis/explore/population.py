"""The servers and messages of a world by number, and what is looked up of each; also renamed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from nemesis.explore.properties import horizon, log_of, logs_match
from nemesis.explore.servers import Log, Server
from nemesis.explore.symmetry import (
    all_permutations,
    composition,
    rename_message,
    rename_server,
    renaming,
)
from nemesis.explore.tables import Table
from raft.consensus import Message, NodeId, RequestVote, RequestVoteReply
from raft.consensus.state import LEADER


class Letter(NamedTuple):
    """What is looked up of a message: positions, and whether it belongs to an election."""

    source: int
    target: int
    is_vote: bool


class Population:
    """Every server and every message that has come up so far."""

    def __init__(self, names: tuple[NodeId, ...], *, is_healthy: bool, symmetry: bool) -> None:
        self.names = names
        self.permutations = (
            all_permutations(len(names)) if symmetry else (tuple(range(len(names))),)
        )
        self.renamings = [renaming(names, each) for each in self.permutations]
        self.servers: Table[Server] = Table(self._on_new_server)
        self.messages: Table[Message] = Table(self._on_new_message)
        # By a server's number: whether it is up, and leads; its horizon; its numbers under each
        # permutation; the least of these, which all of them have in common.
        self.is_up: list[bool] = []
        self.leads: list[bool] = []
        self.horizons: list[int] = []
        self.renamed: list[tuple[int, ...]] = []
        self.orbits: list[int] = []
        self.letters: list[Letter] = []
        self._is_healthy = is_healthy
        self._position = {name: at for at, name in enumerate(names)}
        self._logs: list[int] = []
        self._known_logs: Table[Log] = Table()
        self._matching: dict[tuple[int, int], bool] = {}
        self._renamed_messages: dict[tuple[int, int], int] = {}
        # The number of the permutation that two make, one after the other.
        numbers = {each: at for at, each in enumerate(self.permutations)}
        self._compositions = [
            [numbers[composition(one, other)] for other in self.permutations]
            for one in self.permutations
        ]

    def refill(self, servers: Iterable[Server], messages: Iterable[Message]) -> None:
        """Number everything as another population has done."""
        self.servers.refill(servers)
        self.messages.refill(messages)
        for server in list(self.servers.values):
            self.number(server)

    def number(self, server: Server) -> int:
        """The server's number. Those of the same server under all permutations are given at once,
        so that each knows the others."""
        number = self.servers.number(server)
        if not self.renamed[number]:
            orbit = [self.servers.number(rename_server(server, each)) for each in self.renamings]
            for member, compositions in zip(orbit, self._compositions, strict=True):
                self.orbits[member] = number
                self.renamed[member] = tuple([orbit[each] for each in compositions])
        return number

    def renamed_message(self, message: int, permutation: int) -> int:
        """The message's number under a permutation."""
        key = (message, permutation)
        found = self._renamed_messages.get(key)
        if found is None:
            renamed = rename_message(self.messages.values[message], self.renamings[permutation])
            found = self._renamed_messages[key] = self.messages.number(renamed)
        return found

    def match(self, one: int, other: int) -> bool:
        """Whether the logs of two servers match; known for most pairs."""
        key = (self._logs[one], self._logs[other])
        found = self._matching.get(key)
        if found is None:
            logs = self._known_logs.values
            found = self._matching[key] = logs_match(logs[key[0]], logs[key[1]])
        return found

    def _on_new_server(self, server: Server) -> None:
        process = server.process
        self.is_up.append(process is not None)
        self.leads.append(process is not None and process.role == LEADER)
        self.horizons.append(horizon(server, is_healthy=self._is_healthy))
        self.renamed.append(())
        self.orbits.append(0)
        self._logs.append(self._known_logs.number(log_of(server)))

    def _on_new_message(self, message: Message) -> None:
        self.letters.append(
            Letter(
                self._position[message.source],
                self._position[message.target],
                isinstance(message, RequestVote | RequestVoteReply),
            )
        )
