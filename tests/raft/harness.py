"""A server under test, without simulator: one consensus module, inputs by hand."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from raft.consensus import Consensus, Entry, Message, Settings
from raft.consensus.configuration import Configuration
from raft.consensus.messages import (
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshot,
    InstallSnapshotReply,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from raft.consensus.snapshot import Snapshot, first_snapshot
from raft.consensus.state import CANDIDATE, LEADER
from raft.observer import Observer
from raft.storage.disk import DiskError, DiskFull

MS = 1_000_000
MEMBERS = ("n1", "n2", "n3")
PLAIN = Settings(pre_vote=False, check_quorum=False)


def log(*terms: int) -> list[Entry]:
    """A log whose entries have these terms; the command names index and term."""
    return [Entry(at, term, f"{at}.{term}".encode()) for at, term in enumerate(terms, start=1)]


def save(consensus: Consensus) -> None:
    """What a synchronous driver does: the only voter is elected once its vote is saved, and what it
    does first is saved too."""
    campaigns = consensus.role == CANDIDATE
    consensus.saved()
    if campaigns and consensus.role == LEADER:
        consensus.finish()
        consensus.saved()


class Server:
    """n1 of a cluster, driven as raft.replica drives it; ``sent`` is what left since last asked."""

    def __init__(
        self,
        *terms: int,
        term: int | None = None,
        voted_for: str | None = None,
        settings: Settings = PLAIN,
        members: tuple[str, ...] = MEMBERS,
        kind: type[Consensus] = Consensus,
        snapshot: Snapshot | None = None,
        observer: Observer | None = None,
    ) -> None:
        """``terms`` are those of the entries after the snapshot."""
        self.now = 0
        snapshot = snapshot or first_snapshot(members)
        base = snapshot.last_index
        self.consensus = kind(
            "n1",
            settings,
            Random(1),
            observer or Observer(),
            term=max(terms, default=snapshot.last_term) if term is None else term,
            voted_for=voted_for,
            snapshot=snapshot,
            entries=log(*[0] * base, *terms)[base:],
            now=0,
        )
        # The snapshots that the state machine was reset to.
        self.restored: list[Snapshot] = []

    def step(self, *inputs: Message, after: int = 0) -> list[Any]:
        """Let ``after`` ns pass, hand in the inputs, save; what may leave then."""
        consensus = self.consensus
        self.now += after
        consensus.now = self.now
        for item in inputs:
            consensus.receive(item)
        return self.settle()

    def settle(self) -> list[Any]:
        """Do what is due, save, and take what may leave."""
        consensus = self.consensus
        if consensus.now >= consensus.deadline:
            consensus.tick()
        if consensus.must_broadcast:
            consensus.finish()
        if consensus.must_save:
            save(consensus)
        received = consensus.received_snapshot
        if received is not None and consensus.install_snapshot():
            self.restored.append(received)
        sent, consensus.outbox = consensus.outbox, []
        return sent

    def time_out(self) -> list[Any]:
        """Let the election time-out pass."""
        return self.step(after=self.consensus.election_deadline - self.now)

    def elect(self) -> list[Any]:
        """Become leader by the vote of n2; what the new leader sends."""
        sent = self.time_out()
        if self.consensus.settings.pre_vote:
            term = self.consensus.current_term + 1
            sent = self.step(PreVoteReply("n2", "n1", term, True))
        assert {type(message) for message in sent} == {RequestVote}
        sent = self.step(RequestVoteReply("n2", "n1", self.consensus.current_term, True))
        assert self.consensus.role == "leader"
        return sent

    def propose(self, command: bytes = b"x") -> list[Any]:
        """A client's command arrives."""
        self.consensus.append_as_leader(command)
        return self.settle()

    def append(
        self,
        term: int,
        previous: int,
        previous_term: int,
        *entries: Entry,
        commit: int = 0,
        source: str = "n2",
    ) -> AppendEntriesReply:
        """AppendEntries of another server; the answer."""
        message = AppendEntries(source, "n1", term, previous, previous_term, entries, commit, 0)
        (reply,) = self.step(message)
        return reply  # type: ignore[no-any-return]

    def acknowledge(self, index: int, source: str = "n2", read_round: int = 0) -> list[Any]:
        """A follower's log equals ours up to ``index``."""
        term = self.consensus.current_term
        return self.step(AppendEntriesReply(source, "n1", term, True, index, 0, 0, 0, read_round))

    def compact(self, index: int, *, keep: int = 0) -> Snapshot:
        """Take a snapshot of what is applied up to ``index``; the log keeps ``keep`` entries of
        those that it covers."""
        consensus = self.consensus
        snapshot = Snapshot(
            index,
            consensus.log.term_at(index),
            consensus.configuration_at(index),
            f"state at {index}".encode(),
        )
        consensus.settings = msgspec.structs.replace(
            consensus.settings, entries_kept_after_snapshot=keep
        )
        consensus.snapshot_taken(snapshot)
        return snapshot

    def chunk(
        self,
        snapshot: Snapshot,
        offset: int = 0,
        size: int = 1_000,
        *,
        term: int | None = None,
        source: str = "n2",
    ) -> InstallSnapshotReply:
        """InstallSnapshot of another server, with ``size`` bytes of the snapshot; the answer."""
        stop = offset + size
        message = InstallSnapshot(
            source,
            "n1",
            self.consensus.current_term if term is None else term,
            snapshot.last_index,
            snapshot.last_term,
            snapshot.configuration,
            offset,
            snapshot.data[offset:stop],
            stop >= len(snapshot.data),
            0,
        )
        (reply,) = self.step(message)
        return reply  # type: ignore[no-any-return]

    def answer_chunk(
        self,
        snapshot: Snapshot,
        next_offset: int,
        *,
        installed: bool = False,
        source: str = "n2",
        read_round: int = 0,
    ) -> list[Any]:
        """A follower tells how much of a snapshot it has; what that leads to."""
        reply = InstallSnapshotReply(
            source,
            "n1",
            self.consensus.current_term,
            snapshot.last_index,
            snapshot.last_term,
            next_offset,
            installed,
            read_round,
        )
        return self.step(reply)

    def ask_vote(
        self, term: int, last_index: int, last_term: int, source: str = "n2"
    ) -> RequestVoteReply:
        """A candidate asks for our vote; the answer."""
        (reply,) = self.step(RequestVote(source, "n1", term, last_index, last_term))
        return reply  # type: ignore[no-any-return]

    @property
    def terms(self) -> list[int]:
        """The terms of the entries that the log holds."""
        held = self.consensus.log
        return [held.term_at(index) for index in range(held.first_index, held.last_index + 1)]


class Diary(Observer):
    """What was told of snapshots, commits and configurations."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def committed(self, index: int) -> None:
        self.told.append(("committed", index))

    def snapshot_taken(self, index: int, term: int, digest: str) -> None:
        self.told.append(("taken", index, term, digest))

    def snapshot_restored(self, index: int, term: int, digest: str, last_index: int) -> None:
        self.told.append(("restored", index, term, digest, last_index))

    def compacted(self, index: int) -> None:
        self.told.append(("compacted", index))

    def configuration_changed(self, index: int, configuration: Configuration) -> None:
        self.told.append(("configuration", index, configuration.voters))


class MemoryDisk:
    """A disk that keeps everything and counts what it does.

    ``synced`` says of each file how much of it was there at its last sync, and nothing of one that
    was written since."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.contents = {name: bytearray(data) for name, data in (files or {}).items()}
        self.synced: dict[str, int] = {}
        self.events: list[str] = []
        self.free: int | None = None

    def files(self) -> list[str]:
        return list(self.contents)

    def read(self, name: str) -> bytes:
        if name not in self.contents:
            raise DiskError(f"{name}: no such file")
        return bytes(self.contents[name])

    def create(self, name: str, data: bytes, size: int = 0) -> None:
        if self.free is not None and max(len(data), size) > self.free:
            raise DiskFull(f"{name}: full")
        self.contents[name] = bytearray(data.ljust(size, b"\0"))
        self.synced.pop(name, None)
        self.events.append("create")

    def write(self, name: str, offset: int, data: bytes) -> None:
        assert offset + len(data) <= len(self.contents[name])
        self.contents[name][offset : offset + len(data)] = data
        self.synced.pop(name, None)
        self.events.append("write")

    def sync(self, name: str) -> None:
        self.synced[name] = len(self.contents[name])
        self.events.append("sync")

    def rename(self, old: str, new: str) -> None:
        self.contents[new] = self.contents.pop(old)
        self.synced.pop(new, None)
        if old in self.synced:
            self.synced[new] = self.synced.pop(old)
        self.events.append("rename")

    def remove(self, name: str) -> None:
        del self.contents[name]
        self.synced.pop(name, None)
        self.events.append("remove")

    @property
    def is_synced(self) -> bool:
        """Whether a crash would take nothing."""
        return self.synced == {name: len(data) for name, data in self.contents.items()}
