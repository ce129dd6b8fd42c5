"""Figures of walks, each played alone: they find what they are about, and leave the healthy Raft
alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checker.verdict import Validity
from nemesis.chooser import RandomChooser
from nemesis.macro import steps as macro
from nemesis.macro.execution import MacroExecution
from nemesis.macro.scenario import PLAIN
from nemesis.outcome import Run
from nemesis.search.block import Campaign, execute
from nemesis.search.ensemble import ENSEMBLE
from nemesis.search.walk.choreographies import (
    ASYNCHRONOUS,
    CHOREOGRAPHIES,
    FINALES,
    OPERATED,
)
from nemesis.search.walk.stage import Habits, Stage
from nemesis.subjects.own import OWN
from raft.bugs import BUGS
from raft.consensus import Consensus
from raft.consensus.changes import AddLearner, Change, Promote, Target
from raft.consensus.messages import RequestVote
from raft.replica import HEALTHY, Variant

_LEASES: dict[str, Any] = {"reads": "lease", "check_quorum": True}
_FOLLOWERS: dict[str, Any] = {"reads": "follower"}
_FIVE_FOLLOWERS: dict[str, Any] = {"reads": "follower", "replicas": 5}

# Figure, bug, knobs, and plays within which it must be found: several times as many as it takes.
FOUND = [
    ("owed-answers", "read-joins-round", {}, 150),
    ("owed-answers", "elected-again", {}, 200),
    ("owed-answers", "round-of-older-term", {}, 400),
    ("owed-answers", "early-read-unconfirmed", {}, 400),
    ("owed-answers", "read-confirmed-by-learners", {"spares": 2}, 250),
    ("owed-answers", "read-confirmed-by-one", {"replicas": 5}, 400),
    ("asked-early", "lease-read-before-own-term", _LEASES, 60),
    ("lease-runs-on", "votes-despite-leader", _LEASES, 60),
    ("lease-runs-on", "restarted-voter-forgets-lease", _LEASES, 100),
    ("lease-runs-on", "lease-from-answer", _LEASES, 100),
    ("late-order", "lease-after-abandoned-transfer", _LEASES, 100),
    ("late-order", "old-timeout-now-heeded", _LEASES, 100),
    ("late-order", "timeout-now-at-learner", {}, 150),
    ("late-read-index", "read-number-used-again", _FOLLOWERS, 100),
    ("late-read-index", "refused-read-served", _FOLLOWERS, 100),
    ("late-read-index", "read-index-unconfirmed", _FIVE_FOLLOWERS, 100),
]


FIGURES = {**CHOREOGRAPHIES, **FINALES}


def play(name: str, seed: int, variant: Variant, knobs: dict[str, Any]) -> Run:
    """One figure on a cluster on which nothing has happened yet."""
    chooser, drawn = RandomChooser(seed), msgspec.structs.replace(PLAIN, **knobs)
    execution = MacroExecution(drawn, variant)
    stage = Stage(chooser, drawn, execution.cluster, Habits())
    stage.has_operators = name in OPERATED
    for step in FIGURES[name](stage):
        if not execution.perform(step):
            return execution.finish()
    execution.perform(macro.Settle())
    return execution.finish()


@pytest.mark.parametrize(("name", "bug", "knobs", "plays"), FOUND, ids=[each[1] for each in FOUND])
def test_a_figure_finds_what_it_is_about(
    name: str, bug: str, knobs: dict[str, Any], plays: int
) -> None:
    variant, kinds = BUGS[bug].variant, BUGS[bug].convicted_by
    for seed in range(plays):
        failures = play(name, seed, variant, knobs).verdict.failures
        if any(failure.kind in kinds for failure in failures):
            return
    pytest.fail(f"{bug} was not found in {plays} plays of {name}")


class VotesAsOrdered(Consensus):
    """Whoever asks on the leader's behalf is voted for, whatever its log lacks by now."""

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        return self.is_ordered or super().is_up_to_date(last_log_index, last_log_term)

    def grants_vote(self, message: RequestVote) -> bool:
        self.is_ordered = message.leadership_transfer
        granted = super().grants_vote(message)
        self.is_ordered = False
        return granted

    is_ordered = False


def test_a_late_order_meets_a_target_that_lacks_what_was_committed_since() -> None:
    variant = Variant("votes-as-ordered", consensus=VotesAsOrdered)
    found = [play("late-order", seed, variant, {}).verdict.failures for seed in range(60)]
    assert {each[0].kind for each in found if each} == {"leader-completeness"}


@pytest.mark.parametrize("name", list(FIGURES))
@pytest.mark.parametrize("knobs", [{"spares": 2}, _LEASES, _FIVE_FOLLOWERS])
def test_the_healthy_raft_bears_each_figure(name: str, knobs: dict[str, Any]) -> None:
    own: dict[str, Any] = {}
    if name in OPERATED:
        own["spares"] = 2
    if name in ASYNCHRONOUS:
        own["asynchronous_storage"] = True
    runs = [play(name, seed, HEALTHY, {**knobs, **own}) for seed in range(15)]
    assert [run.verdict.failures for run in runs if run.verdict.failures] == []
    # It is played, and not given up before it has begun.
    steps = [run.schedule.steps for run in runs]
    assert sum(len(each) > 4 for each in steps) > len(runs) / 2
    if name in ASYNCHRONOUS:
        assert any(isinstance(step, macro.Perform) for each in steps for step in each)


def cluster_led_by_first() -> Stage:
    """n1 leads; n2 has an entry that n3 lacks."""
    execution = MacroExecution(PLAIN)
    stage = Stage(RandomChooser(0), PLAIN, execution.cluster, Habits())
    execution.perform(macro.Elect(node="n1", voters=("n2",)))
    execution.perform(macro.Replicate(node="n1", peers=("n2",)))
    return stage


def test_an_heir_has_all_that_its_voters_have() -> None:
    stage = cluster_led_by_first()
    assert stage.view.heirs("n1") == ["n2"]
    assert stage.view.may_vote_for("n3", "n2")
    assert not stage.view.may_vote_for("n2", "n3")


def test_supporters_are_those_who_can_vote() -> None:
    stage = cluster_led_by_first()
    assert stage.supporters("n2", but=["n1"]) == ["n3"]
    # n1 only if it must be, though n2 cannot vote for n3.
    assert stage.supporters("n3", but=["n1"]) == ["n2"]


def test_operators_stay_away_from_damaged_disks() -> None:
    stage = cluster_led_by_first()
    stage.damaged = 1
    assert not stage.may_change_members()
    stage.damaged = 0
    assert stage.may_change_members()
    assert stage.has_operators


def test_nobody_is_lost_whom_a_change_of_others_needs() -> None:
    """Another figure's change comes in between: from then on n1 and n4 are a quorum only together."""
    changed = 0
    for seed in range(40):
        chooser, knobs = RandomChooser(seed), msgspec.structs.replace(PLAIN, spares=1)
        execution = MacroExecution(knobs)
        stage = Stage(chooser, knobs, execution.cluster, Habits())
        stage.has_operators = True
        leader = ""
        for step in FIGURES["lost-learner"](stage):
            assert execution.perform(step)
            is_joint = bool(leader) and stage.view.configuration(leader).is_joint
            assert not (is_joint and isinstance(step, macro.LoseFile))
            if isinstance(step, macro.ChangeMembers) and step.changes == (AddLearner("n4"),):
                leader = step.node
                to_all = macro.Replicate(node=leader, peers=tuple(stage.others(leader)))
                changes = (Target((leader, "n4")),)
                other = macro.ChangeMembers(node=leader, changes=changes, transition="explicit")
                for each in (to_all, other, to_all):
                    assert execution.perform(each)
                changed += stage.view.configuration(leader).is_joint
    assert changed


def test_no_change_of_others_needs_who_was_lost() -> None:
    """Of n1 and n4 alone, n4 is half; of four or three voters it is not."""
    knobs = msgspec.structs.replace(PLAIN, spares=1)
    execution = MacroExecution(knobs)
    stage = Stage(RandomChooser(1), knobs, execution.cluster, Habits())
    for step in (
        macro.Elect(node="n1", voters=("n2",)),
        macro.Replicate(node="n1", peers=("n2", "n3")),
        macro.ChangeMembers(node="n1", changes=(AddLearner("n4"),)),
        macro.Replicate(node="n1", peers=("n2", "n3", "n4")),
    ):
        assert execution.perform(step)
    pair, three = Target(("n1", "n4")), Target(("n1", "n2", "n4"))

    def needs(*changes: Change) -> bool:
        return stage.needs_the_lost(macro.ChangeMembers(node="n1", changes=changes))

    assert not any(needs(each) for each in (pair, three, Promote("n4")))
    assert execution.perform(macro.LoseFile(node="n4"))
    assert [needs(each) for each in (pair, three, Promote("n4"))] == [True, False, False]
    assert not needs()
    assert not stage.needs_the_lost(macro.Crash(node="n1"))


def test_a_walk_in_which_another_figure_changed_to_the_lost_is_no_more() -> None:
    """One in 56,920 of the healthy Raft was unknown: n2 and n4 were to be all voters."""
    assert execute(Campaign(strategy=ENSEMBLE), 453_204_756, OWN).verdict.validity is Validity.VALID
