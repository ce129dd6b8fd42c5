"""Operators of real clusters: what they ask for is done, or told as it is."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nemesis.cli import run
from nemesis.cluster.procedure import (
    ChangeMembership,
    Outcome,
    Procedure,
    Sleep,
    TransferLeadership,
)
from nemesis.cluster.real.members import MemberRequests
from nemesis.cluster.real.operators import Operators
from nemesis.cluster.real.service import Refused, Uncertain
from nemesis.schedule import MILLISECOND
from nemesis.search.generate import OPERATORS
from nemesis.search.real_time import SECOND, Plan, generate_real_time
from nemesis.store import HISTORY, load
from raft.consensus.changes import AddLearner, AddVoter, Promote, Remove
from tests.nemesis.real.test_real_clusters import NEEDS_ETCD

ADD = ChangeMembership((AddVoter("n4"),))


class _Service:
    """Answers as it is told to, and keeps a list of members; ``answers`` are met by what changes
    something, one each: None if it is done."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Any]] = []
        self.members = {"n1": False, "n2": False, "n3": False}

    async def request(
        self, node: str, path: str, content: dict[str, Any], timeout: float
    ) -> dict[str, Any]:
        if path == "cluster/member/list":
            return {
                "header": {},
                "members": [
                    {"name": name, "ID": f"id of {name}", **({"isLearner": True} if learns else {})}
                    for name, learns in self.members.items()
                ],
            }
        self.asked.append((node, path, content))
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        if path == "cluster/member/add":
            self.members[content["name"]] = content["isLearner"]
        return {"header": {}}


def _perform(service: _Service, task: ChangeMembership | TransferLeadership) -> Outcome:
    async def leader() -> str | None:
        return "n2"

    requests = MemberRequests(service, leader, lambda node: f"{node}:1", 1.0)  # type: ignore[arg-type]
    return asyncio.run(requests.perform(task))


def test_one_change_is_asked_for_as_etcd_has_it() -> None:
    service = _Service()
    assert _perform(service, ChangeMembership((AddLearner("n4"),))) is None
    added = {"peerURLs": ["http://n4:1"], "isLearner": True, "name": "n4"}
    assert service.asked == [("n2", "cluster/member/add", added)]
    service = _Service(Refused("etcdserver: member not found"))
    assert _perform(service, ChangeMembership((Remove("n1"),))) == "unknown-member"
    assert service.asked == [("n2", "cluster/member/remove", {"ID": "id of n1"})]


def test_several_changes_are_asked_for_together() -> None:
    service = _Service(Uncertain("etcdserver: membership not changed: change-in-progress"))
    task = ChangeMembership((AddVoter("n4"), Remove("n1")), "implicit")
    assert _perform(service, task) == "change-in-progress"
    changes = [{"verb": "add-voter", "name": "n4"}, {"verb": "remove", "name": "n1"}]
    asked = {"changes": changes, "transition": "implicit"}
    assert service.asked == [("n2", "cluster/member/change", asked)]


def test_what_the_list_does_not_show_is_not_done() -> None:
    """Whatever was answered."""
    assert _perform(_Service(), ChangeMembership((Remove("n1"),))) == "not in the list of members"


def test_without_an_answer_it_is_asked_again() -> None:
    service = _Service(Uncertain("time-out"))
    assert _perform(service, ADD) is None
    assert [path for _, path, _ in service.asked] == ["cluster/member/add"] * 2


def test_what_was_done_without_an_answer_is_done_once_a_later_entry_is_committed() -> None:
    service = _Service(Uncertain("time-out"))
    service.members["n4"] = False
    assert _perform(service, ADD) is None
    assert [path for _, path, _ in service.asked] == ["cluster/member/add", "kv/deleterange"]


def test_silence_is_no_success() -> None:
    assert _perform(_Service(*[Uncertain("time-out")] * 100), ADD) == "no-answer"
    assert _perform(_Service(), TransferLeadership("n2")) == "leads-already"
    assert _perform(_Service(), TransferLeadership("n9")) == "unknown-member"
    abandoned = Uncertain("etcdserver: leader transfer refused")
    assert _perform(_Service(abandoned), TransferLeadership("n3")) == "abandoned"
    learner = "etcdserver: can only promote a learner member which is in sync with leader"
    promotion = ChangeMembership((Promote("n3"),))
    assert _perform(_Service(Uncertain(learner)), promotion) == "learner-too-slow"


class _Bench:
    """Operators on a loop that goes on only in ``let_pass``."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.told: list[tuple[str, Outcome]] = []
        self.effects: Counter[str] = Counter()
        self.outcomes: list[Outcome] = []
        self.operators = Operators(
            self.runner.get_loop(),
            self._perform,
            lambda *told: self.told.append(told),
            self.effects,
        )

    async def _perform(self, task: ChangeMembership | TransferLeadership) -> Outcome:
        while not self.outcomes:
            await asyncio.sleep(0)
        return self.outcomes.pop(0)

    def let_pass(self) -> bool:
        self.runner.run(asyncio.sleep(0.01))
        return self.operators.go_on()


@pytest.fixture
def bench() -> Iterator[_Bench]:
    made = _Bench()
    yield made
    made.runner.run(made.operators.close())
    made.runner.close()


def _procedure(bench: _Bench) -> Procedure:
    """Takes its steps outside of the loop: it may use it."""
    bench.runner.run(asyncio.sleep(0))
    reason = yield ADD
    bench.runner.run(asyncio.sleep(0))
    if reason is not None:
        return reason
    yield Sleep(MILLISECOND)
    return None


def test_a_procedure_goes_on_between_passes(bench: _Bench) -> None:
    bench.operators.begin("add-server", _procedure(bench))
    assert not bench.let_pass()
    bench.outcomes = [None]
    while not bench.let_pass():
        pass
    assert bench.told == [("add-server", None)]
    assert bench.effects == {"add-server": 1}


def test_a_refusal_is_told_and_no_effect(bench: _Bench) -> None:
    bench.operators.begin("add-server", _procedure(bench))
    bench.outcomes = ["already-voter"]
    while not bench.let_pass():
        pass
    assert bench.told == [("add-server", "already-voter")]
    assert not bench.effects


def test_at_the_end_only_what_was_asked_for_is_waited_for(bench: _Bench) -> None:
    for kind in ("add-server", "replace-all"):
        bench.operators.begin(kind, _procedure(bench))
    bench.outcomes = [None]
    bench.let_pass()
    # One sleeps now, or has ended already; one waits for an answer.
    bench.operators.stop()
    bench.outcomes = [None]
    bench.let_pass()
    assert len(bench.told) == 2
    assert bench.told[-1][1] == "interrupted"


def test_whoever_waits_when_all_is_closed_is_told_of(bench: _Bench) -> None:
    bench.operators.begin("add-server", _procedure(bench))
    bench.let_pass()
    bench.runner.run(bench.operators.close())
    assert bench.told == [("add-server", "interrupted")]


@pytest.mark.parametrize("seed", range(10))
def test_operators_go_on_beside_the_attacks(seed: int) -> None:
    plan = Plan(faults=("crash", "partition", "add-server", "transfer-leadership"))
    schedule = generate_real_time(seed, plan)
    kinds = Counter(fault.kind for fault in schedule.faults)
    assert all(kinds[name] >= 3 for name in plan.faults)
    assert schedule.knobs.spares > 0
    assert schedule.knobs.check_quorum
    alone = generate_real_time(seed, plan._replace(faults=("crash", "partition")))
    attacks = [fault for fault in schedule.faults if fault.kind not in OPERATORS]
    assert [each.kind for each in attacks] == [each.kind for each in alone.faults]
    assert sum(step.wait for step in schedule.steps) == 60 * SECOND


@pytest.mark.long
def test_members_of_our_cluster_come_and_go(tmp_path: Path) -> None:
    names = "add-server,remove-server,replace-server,transfer-leadership"
    code = run(
        ["test", "--store", str(tmp_path), "--seed", "1", "--cluster", "process", "--nemesis", names,
         "--time-limit", "13s", "--rate", "30"]
    )  # fmt: skip
    saved = load((tmp_path / "latest").resolve())
    # A leader may be too busy to hand over in time, say: then it is unknown.
    assert code in (0, 2)
    assert saved.results.failures == ()
    assert {"add-server", "replace-server"} <= set(saved.results.statistics.confirmed)
    assert saved.results.statistics.judged > 500
    lines = (saved.directory / HISTORY).read_text(encoding="utf-8").splitlines()
    assert any(json.loads(line).get("value") == "done" for line in lines)


@NEEDS_ETCD
def test_leadership_of_etcd_is_handed_over(tmp_path: Path) -> None:
    code = run(
        ["test", "--store", str(tmp_path), "--seed", "1", "--cluster", "etcd", "--nemesis",
         "transfer-leadership,rolling-restart", "--time-limit", "8s", "--rate", "30"]
    )  # fmt: skip
    saved = load((tmp_path / "latest").resolve())
    assert (code, saved.results.failures) == (0, ())
    assert saved.results.statistics.confirmed == ["rolling-restart", "transfer-leadership"]


@NEEDS_ETCD
def test_members_of_etcd_are_fixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["test", "--store", str(tmp_path), "--cluster", "etcd", "--nemesis", "add-server"])
    assert code == 254
    assert "the cluster etcd cannot receive the fault add-server" in capsys.readouterr().err
