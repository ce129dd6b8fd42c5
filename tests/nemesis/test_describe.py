"""Runs told in words: what is said is what happened, and nothing of it is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.invariants import MONITORS
from nemesis.describe.pages import outdated_pages, page, schedule_on, write_pages
from nemesis.describe.rules import CHAPTERS, overridden_rules
from nemesis.describe.sketch import LINES, WIDTH, sketch
from nemesis.describe.story import Story, describe
from nemesis.describe.violation import PROMISES, violation
from nemesis.describe.words import sentences
from nemesis.errors import ScheduleError
from nemesis.macro.scenario import parse_schedule
from nemesis.run import Run, run
from nemesis.schedule import Schedule
from nemesis.search.generate import generate
from raft.bugs import BUGS
from raft.replica import HEALTHY

DOCS = Path(__file__).parents[2] / "docs" / "bugs"


def run_of(name: str, text: str) -> Run:
    return run(parse_schedule(text), BUGS[name].variant)


def story_of(text: str, name: str | None = None) -> Story:
    variant = HEALTHY if name is None else BUGS[name].variant
    return describe(run(parse_schedule(text), variant), variant)


def told(text: str, name: str | None = None) -> list[str]:
    return sentences(story_of(text, name))


# -- The story -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_story_is_the_run_itself_and_can_be_drawn(name: str) -> None:
    shown = run_of(name, BUGS[name].witness)
    story = describe(shown, BUGS[name].variant)
    assert [event for scene in story.scenes for event in scene.trace] == shown.trace[
        len(shown.trace) - sum(len(scene.trace) for scene in story.scenes) :
    ]
    assert [event for scene in story.scenes for event in scene.history] == shown.history
    assert tuple(scene.step for scene in story.scenes) == shown.schedule.steps
    words = sentences(story)
    assert len(words) == len(story.scenes)
    for sentence in words:
        assert sentence.endswith(".")
        assert "None" not in sentence
        assert ";;" not in sentence
    lines = sketch(story).splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= WIDTH


def test_a_scene_tells_what_arrived_and_what_is_held_from_then_on() -> None:
    story = story_of("elect n1 [n2 n3?]\nelect n3 []\ndeliver n3 n1 vote-reply")
    kinds = [
        (
            [(each.source, each.target, type(each).__name__) for each in scene.delivered],
            [(each.source, each.target, type(each).__name__) for each in scene.held],
        )
        for scene in story.scenes
    ]
    assert kinds == [
        (
            [
                ("n1", "n2", "RequestVote"),
                ("n1", "n3", "RequestVote"),
                ("n2", "n1", "RequestVoteReply"),
            ],
            [
                ("n3", "n1", "RequestVoteReply"),
                ("n1", "n2", "AppendEntries"),
                ("n1", "n3", "AppendEntries"),
            ],
        ),
        ([], [("n3", "n1", "RequestVote"), ("n3", "n2", "RequestVote")]),
        ([("n3", "n1", "RequestVoteReply")], []),
    ]


def test_a_run_over_time_cannot_be_told_step_by_step() -> None:
    with pytest.raises(ScheduleError, match="only runs of macro-steps"):
        describe(run(generate(1)), HEALTHY)
    with pytest.raises(ScheduleError):
        describe(run(Schedule()), HEALTHY)


# -- Words -----------------------------------------------------------------------------------------


def test_elections_and_replications() -> None:
    text = """
        elect n1 [n2?]
        elect n1 [n2 n3]
        propose n1 put x 1
        replicate n1 []
        replicate n1 [n2?]
        deliver n2 n1 append-reply
        elect n3 [n2]
        elect n2 [n3]
        replicate n2 [n3]
        read n1 x
        read n2 x
    """
    assert told(text) == [
        "n1 campaigns in term 1; n2 votes for it, but its answer does not arrive yet.",
        "n1 is elected leader of term 2 with the votes of n2 and n3, and appends a no-op as "
        "entry 1.",
        "The client asks n1 to put x=1; n1 appends it as entry 2 of term 2, which reaches nobody "
        "yet.",
        "n1 sends what it has to send, and nothing arrives yet.",
        "n1 replicates to n2: n2 acknowledges the heartbeat, but its answer does not arrive yet.",
        "n2's acknowledgement of a heartbeat of term 2 arrives at n1.",
        "n3 is elected leader of term 3 with the vote of n2, and appends a no-op as entry 1.",
        "n2 campaigns in term 4; n3 refuses its vote; n3 steps down.",
        "n2 does not lead, so it has nothing to send.",
        "The client asks n1 to read x; n1 does not answer yet; the client gives up x=1, whose "
        "outcome it does not know.",
        "The client asks n2 to read x; n2 does not lead, and refuses; the client gives up the "
        "read of x.",
    ]


def test_what_a_follower_loses_is_told() -> None:
    text = """
        elect n1 [n2]
        propose n1 put x 1
        elect n2 [n3]
        replicate n2 [n1 n3]
    """
    assert told(text)[-1] == (
        "n2 replicates to n1 and n3: n1 removes its entries 1 and 2 and stores entry 1 of term 2 "
        "(no-op), n3 stores entry 1 of term 2 (no-op); n1 steps down; n2 commits entry 1."
    )


def test_clients_are_named_if_there_are_several() -> None:
    text = """
        elect n1 [n2]
        propose n1 put x 1 as c1
        propose n1 append y 2
        propose n2 put x 3
        replicate n1 [n2]
    """
    assert told(text)[1:] == [
        "Client c1 asks n1 to put x=1; n1 appends it as entry 2 of term 1, which reaches nobody "
        "yet.",
        "Client c0 asks n1 to append 2 to y; n1 appends it as entry 3 of term 1, which reaches "
        "nobody yet.",
        "Client c0 asks n2 to put x=3; n2 does not lead, and refuses; client c0 gives up y+=2, "
        "whose outcome it does not know.",
        "n1 replicates to n2: n2 stores entries 1 to 3 of term 1 (no-op, x=1, y+=2); n1 commits "
        "entries 1 to 3; client c1 is told that x=1 is done.",
    ]


def test_servers_that_are_down_and_come_back() -> None:
    text = """
        elect n1 [n2]
        crash n1
        replicate n1 [n2]
        restart n1
        restart n1
        fail-power n2 after 1
        lose-file n3 vote
        restart n3
    """
    words = told(text)
    assert words[1:6] == [
        "n1 crashes.",
        "n1 is down, so nothing happens.",
        "n1 starts again: it is in term 1, has voted for n1 in it, and has a log up to entry 1.",
        "n1 is up already.",
        "The power of n2 is to fail after 1 more write to its disk.",
    ]
    assert words[6] == "n3 crashes, and its vote file is lost."
    assert words[7].startswith("n3 goes down (refuses to start")


def test_changes_of_the_membership() -> None:
    text = """
        with spares=1
        elect n1 [n2]
        change n1 add-voter n4
        replicate n1 [n2]
        change n1 add-learner n4
        change n1 remove n3 explicit
    """
    words = told(text)
    assert words[1].startswith("An operator asks n1 to add n4 as a voter; n1 refuses")
    assert words[3] == (
        "An operator asks n1 to add n4 as a learner; n1 appends entry 2 of term 1 "
        "({n1 n2 n3 + n4}), which reaches nobody yet; for n1 the voters are now n1, n2 and n3, "
        "while n4 learns."
    )
    assert words[4].startswith(
        "An operator asks n1 to remove n3, through a joint configuration; n1"
    )


# -- What was violated -----------------------------------------------------------------------------


def test_every_monitor_keeps_a_promise_that_can_be_told() -> None:
    assert set(MONITORS) <= set(PROMISES)
    for bug in BUGS.values():
        assert bug.convicted_by <= set(PROMISES)


def test_a_stale_read_is_told_by_what_clients_saw() -> None:
    story = story_of(BUGS["stale-read"].witness, "stale-read")
    promise, happened = violation(story)
    assert promise.name == "Linearizability (section 8)"
    assert happened.endswith(": no order of the operations explains that.")
    assert "is told that x=" in happened


def test_a_monitor_is_quoted() -> None:
    promise, happened = violation(story_of("elect n1 [n2]\nelect n3 [n2]", "vote-twice"))
    assert promise.name == "One vote a term (section 5.2)"
    assert happened.startswith("n2 ")


@pytest.mark.parametrize("name", sorted(BUGS))
def test_every_bug_overrides_a_rule_of_the_healthy_raft(name: str) -> None:
    rules = overridden_rules(BUGS[name].variant)
    assert rules
    assert {rule.chapter for rule in rules} <= set(CHAPTERS.values())


def test_the_rule_of_a_bug_is_that_of_the_healthy_raft() -> None:
    (rule,) = overridden_rules(BUGS["commit-of-old-term"].variant)
    assert rule.module == "raft.consensus.replication"
    assert rule.method == "may_commit"
    assert overridden_rules(HEALTHY) == []


# -- The sketch ------------------------------------------------------------------------------------


def test_a_sketch_shows_roles_terms_logs_and_messages() -> None:
    story = story_of("elect n1 [n2]\nreplicate n1 [n2 n3]\ncrash n2")
    assert sketch(story).splitlines() == [
        "                           n1                  n2                  n3",
        "                           │ F0 -              │ F0 -              │ F0 -",
        "1 elect n1 [n2]            ◀─────── vote ──────▶                   │",
        "                           │ L1 1              │ F1 -              │",
        "2 replicate n1 [n2 n3]     ◀────── append ─────▶                   │",
        "                           ◀──────────────── append ───────────────▶",
        "                           │ L1 1|             │ F1 1              │ F1 1",
        "3 crash n2                 │                   │ x                 │",
    ]


def test_a_long_run_is_drawn_in_few_lines() -> None:
    story = story_of("elect n1 [n2]\n" + "propose n1 put x 1\nreplicate n1 [n2 n3]\n" * 30)
    lines = sketch(story).splitlines()
    assert len(lines) == LINES
    assert any("lines are left out" in line for line in lines)
    assert max(map(len, lines)) <= WIDTH


def test_arrows_are_left_out_before_steps_are() -> None:
    story = story_of("elect n1 [n2]\n" + "propose n1 put x 1\nreplicate n1 [n2 n3]\n" * 12)
    lines = sketch(story).splitlines()
    assert len(lines) == 2 + 25
    assert not any("▶" in line for line in lines)


# -- The pages -------------------------------------------------------------------------------------


def test_the_pages_are_what_is_generated() -> None:
    """If this fails: python -m nemesis.describe.pages"""
    assert outdated_pages(DOCS) == []


def test_a_page_that_says_something_else_is_outdated(tmp_path: Path) -> None:
    names = sorted(BUGS)[:3]
    runs = {name: run_of(name, BUGS[name].witness) for name in names}
    write_pages(tmp_path, runs)
    others = {f"{name}.md" for name in BUGS} - {f"{name}.md" for name in names}
    assert set(outdated_pages(tmp_path)) == others
    changed = tmp_path / f"{names[0]}.md"
    changed.write_text(changed.read_text().replace("elected leader", "made leader"))
    (tmp_path / "no-bug.md").write_text("# no-bug\n")
    assert set(outdated_pages(tmp_path)) == others | {changed.name, "no-bug.md"}
    write_pages(tmp_path, runs)
    assert set(outdated_pages(tmp_path)) == others


def test_a_page_holds_the_schedule_of_its_run() -> None:
    bug = BUGS["commit-of-old-term"]
    shown = run_of(bug.name, bug.witness)
    text = page(bug, shown)
    assert schedule_on(text, bug.name) == shown.schedule
    assert "def may_commit" in text
    assert "raft/consensus/replication.py" in text
    with pytest.raises(ScheduleError, match="holds no run"):
        schedule_on("# nothing\n", "x")
