"""Every bug of the zoo is found, by whom it should be, and shrunk to something that one can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from nemesis.zoo.hunt import Catch, Hunt, hunt
from nemesis.zoo.page import summary, zoo_page
from nemesis.zoo.quick import check_kept, searched
from nemesis.zoo.record import Record, rows_of
from nemesis.zoo.round import hunt_all, hunts_of
from nemesis.zoo.saved import keep_smallest, saved_schedule
from raft.bugs import BUGS, UnknownBug, get_bug
from raft.bugs.bug import register
from raft.replica import Variant

HISTORIES = Path(__file__).parent.parent.parent / "histories"
# Far more than any of them needs in the median (docs/zoo.md).
MOST_EXECUTIONS = 4_000
MOST_STEPS = 25


@pytest.mark.parametrize("name", sorted(BUGS))
def test_witness_and_kept_run_convict_the_bug_and_nobody_else(name: str) -> None:
    assert list(check_kept(get_bug(name), HISTORIES)) == []
    kept = saved_schedule(HISTORIES, name)
    assert kept is not None
    assert len(kept.steps) <= MOST_STEPS


@pytest.mark.parametrize("name", searched(sorted(BUGS)))
def test_a_fresh_search_finds_the_bug(name: str) -> None:
    catch = hunt(Hunt(bug=name, start=77, budget=MOST_EXECUTIONS))
    assert catch.executions is not None
    assert catch.kind in get_bug(name).convicted_by
    assert catch.shrunk is not None
    assert catch.shrunk.steps <= min(catch.shrunk.steps_before, MOST_STEPS)
    assert catch.shrunk.healthy_failures == ()


def test_ten_bugs_are_searched_for() -> None:
    assert len(searched(sorted(BUGS))) == 10
    assert searched(["vote-twice"]) == ["vote-twice"]


def test_what_the_zoo_holds() -> None:
    assert len(BUGS) >= 159
    for name, bug in BUGS.items():
        assert bug.name == name
        assert bug.summary
        assert bug.source
        assert bug.convicted_by
        assert bug.scenario


def test_no_two_bugs_are_the_same() -> None:
    assert len({bug.variant[1:] for bug in BUGS.values()}) == len(BUGS)
    assert len({bug.summary for bug in BUGS.values()}) == len(BUGS)


def test_an_unknown_bug_gets_a_suggestion() -> None:
    with pytest.raises(UnknownBug, match="did you mean 'vote-twice'"):
        get_bug("vote-twcie")


def test_no_two_bugs_have_one_name() -> None:
    with pytest.raises(ValueError, match="two bugs"):
        register(Variant("vote-twice"), summary="", source="", convicted_by=set())


# -- Hunts and what is told of them ---------------------------------------------------------------


def test_a_hunt_is_the_same_whoever_does_it() -> None:
    hunts = hunts_of(["vote-twice", "term-only"], starts=2, budget=2_000, strategy="role-walk")
    assert [(each.bug, each.start) for each in hunts] == [
        ("vote-twice", 1),
        ("term-only", 1),
        ("vote-twice", 2),
        ("term-only", 2),
    ]

    def told(catches: list[Catch]) -> list[tuple[str, int, int | None, int | None]]:
        return sorted(
            (each.hunt.bug, each.hunt.start, each.executions, each.seed) for each in catches
        )

    here = told(list(hunt_all(hunts, jobs=1)))
    assert told(list(hunt_all(hunts, jobs=2))) == here
    assert len({seed for *_, seed in here}) == 4


def test_another_kind_of_failure_is_no_conviction(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = get_bug("vote-twice")
    monkeypatch.setitem(BUGS, "vote-twice", bug._replace(convicted_by=frozenset({"liveness"})))
    catch = hunt(Hunt(bug="vote-twice", budget=30))
    assert catch.executions is None
    assert catch.kind is None
    assert catch.others["one-vote-a-term"] > 1


def record_of(catches: list[Catch], budget: int) -> Record:
    return Record(
        strategy="ensemble",
        budget=budget,
        rows=rows_of(catches),
        seconds=1.0,
        jobs=1,
        version="0",
    )


def test_a_record_tells_what_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = hunt(Hunt(bug="vote-twice", budget=100))
    bug = get_bug("stale-read")
    monkeypatch.setitem(BUGS, "stale-read", bug._replace(convicted_by=frozenset({"nothing"})))
    missed = hunt(Hunt(bug="stale-read", budget=3))
    record = record_of([found, missed], 100)
    assert record.missed == ("stale-read",)
    assert record.soon == 1
    assert record.false_alarms == ()
    assert summary(record).startswith("1 of 2 hunts found their bug within 100 executions; 1 of 2")
    page = zoo_page(record)
    assert "| [vote-twice](bugs/vote-twice.md) | 1 of 1 |" in page
    assert "| [stale-read](bugs/stale-read.md) | 0 of 1 |  | missed |" in page
    assert "Not found in every hunt, within 100 executions: stale-read." in page
    assert "Empty: every hunt" in zoo_page(record_of([found], 100))


def test_the_smallest_run_is_kept(tmp_path: Path) -> None:
    catches = [hunt(Hunt(bug="vote-twice", start=start, budget=100)) for start in (1, 2)]
    kept = keep_smallest(tmp_path, catches)
    assert kept == tmp_path / "zoo-vote-twice"
    schedule = saved_schedule(tmp_path, "vote-twice")
    assert schedule is not None
    sizes = [each.shrunk.steps for each in catches if each.shrunk is not None]
    assert len(schedule.steps) == min(sizes)
    assert list(check_kept(get_bug("vote-twice"), tmp_path)) == []
    assert keep_smallest(tmp_path, []) is None


def test_a_run_that_is_kept_of_another_bug_is_noticed(tmp_path: Path) -> None:
    keep_smallest(tmp_path, [hunt(Hunt(bug="vote-twice", budget=100))])
    (tmp_path / "zoo-vote-twice").rename(tmp_path / "zoo-stale-read")
    problems = list(check_kept(get_bug("stale-read"), tmp_path))
    assert len(problems) == 1
    assert problems[0].startswith("stale-read: its kept run is not convicted any more")
    assert "no run is kept in" in next(check_kept(get_bug("vote-twice"), tmp_path))


def test_a_witness_that_convicts_nobody_is_noticed(tmp_path: Path) -> None:
    bug = get_bug("vote-twice")
    keep_smallest(tmp_path, [hunt(Hunt(bug=bug.name, budget=100))])
    harmless = bug._replace(witness="elect n1 [n2]")
    problem = "vote-twice: its witness is not convicted any more"
    assert list(check_kept(harmless, tmp_path)) == [problem]
    assert list(check_kept(bug._replace(convicted_by=frozenset({"liveness"})), tmp_path)) == [
        f"vote-twice: its {what} is convicted by one-vote-a-term, no kind of its own"
        for what in ("kept run", "witness")
    ]
    # The one is looked at without the other.
    missing, unconvicted = check_kept(harmless, tmp_path / "empty")
    assert "no run is kept in" in missing
    assert unconvicted == problem
