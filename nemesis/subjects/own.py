"""Our own Raft as a subject: a variant of it, healthy or one of the bugs of the zoo."""

from __future__ import annotations

from random import Random
from typing import Final

from nemesis.faults import FAULTS
from nemesis.schedule import Knobs
from nemesis.subjects.errors import NotOurOwn
from nemesis.subjects.subject import Machine, Standing, Subject
from raft.consensus import Settings
from raft.consensus.configuration import Configuration
from raft.consensus.snapshot import first_snapshot
from raft.observer import Observer
from raft.replica import HEALTHY, Replica, Variant
from raft.storage import Disk, Storage

_FAULTS: Final = frozenset(name for name, kind in FAULTS.items() if kind.is_simulated)

# What is tested: a subject, or, for short, a variant of our own Raft.
Tested = Variant | Subject


def settings_of(knobs: Knobs) -> Settings:
    """The part of the knobs that configures the replicas."""
    return Settings(
        election_timeout_min=knobs.election_timeout_min,
        election_timeout_max=knobs.election_timeout_max,
        heartbeat_interval=knobs.heartbeat_interval,
        pre_vote=knobs.pre_vote,
        check_quorum=knobs.check_quorum,
        max_entries_per_append=knobs.max_entries_per_append,
        max_bytes_per_append=knobs.max_bytes_per_append,
        max_appends_in_flight=knobs.max_appends_in_flight,
        max_bytes_in_flight=knobs.max_bytes_in_flight,
        max_uncommitted_bytes=knobs.max_uncommitted_bytes,
        priorities=knobs.priorities,
        snapshot_threshold_bytes=knobs.snapshot_threshold_bytes,
        snapshot_chunk_bytes=knobs.snapshot_chunk_bytes,
        entries_kept_after_snapshot=knobs.entries_kept_after_snapshot,
        session_timeout=knobs.session_timeout,
        asynchronous_storage=knobs.asynchronous_storage,
        lease_reads=knobs.reads == "lease",
        max_clock_drift=knobs.max_clock_drift,
    )


class OwnReplica(Replica):
    """A replica of our own Raft, as the simulator wants it: handle and deadline are its own."""

    def standing(self) -> Standing:
        """Role, term, log."""
        consensus = self.consensus
        log = consensus.log
        vote = consensus.voted_for
        return Standing(
            consensus.role,
            consensus.current_term,
            log.last_term,
            log.last_index,
            consensus.commit_index,
            self.last_applied,
            vote is not None and vote != self.node,
            len(consensus.votes),
        )

    def state(self) -> bytes | None:
        """The state of the state machine, as a snapshot holds it."""
        return self.state_machine.snapshot()

    def close(self) -> None:
        """All that it holds is Python's."""

    # -- Configured --------------------------------------------------------------------------------

    def configuration(self) -> Configuration:
        """The one in effect."""
        return self.consensus.configuration

    def has_committed_configuration(self) -> bool:
        """Whether the configuration in effect is committed."""
        return self.consensus.configuration_index <= self.consensus.commit_index

    def is_changing(self) -> bool:
        """Whether there is a joint configuration to leave, or a learner to bring up to date."""
        configuration = self.consensus.configuration
        return (
            configuration.is_joint and configuration.leave_automatically
        ) or self.consensus.catch_up is not None


class OwnRaft:
    """Implements nemesis.subjects.subject.Subject. ``settings``, if given, is what configures the
    replicas, whatever the knobs say."""

    def __init__(self, variant: Variant, settings: Settings | None = None) -> None:
        self.name: str = variant.name
        self.faults: frozenset[str] = _FAULTS
        self.variant = variant
        self._settings = settings
        # The knobs that a replica was started with last, and the settings that they give.
        self._configured_by: tuple[Knobs, Settings] | None = None

    def knobs(self, drawn: Knobs) -> Knobs:
        """As they are: it has all of them."""
        return drawn

    def start(self, machine: Machine) -> OwnReplica:
        """Start a replica; at its first start the disk is initialised, and need not be read then,
        unless power may fail meanwhile: it may fail in the recovery as well."""
        disk: Disk = machine.disk
        random: Random = machine.random
        observer: Observer = machine.observer
        storage: Storage | None = None
        if machine.is_first_start:
            storage = Replica.initialize(
                disk,
                first_snapshot(machine.members),
                variant=self.variant,
                segment_bytes=machine.knobs.segment_bytes,
            )
            if machine.power_may_fail:
                storage = None
        return OwnReplica(
            machine.name,
            disk,
            self._settings or self._settings_of(machine.knobs),
            random,
            observer,
            now=machine.now,
            variant=self.variant,
            segment_bytes=machine.knobs.segment_bytes,
            initialized=storage,
        )

    def _settings_of(self, knobs: Knobs) -> Settings:
        known = self._configured_by
        if known is None or known[0] is not knobs:
            self._configured_by = known = (knobs, settings_of(knobs))
        return known[1]


OWN: Final = OwnRaft(HEALTHY)


def subject_of(tested: Tested) -> Subject:
    """The subject that a variant stands for, or that is given."""
    return OwnRaft(tested) if isinstance(tested, Variant) else tested


def variant_of(tested: Tested, what: str) -> Variant:
    """The variant of our own Raft that is tested. Raises NotOurOwn if it is another's: ``what`` is
    it that only ours offers."""
    if isinstance(tested, Variant):
        return tested
    if isinstance(tested, OwnRaft):
        return tested.variant
    raise NotOurOwn(f"{what} our own Raft alone, not {tested.name}")
