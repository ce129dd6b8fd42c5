"""The slow way through a small world: every prefix of moves is run on a stepped cluster anew.

What the explorer knows of a state is read from the replicas, their disks and the trace: nothing of
how the explorer saves, restores, looks up or renames is used to get there.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from itertools import permutations
from random import Random
from typing import NamedTuple

import msgspec

from checker.trace import Appended, Committed, RoleChanged, TermExposed, VoteGranted
from nemesis.cluster.stepped.post import KINDS
from nemesis.explore.moves import Bounds, moves_of
from nemesis.explore.properties import Committed as CommittedEntry
from nemesis.explore.properties import Past, forget, horizon, rename_past
from nemesis.explore.scratch import Scratch
from nemesis.explore.servers import Disk, LogEntry, Process, Promises, Server
from nemesis.explore.symmetry import rename_message, rename_server
from nemesis.macro import steps as macro
from nemesis.macro.execution import MacroExecution
from nemesis.macro.steps import MacroStep
from nemesis.subjects.own import settings_of
from raft.consensus import AppendEntries, Entry, Message
from raft.replica import HEALTHY, Variant


class Observed(NamedTuple):
    """A state of the whole, as the explorer would have it."""

    servers: tuple[Server, ...]
    past: Past
    held: frozenset[Message]


class Oracle:
    """Reads states off stepped clusters."""

    def __init__(self, bounds: Bounds, variant: Variant = HEALTHY) -> None:
        self.bounds = bounds
        self.variant = variant
        self._scratch = Scratch(bounds.names, settings_of(bounds.knobs), variant)
        self._is_healthy = variant.consensus is HEALTHY.consensus

    def run(self, steps: tuple[MacroStep, ...]) -> MacroExecution:
        """The steps on a new cluster, to the first that is convicted."""
        execution = MacroExecution(self.bounds.knobs, self.variant)
        for step in steps:
            if not execution.perform(step):
                break
        return execution

    def observe(self, execution: MacroExecution) -> Observed:
        """The state that the cluster is in."""
        takers: dict[bytes, bytes] = {}
        for event in execution.cluster.trace.events:
            if isinstance(event, Appended) and event.command:
                takers.setdefault(event.command, event.node.encode())
        servers = tuple(self._server(execution, name, takers) for name in self.bounds.names)
        before = min(horizon(each, is_healthy=self._is_healthy) for each in servers)
        past = forget(self._past(execution, takers), before, reads=False)
        held: set[Message] = set()
        if self.bounds.holds_messages:
            post = execution.cluster.post
            for place in post.places():
                held.update(_taken(each, takers) for each in post.held(place))
        return Observed(servers, past, frozenset(held))

    def _server(self, execution: MacroExecution, name: str, takers: dict[bytes, bytes]) -> Server:
        node = execution.cluster.nodes[name]
        # What it draws by has no state (half of everything is drawn), and is slow to copy.
        draws = {id(each): each for each in vars(node.disk).values() if isinstance(each, Random)}
        found = deepcopy(node.disk, draws)
        found.crash()
        recovered = self.variant.storage(found, 1024).recover()
        disk = Disk(
            recovered.term,
            recovered.voted_for,
            tuple(LogEntry(each.term, takers.get(each.command, b"")) for each in recovered.entries),
        )
        process = None
        if node.replica is not None:
            consensus = node.replica.consensus
            if self._is_healthy:
                for progress in consensus.progress.values():
                    progress.in_flight = []
            process = Process(
                consensus.current_term,
                consensus.voted_for,
                tuple(
                    LogEntry(each.term, takers.get(each.command, b""))
                    for at in range(1, consensus.log.last_index + 1)
                    if (each := consensus.log.entry_at(at))
                ),
                consensus.role,
                consensus.commit_index,
                self._scratch.rest_of(name, consensus),
            )
        exposed = 0
        votes: dict[int, str] = {}
        for event in execution.cluster.trace.events:
            if event.node == name and isinstance(event, TermExposed):
                exposed = max(exposed, event.term)
            elif event.node == name and isinstance(event, VoteGranted):
                votes.setdefault(event.term, event.candidate)
        return Server(name, disk, process, Promises(exposed, tuple(votes.items())).on(disk))

    def _past(self, execution: MacroExecution, takers: dict[bytes, bytes]) -> Past:
        leaders: dict[int, str] = {}
        logs: dict[tuple[str, int], LogEntry] = {}
        committed: list[CommittedEntry] = []
        for event in execution.cluster.trace.events:
            if isinstance(event, RoleChanged) and event.role == "leader":
                leaders.setdefault(event.term, event.node)
            elif isinstance(event, Appended):
                logs[event.node, event.index] = LogEntry(event.term, takers.get(event.command, b""))
            elif isinstance(event, Committed):
                for index in range(len(committed) + 1, event.index + 1):
                    entry = execution.cluster.monitors.cluster.committed[index]
                    committed.append(CommittedEntry(logs[event.node, index], entry.commit_term))
        return Past(tuple(sorted(leaders.items())), tuple(committed))

    # -- Moves -------------------------------------------------------------------------------------

    def following(self, steps: tuple[MacroStep, ...], execution: MacroExecution) -> list[MacroStep]:
        """Every step that may come next; some of them may do nothing."""
        bounds, names = self.bounds, self.bounds.names
        cluster = execution.cluster
        commands = sum(isinstance(step, macro.Propose) for step in steps)
        crashes = sum(isinstance(step, macro.Crash) for step in steps)
        found: list[MacroStep] = []
        for move in moves_of(bounds):
            consensus = cluster.consensus(names[move.node])
            if (move.kind == "restart") != (consensus is None):
                continue
            leads = consensus is not None and consensus.role == "leader"
            if move.kind in ("propose", "replicate") and not leads:
                continue
            if move.kind == "propose" and commands == bounds.commands:
                continue
            if move.kind == "crash" and crashes == bounds.crashes:
                continue
            found.append(move.step(names, commands))
        if bounds.fine:
            for source, target, kind in cluster.post.places():
                if cluster.consensus(target) is not None:
                    count = len(cluster.post.held((source, target, kind)))
                    found.extend(
                        macro.Deliver(source=source, target=target, message=kind, nth=nth)
                        for nth in range(count)
                    )
        return found


def _taken(message: Message, takers: dict[bytes, bytes]) -> Message:
    if isinstance(message, AppendEntries):
        entries = tuple(
            Entry(each.index, each.term, takers.get(each.command, b"")) for each in message.entries
        )
        return msgspec.structs.replace(message, entries=entries)
    assert type(message) in KINDS
    return message


def least(observed: Observed, names: tuple[str, ...]) -> str:
    """The same for all states that differ by names alone."""
    found = []
    for renamed in permutations(names):
        mapping = dict(zip(names, renamed, strict=True))
        servers = sorted(_renamed(each, names, renamed) for each in observed.servers)
        held = sorted(repr(rename_message(each, mapping)) for each in observed.held)
        found.append(repr((servers, rename_past(observed.past, mapping), held)))
    return min(found)


@cache
def _renamed(server: Server, names: tuple[str, ...], renamed: tuple[str, ...]) -> str:
    """In words. States are many, servers few."""
    return repr(rename_server(server, dict(zip(names, renamed, strict=True))))
