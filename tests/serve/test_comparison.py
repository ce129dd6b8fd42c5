"""Two runs side by side."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nemesis.run import run
from nemesis.schedule import MILLISECOND, Knobs, Operate, Schedule
from nemesis.serve.comparison import Fact, Line, compare
from nemesis.store import Saved, load, save

HISTORIES = Path(__file__).parents[2] / "histories"


def saved(directory: Path, schedule: Schedule) -> Saved:
    made = run(schedule)
    save(directory, made, made.verdict.validity)
    return load(directory)


def schedule_of(count: int, seed: int = 0, **knobs: int) -> Schedule:
    steps = tuple(
        Operate(f="put", key="x", value=str(number), wait=50 * MILLISECOND)
        for number in range(count)
    )
    return Schedule(seed=seed, knobs=Knobs(**knobs), steps=steps)  # type: ignore[arg-type]


def test_a_run_is_like_itself() -> None:
    one = load(HISTORIES / "zoo-acks-own-tail")
    found = compare(one, one)
    assert not any(fact.differs for fact in (*found.facts, *found.statistics))
    assert found.knobs == []
    assert {line.of for line in found.steps} == {"both"}
    assert [line.text for line in found.steps] == [
        '"elect n1 [n2]"',
        '"elect n2 [n3]"',
        '"replicate n2 [n1]"',
    ]
    assert found.history.line is None
    assert found.trace.line is None


def test_what_differs_is_said(tmp_path: Path) -> None:
    found = compare(
        saved(tmp_path / "a", schedule_of(3)),
        saved(tmp_path / "b", schedule_of(4, replicas=5)),
    )
    assert found.knobs == [Fact("replicas", "3", "5")]
    assert Fact("steps", "3", "4") in found.facts
    assert [line.of for line in found.steps] == ["both", "both", "both", "second"]
    assert Fact("invoked: put", "3", "4") in found.statistics
    assert found.trace.line == 1
    assert "n5" in found.trace.second[0]


def test_another_seed_parts_where_time_does(tmp_path: Path) -> None:
    found = compare(
        saved(tmp_path / "a", schedule_of(2)), saved(tmp_path / "b", schedule_of(2, seed=1))
    )
    assert {line.of for line in found.steps} == {"both"}
    line = found.trace.line
    assert line is not None
    first = (tmp_path / "a" / "trace.jsonl").read_text().splitlines()
    second = (tmp_path / "b" / "trace.jsonl").read_text().splitlines()
    assert first[: line - 1] == second[: line - 1]
    assert first[line - 1] != second[line - 1]


def test_steps_of_long_schedules_are_compared_as_they_stand() -> None:
    one = load(HISTORIES / "zoo-acks-own-tail")
    step = Operate(f="put", key="x", value="1")
    long = msgspec.structs.replace(
        one, schedule=Schedule(steps=(*(step,) * 2_500, Operate(f="get", key="x")))
    )
    other = msgspec.structs.replace(one, schedule=Schedule(steps=(step,) * 2_501))
    found = compare(long, other).steps
    assert len(found) == 2_502
    assert [line.of for line in found[-2:]] == ["first", "second"]
    assert all(isinstance(line, Line) for line in found)
