"""Scenarios: a cluster and the commands of the language, a method each (scenario_format.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from raft.consensus import Message, Settings
from raft.consensus.changes import (
    AddLearner,
    AddVoter,
    Change,
    Demote,
    Promote,
    Remove,
    Target,
    Transition,
)
from raft.consensus.configuration import Configuration
from tests.acceptance.consensus_cluster import ConsensusCluster
from tests.acceptance.scenario_format import Block, ScenarioError
from tests.acceptance.scenario_narrator import Describer, Narrator, text_of

MILLISECOND = 1_000_000  # ns
KINDS = {kind.__name__ for kind in get_args(Message)}
CHANGES: dict[str, type[AddVoter | AddLearner | Promote | Demote | Remove]] = {
    "add-voter": AddVoter,
    "add-learner": AddLearner,
    "promote": Promote,
    "demote": Demote,
    "remove": Remove,
}


def run_scenario(blocks: list[Block]) -> list[Block]:
    """The same blocks with what their commands print now."""
    scenario = Scenario()
    return [
        Block(block.comments, block.command, tuple(scenario.perform(block.command)))
        for block in blocks
    ]


class Scenario:
    """A cluster, and the commands of the language: a method each."""

    def __init__(self) -> None:
        self.output: list[str] = []
        self.cluster = ConsensusCluster(1)
        self._describer = Describer()
        self._next_change_id = 0

    def perform(self, line: str) -> list[str]:
        """Perform a command; what it prints, "ok" if nothing."""
        name, *words = line.split()
        command = getattr(self, f"do_{name.replace('-', '_')}", None)
        if command is None:
            known = sorted(each[3:].replace("_", "-") for each in dir(self) if each[:3] == "do_")
            raise ScenarioError(f"unknown command {name!r} in {line!r}; known are {known}")
        self.output = []
        command(*words)
        for server in self.cluster.names:
            self._tell_of_changes(server)
        return self.output or ["ok"]

    def _say(self, line: str) -> None:
        self.output.append(line)

    def _sent(self, messages: list[Message]) -> None:
        self.output.extend(map(self._describer.describe, messages))

    def _settled(self, name: str) -> None:
        self._sent(self.cluster.settle(name))
        self._tell_of_changes(name)

    def do_cluster(self, size: str, *options: str) -> None:
        """``cluster 3 n1.log=1,1,2 n1.term=4 voters=n1,n2 pre_vote=true``: servers, their logs,
        the configuration of those that belong to one, settings."""
        logs: dict[str, tuple[int, ...]] = {}
        members: dict[str, tuple[str, ...]] = {}
        terms: dict[str, int] = {}
        settings: dict[str, Any] = {"pre_vote": False, "check_quorum": False}
        for option in options:
            name, _, value = option.partition("=")
            server, _, field = name.rpartition(".")
            if field == "log":
                logs[server] = tuple(map(int, value.split(",")))
            elif field == "term":
                terms[server] = int(value)
            elif field in ("voters", "outgoing", "learners"):
                members[field] = tuple(value.split(","))
            else:
                settings[name] = msgspec.json.decode(value)
        first = Configuration(
            members.get("voters", ()), members.get("outgoing", ()), members.get("learners", ())
        )
        self.cluster = ConsensusCluster(
            int(size),
            logs,
            terms,
            msgspec.convert(settings, Settings),
            observer=lambda name: Narrator(name, self._say),
            configuration=first if members else None,
        )
        self.output = []
        self.do_status()

    def do_status(self, *names: str) -> None:
        """Role, term, vote, log and commit index of servers."""
        for name in names or self.cluster.names:
            server = self.cluster[name]
            log = server.log
            terms = [
                str(log.term_at(index)) for index in range(log.first_index, log.last_index + 1)
            ]
            base = [f"{log.base_index}/{log.base_term} |"] if log.base_index else []
            self._say(
                f"{name} {server.role} term={server.current_term} voted_for={server.voted_for} "
                f"log=[{' '.join(base + terms)}] commit={server.commit_index}"
            )

    def do_progress(self, name: str) -> None:
        """What a leader knows of its followers."""
        for peer, progress in self.cluster[name].progress.items():
            self._say(
                f"{peer} {progress.state} match={progress.match_index} next={progress.next_index} "
                f"in_flight={progress.in_flight}"
            )

    def do_timeout(self, name: str) -> None:
        """The election time-out of a server passes."""
        self._sent(self.cluster.time_out(name))

    def do_heartbeat(self, name: str) -> None:
        """A heartbeat of a leader is due."""
        self._sent(self.cluster.heartbeat(name))

    def do_advance(self, milliseconds: str) -> None:
        """Time passes on all servers; what is due by then happens."""
        self.cluster.now += int(milliseconds) * MILLISECOND
        for name in self.cluster.names:
            self._settled(name)

    def do_elect(self, name: str, *voters: str) -> None:
        """Make a server leader with the votes of these, or of all; the rest of it is lost."""
        self.cluster.elect(name, *voters)

    def do_propose(self, name: str, *commands: str) -> None:
        """Commands of clients arrive at a server, together."""
        for command in commands:
            refusal = self.cluster[name].proposal_refusal()
            if refusal is None:
                self.cluster[name].append_as_leader(command.encode())
            else:
                self._say(f"{name} refuses {command}: {refusal}")
        self._settled(name)

    def do_restart(self, name: str) -> None:
        """A server crashes and comes back with what is persistent."""
        self.cluster.restart(name)

    def do_write(self, name: str) -> None:
        """A server that writes asynchronously begins to write what has changed."""
        write = self.cluster.begin_write(name)
        if write is None:
            self._say(f"{name} has nothing to write, or is writing")
            return
        entries = " ".join(f"{entry.index}/{entry.term}" for entry in write.entries)
        self._say(f"{name} writes term={write.term} voted_for={write.voted_for} [{entries}]")

    def do_written(self, name: str) -> None:
        """Its write is done: what waited for it leaves."""
        self._sent(self.cluster.end_write(name))

    def do_saved(self, *names: str) -> None:
        """Up to where servers know their own logs to be on their disks."""
        for name in names or self.cluster.names:
            self._say(f"{name} saved={self.cluster[name].saved_index}")

    def do_read(self, name: str, *read_ids: str) -> None:
        """Reads begin, together."""
        for read_id in read_ids:
            self.cluster[name].read(int(read_id))
        self._settled(name)

    def do_reads(self, name: str) -> None:
        """The reads of a server that were confirmed or refused since this was last asked."""
        server = self.cluster[name]
        for read in server.confirmed_reads:
            self._say(f"{name} confirms read {read.read_id} at {read.read_index}")
        for read_id in server.refused_reads:
            self._say(f"{name} refuses read {read_id}")
        server.confirmed_reads = []
        server.refused_reads = []

    def do_quietly(self, *command: str) -> None:
        """Perform a command, and tell nothing of it: what leads to the case at hand."""
        self.perform(" ".join(command))
        self.output = []

    # -- Snapshots, membership, transfer -----------------------------------------------------------

    def do_snapshot(self, name: str, index: str | None = None) -> None:
        """A server takes a snapshot of what is committed, or of its state at an earlier index."""
        committed = self.cluster[name].commit_index
        if int(index or committed) > committed:
            raise ScenarioError(f"snapshot {name} {index}: only {committed} entries are committed")
        self.cluster.take_snapshot(name, int(index or committed))

    def do_state(self, *names: str) -> None:
        """What the state machines remember: the commands that are committed."""
        for name in names:
            self._say(f"{name} {self.cluster.state(name).decode()}")

    def do_configuration(self, *names: str) -> None:
        """The configuration in effect on servers, and the index of its entry."""
        for name in names:
            server = self.cluster[name]
            self._say(f"{name} {server.configuration_index} {text_of(server.configuration)}")

    def do_change(self, name: str, *words: str) -> None:
        """``change n1 add-voter=n4 remove=n2 explicit``, ``change n1 voters=n1,n4 learners=n2``;
        without any, a joint configuration is left."""
        changes: list[Change] = []
        target: dict[str, tuple[str, ...]] = {}
        transition: Transition = "automatic"
        for word in words:
            what, _, who = word.partition("=")
            if what in CHANGES:
                changes.append(CHANGES[what](who))
            elif what in ("voters", "learners"):
                target[what] = tuple(who.split(","))
            else:
                transition = msgspec.convert(what, Transition)
        if target:
            changes.append(Target(**target))
        self._next_change_id += 1
        self.cluster[name].change_membership(self._next_change_id, tuple(changes), transition)
        self._settled(name)

    def _tell_of_changes(self, name: str) -> None:
        server = self.cluster[name]
        for appended in server.appended_changes:
            self._say(
                f"{name} makes change {appended.change_id} by {appended.index}/{appended.term}"
            )
        for refused in server.refused_changes:
            self._say(f"{name} refuses change {refused.change_id}: {refused.reason}")
        server.appended_changes = []
        server.refused_changes = []

    def do_transfer(self, name: str, target: str) -> None:
        """A leader is asked to hand over."""
        refusal = self.cluster[name].transfer_leadership(target)
        if refusal is not None:
            self._say(f"{name} refuses to hand over to {target}: {refusal}")
        self._settled(name)

    # -- The wire ------------------------------------------------------------------------------

    def do_wire(self) -> None:
        """What was sent and has not been delivered."""
        self._sent(self.cluster.wire)

    def do_deliver(self, *which: str) -> None:
        """Deliver what is on the wire now; ``all`` goes on until nothing is."""
        if which[:1] == ("all",):
            self._deliver(which[1:])
            while self._select(which[1:]):
                self._deliver(which[1:])
            return
        self._deliver(which)

    def _deliver(self, which: tuple[str, ...]) -> None:
        for message in list(self._chosen(which)):
            self._say(f"> {self._describer.describe(message)}")
            self._sent(self.cluster.receive(message))
            self._tell_of_changes(message.target)

    def do_drop(self, *which: str) -> None:
        """Lose messages."""
        for message in list(self._chosen(which)):
            self._say(f"lost: {self._describer.describe(message)}")

    def do_duplicate(self, *which: str) -> None:
        """Put a second copy of messages at the end of the wire."""
        chosen = list(self._chosen(which))
        self.cluster.wire[:0] = chosen
        self.cluster.wire.extend(chosen)

    def do_delay(self, *which: str) -> None:
        """Let messages be overtaken by all others on the wire."""
        self.cluster.wire.extend(self._chosen(which))

    def _chosen(self, which: tuple[str, ...]) -> Iterator[Message]:
        """Take messages off the wire."""
        chosen = self._select(which)
        if not chosen:
            self._say("no such message")
        for message in chosen:
            position = next(at for at, each in enumerate(self.cluster.wire) if each is message)
            del self.cluster.wire[position]
            yield message

    def _select(self, which: tuple[str, ...]) -> list[Message]:
        """Messages on the wire: ``n1->n2``, ``n1,n2`` (between these), a kind, ``first`` or
        ``last`` narrow them."""
        chosen = list(self.cluster.wire)
        for word in which:
            if word in ("first", "last"):
                chosen = chosen[:1] if word == "first" else chosen[-1:]
            elif "->" in word:
                source, _, target = word.partition("->")
                chosen = [
                    message
                    for message in chosen
                    if source in ("", message.source) and target in ("", message.target)
                ]
            elif "," in word:
                ends = word.split(",")
                chosen = [each for each in chosen if each.source in ends and each.target in ends]
            elif word in KINDS:
                chosen = [message for message in chosen if type(message).__name__ == word]
            else:
                raise ScenarioError(f"{word!r} names no messages; kinds are {sorted(KINDS)}")
        return chosen
