"""Macro-steps as text: what is written is read back, and what makes no sense is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemesis.errors import ScheduleError
from nemesis.macro.scenario import PLAIN, format_schedule, parse_schedule
from nemesis.macro.steps import (
    Crash,
    Deliver,
    Elect,
    FailPower,
    LoseFile,
    MacroStep,
    Perform,
    Propose,
    Replicate,
    Restart,
    Retry,
    Settle,
    Snapshot,
    Stall,
    TransferTo,
    Wait,
)
from nemesis.macro.text import format_step, parse_step
from nemesis.schedule import Advance, Schedule, decode_schedule, encode_schedule

SERVERS = ("n1", "n2", "n3")
names = st.sampled_from(SERVERS)
subsets = st.lists(names, unique=True).map(tuple)


@st.composite
def answered(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Servers that are reached, and those of them whose answers are held."""
    reached = draw(subsets)
    held = tuple(name for name in reached if draw(st.booleans()))
    return {"reached": reached, "unanswered": held}


values = st.one_of(
    st.none(),
    st.text(min_size=1, max_size=3),
    st.lists(st.one_of(st.none(), st.text("ab12", min_size=1)), min_size=2, max_size=2),
)
steps: st.SearchStrategy[MacroStep] = st.one_of(
    st.builds(
        lambda node, who, hasty: Elect(
            node=node, voters=who["reached"], unanswered=who["unanswered"], hasty=hasty
        ),
        names,
        answered(),
        st.booleans(),
    ),
    st.builds(
        lambda node, who: Replicate(node=node, peers=who["reached"], unanswered=who["unanswered"]),
        names,
        answered(),
    ),
    st.builds(
        Propose,
        node=names,
        f=st.sampled_from(["put", "append", "cas"]),
        key=st.sampled_from("xyz"),
        value=values,
        client=st.integers(0, 9),
        unanswered=st.booleans(),
    ),
    st.builds(Propose, node=names, f=st.just("get"), key=st.sampled_from("xyz")),
    st.builds(Retry, node=names, client=st.integers(0, 9), unanswered=st.booleans()),
    st.builds(
        Deliver,
        source=names,
        target=names,
        message=st.sampled_from(["append", "vote-reply", "timeout-now"]),
        nth=st.integers(-1, 9),
        copy=st.booleans(),
    ),
    st.builds(Wait, milliseconds=st.integers(0, 999), nodes=subsets),
    st.builds(FailPower, node=names, syncs=st.integers(0, 9)),
    st.builds(TransferTo, node=names, target=names, voters=subsets),
    st.builds(TransferTo, node=names, target=names, held=st.just(True)),
    st.builds(Perform, node=names, work=st.sampled_from(["write", "application"])),
    st.builds(LoseFile, node=names, file=st.sampled_from(["vote", "log", "snapshot"])),
    st.sampled_from(
        [Crash(node="n1"), Restart(node="n2"), Snapshot(node="n3"), Stall(node="n1"), Settle()]
    ),
)


@given(steps)
def test_a_step_is_read_as_it_was_written(step: MacroStep) -> None:
    assert parse_step(format_step(step)) == step


@given(st.lists(steps, min_size=1, max_size=5))
def test_a_schedule_is_read_as_it_was_written(drawn: list[MacroStep]) -> None:
    schedule = Schedule(knobs=PLAIN, steps=tuple(drawn))
    assert parse_schedule(format_schedule(schedule)) == schedule
    assert decode_schedule(encode_schedule(schedule)) == schedule


@pytest.mark.parametrize(
    "line",
    [
        "change n1 add-voter n4, remove n2",
        "change n1 demote n2 explicit",
        "change n1 target n1 n2 n4 / n5 implicit",
        "change n1",
        'propose n1 txn {"compare":[["x","1"]],"then":[["put","y","2"]],"else":[]} as c2',
        'propose n1 cas x [null,"1"]',
        "propose n1 delete x unanswered",
    ],
)
def test_lines_that_say_more(line: str) -> None:
    assert format_step(parse_step(line)) == line


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("elekt n1", "no step is named 'elekt'"),
        ("elect", "a word is missing"),
        ("elect n1 [n2", "a word is missing"),
        ("elect n1 [n2] quickly", "'quickly' is too much"),
        ("deliver n1 n2 letter", "no message is of the kind 'letter'"),
        ("deliver n1 n2 append #x", "invalid literal"),
        ("retry n1 as someone", "'someone' is no client"),
        ("propose n1 put x 1 2", "'2' is too much"),
        ("propose n1", "not enough values"),
        ("propose n1 cas x [1", "Expecting"),
        ("lose-file n1 everything", "Invalid enum value"),
        ("wait soon", "invalid literal"),
    ],
)
def test_what_makes_no_sense_is_named(line: str, complaint: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        parse_schedule(f"crash n1\n{line}", "the text")
    assert str(refused.value).startswith(f"the text: line 2: {line!r}: ")
    assert complaint in str(refused.value)


def test_knobs() -> None:
    schedule = parse_schedule("with replicas=5 reads=log\nwith spares=1\n\n# a word\ncrash n6")
    assert schedule.knobs.replicas == 5
    assert schedule.knobs.reads == "log"
    assert schedule.knobs.servers[-1] == "n6"
    with pytest.raises(ScheduleError, match="there is no knob 'replicants'"):
        parse_schedule("with replicants=5\ncrash n1")
    with pytest.raises(ScheduleError, match="Expected `int`"):
        parse_schedule("with replicas=many\ncrash n1")


def test_servers_must_exist() -> None:
    with pytest.raises(ScheduleError, match=r"steps\[1\] names 'n4'"):
        parse_schedule("crash n1\nelect n1 [n2 n4]")


def test_the_vocabularies_do_not_mix() -> None:
    mixed = Schedule(knobs=PLAIN, steps=(Crash(node="n1"), Advance(wait=1)))
    with pytest.raises(ScheduleError, match="macro-steps, or of none"):
        decode_schedule(encode_schedule(mixed))


@pytest.mark.parametrize("value", ["a b", " ", "as", "unanswered", ["a b", "c"]])
def test_a_value_is_one_word(value: object) -> None:
    for client in (0, 1):
        step = Propose(node="n1", f="put", key="x", value=value, client=client)
        assert parse_step(format_step(step)) == step


@pytest.mark.parametrize("line", ["wait -1", "fail-power n1 after -1"])
def test_no_number_is_negative(line: str) -> None:
    with pytest.raises(ScheduleError, match="negative"):
        parse_schedule(line)
