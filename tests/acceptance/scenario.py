"""Scenarios as text: exact exchanges of messages between consensus modules.

A scenario is a file of blocks, each a command and what it must print:

    # Comments explain the case.
    propose n1 x
    ----
    n1 appends 2/1 x
    n1->n2 AppendEntries term=1 prev_log_index=1 prev_log_term=1 entries=[2/1 x]

A block ends at an empty line. ``pytest tests/acceptance/test_scenarios.py --rewrite`` writes what
is printed now into the files: read the difference before it is believed. Fields of messages that
are 0, false or empty are left out.

Nothing happens by itself: messages wait on the wire until a command delivers, drops, duplicates or
delays them, and time passes only by ``timeout``, ``heartbeat`` and ``advance``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from raft.consensus import Entry, Message, Settings
from raft.consensus.configuration import Configuration
from raft.observer import Observer
from tests.acceptance.consensus_cluster import ConsensusCluster

MILLISECOND = 1_000_000  # ns
SEPARATOR = "----"


class ScenarioError(Exception):
    """A scenario file that cannot be understood; the message names file and line."""


@dataclass(frozen=True)
class Block:
    """A command with the comments before it, and what it must print."""

    comments: tuple[str, ...]
    command: str
    expected: tuple[str, ...]


def read_scenario(path: Path) -> list[Block]:
    """Parse a file; raises ScenarioError."""
    blocks = []
    comments: list[str] = []
    lines = iter(enumerate(path.read_text().splitlines(), start=1))
    for number, line in lines:
        if not line.strip() or line.startswith("#"):
            comments.append(line)
            continue
        separator = next(lines, (number, ""))[1]
        if separator != SEPARATOR:
            raise ScenarioError(f"{path}:{number}: {SEPARATOR} must follow the command {line!r}")
        expected = []
        for _, output in lines:
            if not output:
                break
            expected.append(output)
        blocks.append(Block(tuple(comments), line, tuple(expected)))
        comments = []
    return blocks


def write_scenario(path: Path, blocks: list[Block]) -> None:
    """Write the file that ``read_scenario`` reads."""
    text = []
    for block in blocks:
        text.extend([*block.comments, block.command, SEPARATOR, *block.expected, ""])
    path.write_text("\n".join(text))


def run_scenario(blocks: list[Block]) -> list[Block]:
    """The same blocks with what their commands print now."""
    scenario = Scenario()
    return [
        Block(block.comments, block.command, tuple(scenario.perform(block.command)))
        for block in blocks
    ]


# -- What is printed ---------------------------------------------------------------------------------


def text_of(value: Any) -> str:
    """A field of a message, as people write it."""
    if isinstance(value, Entry):
        what = text_of(value.configuration) if value.configuration else value.command.decode()
        return f"{value.index}/{value.term} {what}".rstrip()
    if isinstance(value, Configuration):
        parts = [f"voters={' '.join(value.voters)}"]
        for name in ("outgoing", "learners", "learners_next"):
            if getattr(value, name):
                parts.append(f"{name}={' '.join(getattr(value, name))}")
        return f"({' '.join(parts)})"
    if isinstance(value, tuple):
        return f"[{', '.join(map(text_of, value))}]"
    if isinstance(value, bytes):
        return value.decode()
    return str(value)


def describe(message: Message) -> str:
    """A message in one line."""
    fields = [f"{message.source}->{message.target}", type(message).__name__]
    for name in message.__struct_fields__[2:]:
        value = getattr(message, name)
        if value is True:
            fields.append(name)
        elif value or name == "term":
            fields.append(f"{name}={text_of(value)}")
    return " ".join(fields)


class Narrator(Observer):
    """Writes down what a server tells of itself."""

    __slots__ = ("_add", "_name")

    def __init__(self, name: str, add: Callable[[str], None]) -> None:
        self._name = name
        self._add = add

    def _say(self, what: str) -> None:
        self._add(f"{self._name} {what}")

    def term_changed(self, term: int) -> None:
        self._say(f"enters term {term}")

    def role_changed(self, role: str, term: int) -> None:
        self._say(f"is {role} in term {term}")

    def appended(self, index: int, term: int, command: bytes) -> None:
        self._say(f"appends {index}/{term} {command.decode()}".rstrip())

    def truncated(self, index: int) -> None:
        self._say(f"truncates from {index}")

    def committed(self, index: int) -> None:
        self._say(f"commits {index}")

    def configuration_changed(self, index: int, configuration: Configuration) -> None:
        self._say(f"adopts configuration {index} {text_of(configuration)}")

    def snapshot_restored(self, index: int, term: int, digest: str, last_index: int) -> None:
        self._say(f"restores snapshot {index}/{term}, log to {last_index}")

    def compacted(self, index: int) -> None:
        self._say(f"compacts to {index}")

    def lease_read(self, index: int, term: int) -> None:
        self._say(f"reads at {index} by its lease of term {term}")

    def transfer_started(self, target: str) -> None:
        self._say(f"hands over to {target}")

    def transfer_ended(self, outcome: str) -> None:
        self._say(f"hand-over {outcome}")


# -- The commands ------------------------------------------------------------------------------------


class Scenario:
    """A cluster, and the commands of the language: a method each."""

    def __init__(self) -> None:
        self.output: list[str] = []
        self.cluster = ConsensusCluster(1)

    def perform(self, line: str) -> list[str]:
        """Perform a command; what it prints, "ok" if nothing."""
        name, *words = line.split()
        command = getattr(self, f"do_{name.replace('-', '_')}", None)
        if command is None:
            known = sorted(each[3:].replace("_", "-") for each in dir(self) if each[:3] == "do_")
            raise ScenarioError(f"unknown command {name!r} in {line!r}; known are {known}")
        self.output = []
        command(*words)
        return self.output or ["ok"]

    def _say(self, line: str) -> None:
        self.output.append(line)

    def _sent(self, messages: list[Message]) -> None:
        self.output.extend(map(describe, messages))

    def do_cluster(self, size: str, *options: str) -> None:
        """``cluster 3 n1.log=1,1,2 n1.term=4 pre_vote=true``: servers, their logs, settings."""
        logs: dict[str, tuple[int, ...]] = {}
        terms: dict[str, int] = {}
        settings: dict[str, Any] = {"pre_vote": False, "check_quorum": False}
        for option in options:
            name, _, value = option.partition("=")
            server, _, field = name.rpartition(".")
            if field == "log":
                logs[server] = tuple(map(int, value.split(",")))
            elif field == "term":
                terms[server] = int(value)
            else:
                settings[name] = msgspec.json.decode(value)
        self.cluster = ConsensusCluster(
            int(size),
            logs,
            terms,
            msgspec.convert(settings, Settings),
            observer=lambda name: Narrator(name, self._say),
        )
        self.output = []
        self.do_status()

    def do_status(self, *names: str) -> None:
        """Role, term, vote, log and commit index of servers."""
        for name in names or self.cluster.names:
            server = self.cluster[name]
            log = server.log
            terms = " ".join(
                str(log.term_at(index)) for index in range(log.first_index, log.last_index + 1)
            )
            base = f"{log.base_index}/{log.base_term} | " if log.base_index else ""
            self._say(
                f"{name} {server.role} term={server.current_term} voted_for={server.voted_for} "
                f"log=[{base}{terms}] commit={server.commit_index}"
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
            self._sent(self.cluster.settle(name))

    def do_elect(self, name: str, *voters: str) -> None:
        """Make a server leader with the votes of these, or of all; the rest of it is lost."""
        self.cluster.elect(name, *voters)

    def do_propose(self, name: str, *commands: str) -> None:
        """Commands of clients arrive at a leader, together."""
        for command in commands:
            self.cluster[name].append_as_leader(command.encode())
        self._sent(self.cluster.settle(name))

    def do_restart(self, name: str) -> None:
        """A server crashes and comes back with what is persistent."""
        self.cluster.restart(name)

    def do_read(self, name: str, *read_ids: str) -> None:
        """Reads begin, together."""
        for read_id in read_ids:
            self.cluster[name].read(int(read_id))
        self._sent(self.cluster.settle(name))

    def do_reads(self, name: str) -> None:
        """The reads of a server that were confirmed or refused since this was last asked."""
        server = self.cluster[name]
        for read in server.confirmed_reads:
            self._say(f"{name} confirms read {read.read_id} at {read.read_index}")
        for read_id in server.refused_reads:
            self._say(f"{name} refuses read {read_id}")
        server.confirmed_reads = []
        server.refused_reads = []

    # -- The wire ------------------------------------------------------------------------------

    def do_wire(self) -> None:
        """What was sent and has not been delivered."""
        self._sent(self.cluster.wire)

    def do_deliver(self, *which: str) -> None:
        """Deliver what is on the wire now; ``all`` goes on until nothing is."""
        if which[:1] == ("all",):
            while self.cluster.wire:
                self._deliver(which[1:])
            return
        self._deliver(which)

    def _deliver(self, which: tuple[str, ...]) -> None:
        for message in list(self._chosen(which)):
            self._say(f"> {describe(message)}")
            self._sent(self.cluster.receive(message))

    def do_drop(self, *which: str) -> None:
        """Lose messages."""
        for message in list(self._chosen(which)):
            self._say(f"lost: {describe(message)}")

    def do_duplicate(self, *which: str) -> None:
        """Put a second copy of messages at the end of the wire."""
        chosen = list(self._chosen(which))
        self.cluster.wire[:0] = chosen
        self.cluster.wire.extend(chosen)

    def do_delay(self, *which: str) -> None:
        """Let messages be overtaken by all others on the wire."""
        self.cluster.wire.extend(self._chosen(which))

    def _chosen(self, which: tuple[str, ...]) -> Iterator[Message]:
        """Take messages off the wire: ``n1->n2``, a kind, ``first`` or ``last`` narrow them."""
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
            else:
                chosen = [message for message in chosen if type(message).__name__ == word]
        for message in chosen:
            position = next(at for at, each in enumerate(self.cluster.wire) if each is message)
            del self.cluster.wire[position]
            yield message
