"""Messages: a run that is recorded goes as it went, and each message has its fate."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from checker.report.messages import FATES, Seen, Told, messages_shown
from nemesis.describe.recording import record, tell
from nemesis.faults import FAULTS
from nemesis.macro.scenario import parse_schedule
from nemesis.run import run
from nemesis.schedule import MILLISECOND, Advance, Knobs, Operate, Schedule
from nemesis.search.generate import generate
from nemesis.store import load
from nemesis.subjects.own import OWN
from nemesis.subjects.registry import subject_named

HISTORIES = Path(__file__).parents[2] / "histories"
SAVED = (
    "zoo-commit-of-old-term",
    "zoo-duplicate-vote-counted",
    "zoo-lost-chunk-not-resent",
    "commit-of-old-term-own-term-commit-2009",
    "zoo-campaigns-with-commit-index",
)


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_run_that_is_recorded_goes_the_same_way(name: str) -> None:
    saved = load(HISTORIES / name)
    recorded = record(saved.schedule, subject_named(saved.results.variant))
    assert recorded.run.trace_bytes() == saved.trace
    assert recorded.messages
    places = [place for step in recorded.steps for place in (step.first, step.last)]
    assert places == sorted(places)
    assert places[-1] == len(recorded.run.trace)


@pytest.mark.parametrize("seed", range(6))
def test_each_message_has_one_fate_and_the_effects_agree(seed: int) -> None:
    schedule = generate(seed)
    plain = run(schedule)
    recorded = record(schedule, OWN)
    assert recorded.run.trace_bytes() == plain.trace_bytes()
    assert recorded.run.history == plain.history
    effects = plain.statistics.effects
    fates = Counter(each.fate for each in recorded.messages)
    assert set(fates) <= set(FATES)
    # Clients are not cut off, but what they send may be lost or come twice.
    assert fates["cut"] == effects.get("partition", 0)
    assert fates["lost"] <= effects.get("loss", 0)
    assert fates["duplicate"] <= effects.get("duplicate", 0)
    for each in recorded.messages:
        arrives = each.fate not in ("cut", "lost", "held")
        assert (each.arrived >= each.sent) == arrives
        assert (each.arrived_at >= each.sent_at) == arrives


def _timed(*faults: str, wait: int = 200) -> Schedule:
    steps = [Advance(wait=300 * MILLISECOND)]
    for name in faults:
        steps.append(FAULTS[name]())  # type: ignore[arg-type]
    steps.append(Operate(f="put", key="x", value="1", wait=wait * MILLISECOND))  # type: ignore[arg-type]
    return Schedule(knobs=Knobs(), steps=tuple(steps))


@pytest.mark.parametrize(
    ("fault", "fate"),
    [
        ("partition", "cut"),
        ("crash", "down"),
        ("loss", "lost"),
        ("duplicate", "duplicate"),
        ("slow-link", "delayed"),
    ],
)
def test_a_fault_shows_in_the_fates(fault: str, fate: str) -> None:
    healthy = Counter(each.fate for each in record(_timed(wait=2_000), OWN).messages)
    attacked = Counter(each.fate for each in record(_timed(fault, wait=2_000), OWN).messages)
    assert set(healthy) <= {"delivered", "held"}
    assert attacked[fate] > 0


MACRO = """\
elect n1 [n2]
propose n1 put x 1
deliver n1 n3 append copy
deliver n1 n3 append
replicate n1 [n2]
crash n3
deliver n1 n3 append
"""


def test_macro_steps_deliver_hold_and_double() -> None:
    recorded = record(parse_schedule(MACRO), OWN)
    fates = Counter((each.target, tell(each.message).kind, each.fate) for each in recorded.messages)
    assert fates["n2", "vote", "delivered"] == 1
    assert fates["n3", "vote", "held"] >= 1
    assert fates["n3", "append", "delayed"] >= 1
    assert fates["n3", "append", "duplicate"] == 1
    (copy,) = [each for each in recorded.messages if each.fate == "duplicate"]
    original = recorded.messages[copy.original]
    assert original.message is copy.message
    assert original.arrived_at <= copy.arrived_at
    assert [step.line for step in recorded.steps][:2] == ["elect n1 [n2]", "propose n1 put x 1"]


def test_only_the_last_messages_are_shown_and_originals_are_found() -> None:
    seen = [
        Seen("a", "b", _told(at), sent=at, sent_at=at, arrived=at, arrived_at=at)
        for at in range(10)
    ]
    seen.append(Seen("a", "b", _told(9), 9, 9, "duplicate", 11, 11, original=9))
    seen.append(Seen("a", "b", _told(1), 1, 1, "duplicate", 12, 12, original=1))
    shown = messages_shown({"a": 0, "b": 1}, seen, tell, first=5)
    assert shown.sent == [5, 6, 7, 8, 9, 9, 1]
    assert shown.original == [-1, -1, -1, -1, -1, 4, -1]
    assert messages_shown({"a": 0, "b": 1}, seen, tell, first=0, most=2).sent == [9, 1]


def _told(at: int) -> Told:
    return Told("append", at, f"message {at}", "append")


def test_a_message_of_others_is_called_by_its_type() -> None:
    class Ping:
        target = "n2"
        term = "no number"

    assert tell(Ping()) == ("Ping", 0, "Ping", "Ping")


@pytest.mark.parametrize("seed", range(12))
def test_bytes_lost_are_those_that_the_run_counts(seed: int) -> None:
    recorded = record(generate(seed), OWN)
    effects = recorded.run.statistics.effects
    counted = sum(effects.get(name, 0) for name in ("bytes-lost", "unsynced-loss", "torn-write"))
    lost = sum(each for _, each in recorded.losses)
    assert lost == counted + effects.get("first-start", 0)
    times = [time for time, _ in recorded.losses]
    assert times == sorted(times)
    assert all(each > 0 for _, each in recorded.losses)


def test_a_log_that_is_not_synced_loses_bytes_when_its_server_crashes() -> None:
    saved = load(HISTORIES / "log-not-synced-committed-on-majority-20")
    recorded = record(saved.schedule, subject_named(saved.results.variant))
    crashes = load(HISTORIES / "zoo-commit-of-old-term")
    assert sum(lost for _, lost in recorded.losses) == sum(
        saved.results.statistics.effects.get(name, 0)
        for name in ("bytes-lost", "unsynced-loss", "torn-write")
    )
    assert record(crashes.schedule, subject_named("commit-of-old-term")).losses == ()
