"""The consensus module on servers as values: loaded, given one input, saved again.

There is one Consensus object a server, of the variant's class, and every step loads what it needs
into it. Time stands still: which time-out ends, and when, a move says. So nothing that only clocks
are asked about is saved, and the world is the paper's: without pre-vote and check-quorum.

What the variant's storage decides, what it saves of term and vote and when it syncs, is what is
found after a crash. The storage itself, its files and records, is not run.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Literal, NamedTuple, cast

from nemesis.cluster.sim.findings import is_our_own
from nemesis.explore.frozen import freeze, thaw
from nemesis.explore.modelled import check_variant
from nemesis.explore.servers import Disk, LogEntry, Process, Promises, Server, Violation
from nemesis.explore.watcher import Watcher
from raft.consensus import Consensus, Entry, Message, NodeId, Settings
from raft.consensus.log import Log, entry_size
from raft.consensus.snapshot import first_snapshot
from raft.consensus.state import CANDIDATE, LEADER
from raft.replica import HEALTHY, Variant


class Reading(NamedTuple):
    """A client reads, when the entry of index ``after`` is the last that a client knows of."""

    after: int


# What may happen to a server, beside a message that arrives.
Event = Literal["time-out", "heartbeat", "propose", "crash", "restart"] | Reading

# Saved by name, as the fields of Process.
_FIELDS = frozenset({"current_term", "voted_for", "log", "role", "commit_index"})
# The same for every state of a server, as nothing changes its members or takes snapshots; or told
# by the rest of it.
_FIXED = frozenset(
    {
        "node",
        "settings",
        "random",
        "observer",
        "peers",
        "priority_delay",
        "snapshot",
        "configuration",
        "configuration_index",
        "_configurations",
        "saved_index",
        "submitted_index",
    }
)
# Only clocks, check-quorum, leases, changes of the membership and asynchronous storage ask for
# these, and there are none.
_NEVER_ASKED = frozenset(
    {
        "now",
        "deadline",
        "election_deadline",
        "heartbeat_deadline",
        "quorum_deadline",
        "last_leader_contact",
        "active_peers",
        "lease_began",
        "unanswered_rounds",
        "awaits_configuration",
        "saved_term",
        "saved_vote",
    }
)
_KNOWN = _FIELDS | _FIXED | _NEVER_ASKED
# What else the healthy Raft never looks at again before it is set anew, for all but those in these
# roles. A bug may look at it: there it is saved.
_ASKED_IN_ROLE: dict[str, frozenset[str]] = {
    CANDIDATE: frozenset({"votes"}),
    LEADER: frozenset(
        {
            "progress",
            "read_round",
            "read_round_sent",
            "early_reads",
            "pending_reads",
            "confirmed_reads",
        }
    ),
}
_NOTHING: frozenset[str] = frozenset()


class Outcome(NamedTuple):
    """What an input led to: the server then, what it sends, and what is to be judged: terms in
    which it was elected, indices that it committed, whether its log, and whether its disk's log,
    is other than a longer one of what it was."""

    server: Server
    messages: tuple[Message, ...] = ()
    elected: tuple[int, ...] = ()
    committed: tuple[tuple[int, int], ...] = ()
    log_changed: bool = False
    disk_shrank: bool = False
    violation: Violation | None = None


class _LastMoment(Random):
    """Time-outs never end by themselves."""

    def random(self) -> float:
        return 1.0


class Scratch:
    """Runs one input on one server, as often as it is asked to."""

    def __init__(self, names: tuple[NodeId, ...], settings: Settings, variant: Variant) -> None:
        """Raises NotModelled if the variant's bug lies in a part that is not run here."""
        check_variant(variant)
        self._names = names
        self._settings = settings
        self._variant = variant
        self._is_healthy = variant.consensus is HEALTHY.consensus
        self._snapshot = first_snapshot(names)
        self._with_place = _described(variant.consensus)
        self._storage = variant.storage(cast(Any, None))
        self._watchers = {name: Watcher() for name in names}
        self._servers = {name: self._start(name, Disk()) for name in names}
        # What a server that was just started remembers, beside what the fields of Process tell.
        self._fresh = {name: self._attributes(each) for name, each in self._servers.items()}
        self._logs: dict[tuple[LogEntry, ...], tuple[list[Entry], list[int]]] = {}

    def first(self, name: NodeId) -> Server:
        """A server that has just been started on an empty disk."""
        return Server(name, Disk(), Process(0, None, (), "follower", 0, ()))

    def step(self, server: Server, given: Message | Event) -> Outcome:
        """What the input leads to; nothing, if the server can take none."""
        process = server.process
        if given == "restart":
            return self._restart(server) if process is None else Outcome(server)
        if process is None:
            return Outcome(server)
        if given == "crash":
            return Outcome(server._replace(process=None, promises=server.promises.on(server.disk)))
        consensus = self._load(server.name, process)
        watcher = self._watchers[server.name]
        watcher.watch(consensus)
        try:
            self._hand_in(consensus, given)
            return self._save(server, consensus, watcher)
        except Exception as error:
            if is_our_own(error):
                raise
            what = f"{server.name} raised {type(error).__name__}: {error}"
            return Outcome(server, violation=Violation("unhandled-exception", what))

    def _hand_in(self, consensus: Consensus, given: Message | Event) -> None:
        if given == "time-out":
            consensus.election_deadline = 0
            if consensus.role != LEADER:
                consensus.tick()
        elif given == "heartbeat":
            consensus.heartbeat_deadline = 0
            if consensus.role == LEADER:
                consensus.tick()
        elif given == "propose":
            if consensus.proposal_refusal() is None:
                consensus.append_as_leader(consensus.node.encode())
        elif isinstance(given, Reading):
            # The number of the read tells what it must see.
            consensus.read(given.after)
        else:
            consensus.receive(cast(Message, given))
        if consensus.must_broadcast:
            consensus.finish()

    # -- Disk --------------------------------------------------------------------------------------

    def _save(self, server: Server, consensus: Consensus, watcher: Watcher) -> Outcome:
        """Persistent state is updated before messages leave, as far as the variant does so."""
        before = server.process
        assert before is not None
        disk = server.disk
        log = self._log_of(consensus, before.log)
        if consensus.must_save:
            campaigns = consensus.role == CANDIDATE
            disk = self._written(disk, consensus, log)
            consensus.saved()
            if campaigns and consensus.role == LEADER:
                # The only voter is elected by its own vote, now that it is durable.
                consensus.finish()
                log = self._log_of(consensus, log)
                disk = self._written(disk, consensus, log)
                consensus.saved()
        promises, broken = self._promise(server, consensus, disk)
        broken = broken or _serve_reads(consensus)
        if self._is_healthy:
            # The window of messages is wider than any log here, so it is never full.
            for progress in consensus.progress.values():
                progress.in_flight.clear()
        messages, consensus.outbox = tuple(consensus.outbox), []
        process = Process(
            consensus.current_term,
            consensus.voted_for,
            log,
            consensus.role,
            consensus.commit_index,
            self.rest_of(server.name, consensus),
        )
        return Outcome(
            Server(server.name, disk, process, promises),
            messages,
            tuple(watcher.elected),
            tuple(watcher.commitments),
            log is not before.log,
            disk.log is not server.disk.log and disk.log[: len(server.disk.log)] != server.disk.log,
            watcher.violation or broken,
        )

    def _written(self, disk: Disk, consensus: Consensus, log: tuple[LogEntry, ...]) -> Disk:
        """What the disk holds after the variant's storage has saved (raft.storage, save)."""
        storage = self._storage
        saved = storage.state_to_save(consensus.current_term, consensus.voted_for)
        state_changed = saved != (disk.term, disk.voted_for)
        if not state_changed and not consensus.unsaved_entries():
            return disk
        if storage.must_sync(state_changed):
            return Disk(*saved, log if log != disk.log else disk.log)
        return Disk(*saved, disk.log)

    def _promise(
        self, server: Server, consensus: Consensus, disk: Disk
    ) -> tuple[Promises, Violation | None]:
        """What becomes known to others with what leaves now, and whether it breaks a promise."""
        promises = server.promises
        told = server.disk
        if told.voted_for is not None and (told.term, told.voted_for) != (
            disk.term,
            disk.voted_for,
        ):
            # The disk told of this vote until now.
            votes_told = (*promises.votes, (told.term, told.voted_for))
            promises = promises._replace(votes=votes_told)
        votes, consensus.votes_granted = consensus.votes_granted, []
        if not consensus.outbox and not votes:
            return promises.on(disk), None
        violation = None
        for term, candidate in votes:
            first = promises.vote_in(term, server.disk)
            if first is None:
                promises = promises._replace(votes=(*promises.votes, (term, candidate)))
            elif first != candidate:
                what = f"{server.name} voted for {first} and for {candidate} in term {term}"
                violation = Violation("one-vote-a-term", what)
        if consensus.outbox and consensus.current_term > promises.term:
            promises = promises._replace(term=consensus.current_term)
        return promises.on(disk), violation

    def _restart(self, server: Server) -> Outcome:
        disk = server.disk
        consensus = self._servers[server.name] = self._start(server.name, disk)
        violation = None
        promises = server.promises
        if promises.term > disk.term:
            what = (
                f"{server.name} restarted in term {disk.term}, though it had sent messages of "
                f"term {promises.term}"
            )
            violation = Violation("monotonic-term", what)
        vote = promises.vote_in(disk.term, disk)
        if vote != disk.voted_for:
            what = f"{server.name} voted for {vote} in term {disk.term}; its disk has forgotten it"
            violation = violation or Violation("one-vote-a-term", what)
        process = Process(
            consensus.current_term,
            consensus.voted_for,
            disk.log,
            consensus.role,
            consensus.commit_index,
            self.rest_of(server.name, consensus),
        )
        return Outcome(server._replace(process=process), violation=violation)

    # -- Loading and saving ------------------------------------------------------------------------

    def _start(self, name: NodeId, disk: Disk) -> Consensus:
        return self._variant.consensus(
            name,
            self._settings,
            _LastMoment(0),
            self._watchers[name],
            term=disk.term,
            voted_for=disk.voted_for,
            snapshot=self._snapshot,
            entries=[Entry(at, *entry) for at, entry in enumerate(disk.log, 1)],
            now=0,
        )

    def _load(self, name: NodeId, process: Process) -> Consensus:
        consensus = self._servers[name]
        fresh = self._fresh[name]
        for attribute in self._names_in(consensus).difference(fresh, _KNOWN):
            # A bug that remembers something from some moment on.
            delattr(consensus, attribute)
        for attribute, frozen in fresh.items():
            setattr(consensus, attribute, thaw(frozen))
        for attribute, frozen in process.rest:
            setattr(consensus, attribute, thaw(frozen))
        consensus.current_term = process.term
        consensus.voted_for = process.voted_for
        consensus.role = process.role
        consensus.commit_index = process.commit_index
        self._load_log(consensus.log, process.log)
        consensus.saved_index = consensus.submitted_index = len(process.log)
        consensus.must_save = False
        return consensus

    def _load_log(self, log: Log, entries: tuple[LogEntry, ...]) -> None:
        known = self._logs.get(entries)
        if known is None:
            held = [Entry(0, 0, b""), *(Entry(at, *each) for at, each in enumerate(entries, 1))]
            ends = list(accumulate(map(entry_size, held[1:]), initial=0))
            known = self._logs[entries] = (held, ends)
        log._entries, log._ends = known[0].copy(), known[1].copy()
        log.base_index = 0
        log.last_index, log.last_term = known[0][-1].index, known[0][-1].term

    def _log_of(self, consensus: Consensus, before: tuple[LogEntry, ...]) -> tuple[LogEntry, ...]:
        """The log; the very one of before if it is equal."""
        log = tuple([LogEntry(each.term, each.command) for each in consensus.log._entries[1:]])
        return before if log == before else log

    def rest_of(self, name: NodeId, consensus: Consensus) -> tuple[tuple[str, Any], ...]:
        """What else is saved of a server."""
        fresh = self._fresh[name]
        if self._is_healthy:
            asked = _ASKED_IN_ROLE.get(consensus.role, _NOTHING)
            found = {attribute: freeze(getattr(consensus, attribute)) for attribute in asked}
        else:
            found = self._attributes(consensus)
        changed = (item for item in found.items() if fresh.get(item[0], self) != item[1])
        return tuple(sorted(changed))

    def _attributes(self, consensus: Consensus) -> dict[str, Any]:
        """Everything that it remembers, frozen, but for what is saved by name or never asked."""
        names = (self._with_place | self._names_in(consensus)) - _KNOWN
        return {
            name: freeze(getattr(consensus, name)) for name in names if hasattr(consensus, name)
        }

    def _names_in(self, consensus: Consensus) -> set[str]:
        """The attributes that it was given as it ran."""
        return set(getattr(consensus, "__dict__", ()))


def _serve_reads(consensus: Consensus) -> Violation | None:
    """Serve the reads that may be: one that began after a command was acknowledged must not find
    that nothing was ever written. (What else it finds may be of a command without an answer, which
    can take effect at any time.)"""
    log = consensus.log
    index = consensus.commit_index
    waiting = []
    violation = None
    for read in consensus.confirmed_reads:
        if read.read_index > index:
            waiting.append(read)
        elif read.read_id > index and not any(
            log.entry_at(at).command for at in range(1, index + 1)
        ):
            what = f"{consensus.node} answers a read with the state of index {index}; a command at "
            violation = Violation("linearizability", f"{what}{read.read_id} was acknowledged")
    consensus.confirmed_reads = waiting
    consensus.refused_reads = []
    return violation


def _described(cls: type) -> frozenset[str]:
    """The attributes that have a place of their own in instances of the class, or begin with a
    value that the class gives them."""
    return frozenset(
        name
        for each in cls.__mro__
        for name, value in vars(each).items()
        if not name.startswith("__")
        and (
            isinstance(value, MemberDescriptorType | GetSetDescriptorType)
            or not (callable(value) or hasattr(value, "__get__"))
        )
    )
