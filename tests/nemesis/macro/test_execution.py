"""What each macro-step does, and what it leaves undone."""

from __future__ import annotations

import pickle

import msgspec
import pytest

from checker.trace import RoleChanged
from checker.verdict import Validity
from nemesis.cluster.sim.leading import present_leader
from nemesis.macro.execution import MacroExecution
from nemesis.macro.scenario import parse_schedule
from nemesis.macro.steps import MacroStep
from nemesis.macro.text import parse_step
from nemesis.outcome import Run
from nemesis.run import run
from raft.bugs import BUGS
from raft.consensus import Consensus
from raft.kv.commands import Result
from raft.kv.state_machine import Applied, KeyValueStore
from raft.replica import HEALTHY, Variant


def performed(text: str, variant: Variant = HEALTHY) -> MacroExecution:
    """The cluster after these steps."""
    schedule = parse_schedule(text)
    execution = MacroExecution(schedule.knobs, variant)
    for step in schedule.steps:
        assert isinstance(step, MacroStep)
        execution.perform(step)
    return execution


def roles(execution: MacroExecution) -> str:
    """The first letters of the servers' roles; a dot for one that is down."""
    found = (execution.cluster.consensus(name) for name in execution.cluster.servers)
    return "".join("." if each is None else each.role[0] for each in found)


def terms(execution: MacroExecution) -> list[int]:
    return [at(execution, name).current_term for name in execution.cluster.servers]


def lengths(execution: MacroExecution) -> list[int]:
    return [at(execution, name).log.last_index for name in execution.cluster.servers]


def at(execution: MacroExecution, name: str) -> Consensus:
    consensus = execution.cluster.consensus(name)
    assert consensus is not None
    return consensus


def judged(text: str) -> Run:
    return run(parse_schedule(text))


def test_an_election_reaches_whom_it_names() -> None:
    execution = performed("elect n1 [n2]")
    assert roles(execution) == "lff"
    assert terms(execution) == [1, 1, 0]
    # What a leader sends first is held.
    assert lengths(execution) == [1, 0, 0]


def test_a_time_out_that_reaches_nobody() -> None:
    execution = performed("elect n1 []")
    assert roles(execution) == "cff"
    assert terms(execution) == [1, 0, 0]


def test_a_held_vote_counts_when_it_comes() -> None:
    held = performed("elect n1 [n2?]")
    assert roles(held) == "cff"
    assert terms(held) == [1, 1, 0]
    late = performed("elect n1 [n2?]\ndeliver n2 n1 vote-reply")
    assert roles(late) == "lff"


def test_a_held_request_can_be_delivered() -> None:
    execution = performed("elect n1 []\ndeliver n1 n3 vote\ndeliver n3 n1 vote-reply")
    assert roles(execution) == "lff"
    assert terms(execution) == [1, 0, 1]


def test_a_copy_leaves_the_message() -> None:
    execution = performed("elect n1 [n2?]\ndeliver n2 n1 vote-reply copy")
    assert execution.cluster.post.held(("n2", "n1", "vote-reply"))
    assert not performed("elect n1 [n2?]\ndeliver n2 n1 vote-reply").cluster.post.held(
        ("n2", "n1", "vote-reply")
    )


def test_pre_votes_are_part_of_an_election() -> None:
    assert roles(performed("with pre_vote=true\nelect n1 [n2]")) == "lff"
    assert roles(performed("with pre_vote=true\nelect n1 []")) == "pff"


def test_time_passes_until_voters_do_not_hear_from_a_leader() -> None:
    begin = "with check_quorum=true\nelect n1 [n2 n3]\nreplicate n1 [n2 n3]\n"
    assert roles(performed(begin + "elect n2 [n1 n3]")) == "flf"
    # Hastily, the others still hear from one: they drop the request.
    assert roles(performed(begin + "wait 150 []\nreplicate n1 [n3]\nelect n2 [n3] hastily")) in (
        "lcf",
        "fcf",
    )


def test_a_replication_reaches_whom_it_names() -> None:
    begin = "elect n1 [n2]\npropose n1 put x 1\n"
    reached = performed(begin + "replicate n1 [n3]")
    assert lengths(reached) == [2, 0, 2]
    assert at(reached, "n1").commit_index == 2
    unanswered = performed(begin + "replicate n1 [n3?]")
    assert lengths(unanswered)[0] == 2
    assert at(unanswered, "n1").commit_index == 0
    late = performed(begin + "replicate n1 [n3?]\ndeliver n3 n1 append-reply newest")
    assert at(late, "n1").progress["n3"].match_index == lengths(unanswered)[2]


def test_a_client_sees_its_answer() -> None:
    result = judged("elect n1 [n2]\npropose n1 put x 1\nreplicate n1 [n2]\nread n1 x")
    assert [(event.type, event.f) for event in result.history] == [
        ("invoke", "put"),
        ("ok", "put"),
        ("invoke", "get"),
    ]
    result = judged(
        "elect n1 [n2]\npropose n1 put x 1\nreplicate n1 [n2]\nread n1 x\nreplicate n1 [n2]"
    )
    assert result.history[-1].type == "ok"
    assert result.history[-1].value == "1"
    assert result.verdict.validity is Validity.VALID


def test_an_answer_that_is_lost_comes_with_a_retry() -> None:
    lost = "elect n1 [n2]\npropose n1 put x 1 unanswered\nreplicate n1 [n2]\n"
    assert judged(lost).history[-1].type == "invoke"
    answered = judged(lost + "retry n1\nreplicate n1 [n2]")
    assert answered.history[-1].type == "ok"
    applied = [each for each in answered.trace if type(each).__name__ == "Applied"]
    assert any(not each.executed and each.session for each in applied if each.node == "n1")  # type: ignore[attr-defined]


def test_a_busy_client_gives_up_and_goes_on_as_another_process() -> None:
    result = judged("elect n1 [n2]\npropose n1 put x 1\npropose n1 put x 2")
    assert [event.type for event in result.history] == ["invoke", "info", "invoke"]
    assert result.history[0].process == result.history[1].process
    assert result.history[2].process != result.history[0].process


def test_sessions_are_registered_before() -> None:
    result = judged(
        "with session_timeout=1000000000000\nelect n1 [n2]\npropose n1 put x 1\n"
        "replicate n1 [n2]\nreplicate n1 [n2]"
    )
    assert [event.type for event in result.history] == ["invoke", "ok"]


def test_crashes_take_the_process_and_leave_the_disk() -> None:
    assert roles(performed("elect n1 [n2]\ncrash n1")) == ".ff"
    back = performed("elect n1 [n2]\ncrash n1\nrestart n1")
    assert roles(back) == "fff"
    assert terms(back) == [1, 1, 0]
    assert lengths(back) == [1, 0, 0]


def test_power_fails_before_what_is_synced() -> None:
    execution = performed("fail-power n1\nelect n1 [n2]")
    assert roles(execution) == ".ff"
    assert terms(performed("fail-power n1\nelect n1 [n2]\nrestart n1")) == [0, 0, 0]
    # The vote is written and named; the entry of the new leader comes after it.
    later = performed("fail-power n1 after 1\nelect n1 [n2]\nrestart n1")
    assert terms(later)[0] == 1
    assert lengths(later)[0] == 0


def test_a_lost_file_is_noticed() -> None:
    execution = performed("elect n1 [n2]\nlose-file n1 vote\nrestart n1")
    assert roles(execution) == ".ff"
    assert execution.cluster.effects["lost-file"] == 1
    assert not execution.failures


def test_snapshots_take_the_place_of_the_log() -> None:
    text = "elect n1 [n2]\npropose n1 put x 1\nreplicate n1 [n2]\nsnapshot n1\n"
    execution = performed(text)
    assert at(execution, "n1").log.base_index == 2
    follower = performed(text + "replicate n1 [n3]\nreplicate n1 [n3]")
    assert at(follower, "n3").snapshot.last_index == 2


def test_members_change() -> None:
    execution = performed(
        "with spares=1\nelect n1 [n2]\nreplicate n1 [n2]\nchange n1 add-voter n4\n"
        "replicate n1 [n2 n3 n4]\nreplicate n1 [n2 n3 n4]"
    )
    for name in execution.cluster.servers:
        assert at(execution, name).configuration.voters == ("n1", "n2", "n3", "n4")


def test_leadership_is_transferred() -> None:
    execution = performed("elect n1 [n2]\nreplicate n1 [n2]\ntransfer n1 n2 [n3]")
    assert at(execution, "n2").role == "leader"


def test_a_transfer_is_held() -> None:
    held = "elect n1 [n2]\nreplicate n1 [n2]\ntransfer n1 n2 held\n"
    assert roles(performed(held)) == "lff"
    assert roles(performed(held + "deliver n1 n2 timeout-now")) == "lcf"


def test_a_number_of_one_life_is_none_of_another() -> None:
    execution = performed("with reads=follower\nelect n1 [n2]\nreplicate n1 [n2]\nread n2 x")
    before = at(execution, "n2").first_request_number
    for line in ("crash n2", "restart n2", "replicate n1 [n2]", "read n2 x"):
        execution.perform(parse_step(line))
    assert before is not None
    assert at(execution, "n2").first_request_number not in (None, before)


def test_a_stalled_server_waits_to_be_told() -> None:
    begin = "with asynchronous_storage=true\nelect n1 [n2]\nstall n2\nreplicate n1 [n2]\n"
    assert at(performed(begin), "n1").commit_index == 0
    done = performed(begin + "perform n2 write\nreplicate n1 [n2]")
    assert at(done, "n1").commit_index == 1


def test_a_server_that_is_down_does_not_stall() -> None:
    text = "with asynchronous_storage=true\ncrash n2\nstall n2\nrestart n2\nelect n1 [n2]"
    assert roles(performed(text)) == "lff"


def test_what_is_down_is_not_reached() -> None:
    text = "crash n2\nelect n1 [n2]\nsnapshot n2\npropose n2 put x 1\nretry n2\ndeliver n1 n2 vote"
    execution = performed(text)
    assert roles(execution) == "c.f"
    assert not execution.cluster.history.events


def test_a_cluster_that_settles_serves() -> None:
    execution = performed("elect n1 []\ncrash n2\nelect n3 []\nelect n3 []\nsettle")
    assert not execution.failures
    assert present_leader(execution.cluster.nodes) is not None
    assert len(set(lengths(execution))) == 1
    assert execution.cluster.history.events[-1].type == "ok"


def test_who_alone_can_win_is_not_kept_from_it_by_whose_turn_it_is() -> None:
    """Only n3 can be elected, and each time it campaigned, n2 had done so just before it, in the
    same term and without telling n3, which is in no configuration that n2 knows (a false alarm
    about the healthy Raft)."""
    lines = (
        "with replicas=5",
        "elect n3 [n1 n4]",
        "replicate n3 [n4 n5]",
        "change n3 target n4 n1 n5 n2",
        "replicate n3 [n4]",
        "elect n4 [n1 n2]",
        "replicate n4 [n2 n5]",
        "change n4 target n3",
        "replicate n4 [n3 n5]",
        "elect n3 [n1 n4 n5]",
        "elect n1 [n3]",
        "settle",
    )
    schedule = parse_schedule("\n".join(lines))
    assert not run(schedule).verdict.failures


def test_who_does_not_exist_is_not_waited_for() -> None:
    text = "elect n1 [n2]\nreplicate n1 [n2]\nchange n1 add-learner n9\nsettle"
    assert not performed(text).failures


def test_a_leader_that_serves_nobody_is_convicted_though_others_could() -> None:
    class Idle(Consensus):
        def advance_commit_index(self) -> None:
            if self.node != "n1":
                super().advance_commit_index()

    schedule = parse_schedule("elect n1 [n2]\nsettle")
    assert run(schedule).verdict.failures == ()
    verdict = run(schedule, Variant("x", consensus=Idle)).verdict
    assert verdict.kinds == {"liveness"}


@pytest.mark.parametrize("knobs", ["", "with pre_vote=true check_quorum=true", "with replicas=5"])
def test_a_cluster_that_cannot_elect_is_convicted(knobs: str) -> None:
    class NeverVotes(Consensus):
        def may_vote_for(self, candidate: str) -> bool:
            return False

    schedule = parse_schedule(f"{knobs}\nsettle")
    assert run(schedule).verdict.failures == ()
    convicted = run(schedule, Variant("never-votes", consensus=NeverVotes)).verdict
    assert [failure.kind for failure in convicted.failures] == ["liveness"]


def test_a_cluster_that_lost_its_quorum_is_asked_for_nothing() -> None:
    schedule = parse_schedule("lose-file n1 vote\nlose-file n2 vote\nsettle")
    assert run(schedule).verdict.failures == ()


@pytest.mark.parametrize("syncs", range(6))
def test_power_that_was_to_fail_stays_when_the_cluster_settles(syncs: int) -> None:
    text = "elect n1 [n2]\n" + "".join(f"fail-power n{at} after {syncs}\n" for at in (1, 2, 3))
    execution = performed(text + "settle")
    assert not execution.failures
    assert not execution.cluster.effects["fail-power"]


def test_a_disk_that_is_lost_stays_lost() -> None:
    execution = performed("elect n3 [n2]\nflip-bit n3 vote\nflip-bit n3 vote\nsettle")
    assert execution.cluster.nodes["n3"].replica is None
    assert not execution.failures


def test_who_is_started_again_has_space() -> None:
    writes = "".join(f"propose n1 put x {at}\n" for at in range(8))
    text = f"with segment_bytes=200\nelect n1 [n2]\nfill-disk n1\n{writes}"
    assert performed(text).cluster.nodes["n1"].replica is None
    again = performed(f"{text}restart n1\nelect n1 [n2 n3]\n{writes}")
    assert again.cluster.nodes["n1"].replica is not None


def test_an_answer_that_makes_no_sense_is_explained_by_nothing() -> None:
    class AnswersNothing(KeyValueStore):
        def apply(self, index: int, command: bytes) -> Applied:
            return msgspec.structs.replace(super().apply(index, command), result=Result())

    reads = '[["get","x"]]'
    text = (
        "elect n1 [n2]\n"
        f'propose n1 txn {{"compare":[],"then":{reads},"else":{reads}}}\n'
        "replicate n1 [n2]"
    )
    assert not judged(text).verdict.failures
    variant = Variant("answers-nothing", state_machine=AnswersNothing)
    (failure,) = run(parse_schedule(text), variant).verdict.failures
    assert failure.kind == "linearizability"
    assert "makes no sense" in failure.message


def test_equal_schedules_give_equal_runs() -> None:
    text = "elect n1 [n2]\npropose n1 put x 1\nreplicate n1 [n2?]\ncrash n1\nsettle"
    assert judged(text).trace_bytes() == judged(text).trace_bytes()
    assert judged(text).history == judged(text).history


def test_nothing_but_operations_and_attacks_makes_a_run_valid() -> None:
    assert judged("elect n1 [n2 n3]").verdict.validity is Validity.UNKNOWN
    everybody = "elect n1 [n2 n3]\npropose n1 put x 1\nreplicate n1 [n2 n3]"
    assert judged(everybody).verdict.validity is Validity.VALID
    assert "hold" in judged(everybody).statistics.confirmed


def test_a_cluster_that_only_settles_was_not_attacked() -> None:
    settled = judged("settle")
    assert settled.verdict.validity is Validity.UNKNOWN
    assert "nothing was attacked" in settled.verdict.reasons[0]


def test_a_change_may_make_what_is_lost_too_much() -> None:
    # The change waits for n4, which lags behind; once it is made, n3 is needed, which is lost.
    text = (
        "with spares=1\nelect n1 [n2]\nreplicate n1 [n2]\nchange n1 add-learner n4\n"
        "replicate n1 [n2]\nlose-file n3 vote\nrestart n3\nchange n1 target n3 n4\nsettle"
    )
    assert run(parse_schedule(text)).verdict.failures == ()


def test_the_only_voter_leads_no_sooner_than_its_vote_is_durable() -> None:
    """It leads by the very write in which its power fails; whom it has removed wins that term."""
    found = judged(
        "with replicas=2\nelect n1 [n2]\nreplicate n1 [n2]\nchange n1 remove n1\n"
        "fail-power n2 after 1\nreplicate n1 [n2]\ncrash n1\nsettle"
    )
    assert found.verdict.failures == ()
    leaders = [
        (event.node, event.term)
        for event in found.trace
        if isinstance(event, RoleChanged) and event.role == "leader"
    ]
    assert leaders == [("n1", 1), ("n1", 2), ("n2", 3)]


def test_a_run_can_be_handed_to_another_process() -> None:
    bug = BUGS["stale-read"]
    convicted = run(parse_schedule(bug.witness), bug.variant)
    assert convicted.verdict.kinds == {"linearizability"}
    again = pickle.loads(pickle.dumps(convicted))
    assert again.verdict == convicted.verdict
    assert again.trace_bytes() == convicted.trace_bytes()
