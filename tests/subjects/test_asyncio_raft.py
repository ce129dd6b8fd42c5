"""The small Raft written with asyncio, under all that it claims to bear."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from checker.verdict import Validity
from nemesis.errors import UnknownName
from nemesis.faults import FAULTS
from nemesis.schedule import Knobs
from nemesis.subjects.adapters import NETWORK, POWER, PROCESSES
from nemesis.subjects.asyncio_programs import AsyncioSubject, Host
from nemesis.subjects.asyncio_programs.small_raft import Message, SmallRaft, over_datagrams
from nemesis.subjects.registry import subject_named
from nemesis.subjects.subject import Subject
from tests.subjects.runs import digests_of, run_seed

SEEDS = range(8)
OVER_DATAGRAMS, OVER_STREAMS = "asyncio-raft", "asyncio-raft-streams"


@pytest.mark.parametrize("name", [OVER_DATAGRAMS, OVER_STREAMS])
def test_it_bears_what_it_claims(name: str) -> None:
    subject = subject_named(name)
    effects: set[str] = set()
    for seed in SEEDS:
        result = run_seed(subject, seed)
        assert result.verdict.validity is Validity.VALID, (seed, result.verdict)
        assert result.statistics.elections > 0
        effects |= result.statistics.effects.keys()
    assert {"partition", "loss", "duplicate", "reorder", "crash", "unsynced-loss"} <= effects
    assert {"clock-jump", "bit-flip", "add-server"} & subject.faults == set()
    assert subject.faults < FAULTS.keys()


@pytest.mark.parametrize("name", [OVER_DATAGRAMS, OVER_STREAMS])
def test_other_processes_and_hash_seeds_do_the_same(name: str) -> None:
    assert len(digests_of(name, range(3), hash_seeds=("1", "4711"))) == 1


def found(subject: Subject, seeds: Iterable[int]) -> set[str]:
    """The kinds of failures that are found first."""
    results = (run_seed(subject, seed) for seed in seeds)
    return {result.verdict.failures[0].kind for result in results if result.verdict.failures}


def test_leaders_that_lack_entries_are_convicted() -> None:
    assert found(subject_named("asyncio-raft-any-leader"), range(19, 30)) == {"leader-completeness"}


async def without_votes(host: Host) -> None:
    class ForgetsVotes(SmallRaft):
        def save_vote(self) -> None:
            pass

    await over_datagrams(host, ForgetsVotes)


async def without_logs(host: Host) -> None:
    class ForgetsLogs(SmallRaft):
        def save_log(self) -> None:
            pass

    await over_datagrams(host, ForgetsLogs)


async def with_early_votes(host: Host) -> None:
    class TellsBeforeSaving(SmallRaft):
        is_telling = False

        def on_vote_request(self, source: str, message: Message) -> None:
            before = self.voted_for
            self.is_telling = True
            super().on_vote_request(source, message)
            self.is_telling = False
            if self.voted_for != before:
                self.save_vote()

        def save_vote(self) -> None:
            if not self.is_telling:
                super().save_vote()

    await over_datagrams(host, TellsBeforeSaving)


async def without_truncation(host: Host) -> None:
    class KeepsConflicts(SmallRaft):
        def store(self, previous: int, entries: list[tuple[int, bytes]]) -> bool:
            new = entries[max(len(self.log) - previous, 0) :]
            self.log += new
            return bool(new)

    await over_datagrams(host, KeepsConflicts)


@pytest.mark.parametrize(
    ("main", "kinds"),
    [
        (without_votes, {"monotonic-term"}),
        (without_logs, {"committed-on-majority"}),
        (without_truncation, {"log-matching"}),
    ],
)
def test_what_is_forgotten_convicts(main: object, kinds: set[str]) -> None:
    assert found(AsyncioSubject(main), range(4)) == kinds  # type: ignore[arg-type]


def test_a_vote_that_leaves_before_it_is_saved_convicts() -> None:
    assert found(AsyncioSubject(with_early_votes), range(2, 6)) == {"one-vote-a-term"}


def test_knobs_are_those_that_it_can_bear() -> None:
    drawn = Knobs(spares=2, reads="lease", session_timeout=1, power_fails_at_first_start=3)
    for faults, power in ((NETWORK | POWER, 3), (NETWORK | PROCESSES, None)):
        knobs = AsyncioSubject(over_datagrams, faults=faults).knobs(drawn)
        assert (knobs.spares, knobs.reads, knobs.session_timeout) == (0, "log", None)
        assert knobs.power_fails_at_first_start == power


def test_versions_that_do_not_exist_are_told_which_do() -> None:
    with pytest.raises(UnknownName, match="did you mean 'asyncio-raft-streams'"):
        subject_named("asyncio-raft-stream")
