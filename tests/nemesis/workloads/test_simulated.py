"""Every workload on the simulated and on the stepped cluster: valid on the healthy Raft, whatever
is done to it, and not on others."""

from __future__ import annotations

from collections import Counter

import pytest

from checker.verdict import Validity
from nemesis.faults import Crash
from nemesis.macro.scenario import parse_schedule
from nemesis.outcome import Run, account_of
from nemesis.run import Execution, run
from nemesis.schedule import MILLISECOND, Knobs, Operate, decode_schedule, encode_schedule
from nemesis.search.generate import Only, generate
from nemesis.search.shrink import shrink
from nemesis.workloads import WORKLOADS
from raft.bugs import BUGS
from tests.nemesis.workloads.test_programs import PROGRAMS


def drawn(workload: str, seed: int, bug: str | None = None) -> Run:
    schedule = generate(seed, only=Only(workload=workload))
    return run(schedule, BUGS[bug].variant) if bug else run(schedule)


@pytest.mark.parametrize("workload", PROGRAMS)
def test_the_healthy_raft_is_valid_and_every_kind_of_operation_succeeds(workload: str) -> None:
    succeeded: Counter[str] = Counter()
    account: Counter[str] = Counter()
    for seed in range(12):
        result = drawn(workload, seed)
        assert result.verdict.validity is Validity.VALID, (seed, result.verdict)
        succeeded.update(result.statistics.succeeded)
        account.update(result.statistics.account)
    assert set(succeeded) == set(WORKLOADS[workload].operations)
    for lost in ("lost", "stale", "unexpected", "duplicated", "wrong-totals", "duplicates"):
        assert not account[lost]


def test_without_a_word_only_kv_and_register_are_drawn() -> None:
    assert {generate(seed).knobs.workload for seed in range(200)} == {"kv", "register"}


@pytest.mark.parametrize("workload", PROGRAMS)
def test_equal_schedules_lead_to_equal_runs(workload: str) -> None:
    schedule = generate(5, only=Only(workload=workload))
    first, second = run(schedule), run(decode_schedule(encode_schedule(schedule)))
    assert first.history == second.history
    assert first.trace_bytes() == second.trace_bytes()


@pytest.mark.parametrize(
    ("workload", "bug", "kind", "seeds"),
    [
        ("append", "stale-read", "linearizability", range(40, 60)),
        ("transactions", "duplicate-answered-anew", "linearizability", range(30)),
        ("set", "stale-read", "linearizability", range(40, 60)),
        ("set", "log-not-synced", "committed-on-majority", range(5)),
        ("counter", "retry-applied-twice", "exactly-once", range(5)),
        ("counter", "duplicate-answered-anew", "linearizability", range(20)),
        ("queue", "log-not-synced", "committed-on-majority", range(5)),
        ("queue", "duplicate-answered-anew", "linearizability", range(20)),
        ("lock", "duplicate-answered-anew", "linearizability", range(30)),
        ("bank", "duplicate-answered-anew", "linearizability", range(20)),
        ("unique-ids", "log-not-synced", "committed-on-majority", range(5)),
    ],
)
def test_a_bug_is_found_with_the_workload(workload: str, bug: str, kind: str, seeds: range) -> None:
    runs = (drawn(workload, seed, bug) for seed in seeds)
    assert any(result.verdict.failures[:1] and kind in result.verdict.kinds for result in runs)


@pytest.mark.parametrize(
    ("workload", "bug", "lost"),
    [
        ("counter", "duplicate-answered-anew", "unexpected-addition"),
        ("queue", "duplicate-answered-anew", "lost-element"),
        ("append", "stale-read", "stale-element"),
    ],
)
def test_what_was_lost_is_among_the_failures_and_in_the_account(
    workload: str, bug: str, lost: str
) -> None:
    found = [drawn(workload, seed, bug) for seed in (*range(10), *range(40, 50))]
    convicted = [each for each in found if lost in each.verdict.kinds]
    assert convicted
    for each in convicted:
        # The model's word comes first: it is what the shrinker keeps.
        assert each.verdict.failures[0].kind == "linearizability"
        assert any(
            each.statistics.account[name]
            for name in ("lost", "stale", "too-high")
            if name in each.statistics.account
        )


@pytest.mark.parametrize("workload", ["bank", "transactions", "queue"])
def test_what_was_found_is_made_smaller(workload: str) -> None:
    variant = BUGS["duplicate-answered-anew"].variant
    failed = next(
        each for seed in range(40) if (each := drawn(workload, seed, variant.name)).verdict.failures
    )
    smallest = shrink(failed, variant, executions=120).run
    assert smallest.verdict.failures[0].kind == failed.verdict.failures[0].kind
    assert len(smallest.schedule.steps) < len(failed.schedule.steps)
    assert not run(smallest.schedule).verdict.failures


def test_a_run_in_which_no_lock_is_handed_over_is_unknown() -> None:
    """What is asked is what is counted, also by the last operations: here there are none."""
    acquire = Operate(f="acquire", key="x", value="a", wait=50 * MILLISECOND)
    execution = Execution(Knobs(workload="lock"), 1)
    for step in (acquire, Crash(target="leader", wait=800 * MILLISECOND)):
        execution.perform(step)
    verdict = account_of(execution.cluster.history.events, WORKLOADS["lock"]).verdict
    assert verdict.reasons == ("no lock ever went from one owner to another",)


# -- Macro-steps -----------------------------------------------------------------------------------


def stepped(text: str) -> Run:
    schedule = parse_schedule(text)
    assert decode_schedule(encode_schedule(schedule)) == schedule
    return run(schedule)


def told(result: Run, *kinds: str) -> list[tuple[str, str, object]]:
    return [
        (event.type, event.f, event.value)
        for event in result.history
        if event.f in kinds and event.type != "invoke"
    ]


@pytest.mark.parametrize(
    ("workload", "operations", "answers"),
    [
        ("append", ["append x 1", "read x"], ["1", ["1"]]),
        (
            "transactions",
            ['txn [["append","x","1"],["r","x",null]]'],
            [[["append", "x", "1"], ["r", "x", ["1"]]]],
        ),
        ("set", ["add x 1", "read x"], ["1", ["1"]]),
        ("counter", ["add x #3", "add-and-get x #4", "read x"], [3, 7, 7]),
        ("queue", ["enqueue x 1", "dequeue x", "peek x"], ["1", "1", None]),
        ("lock", ["acquire x a", "holder x", "release x a"], [1, "a", "a"]),
        ("bank", ["transfer x [0,1,4]", "read x"], [[0, 1, 4], [6, 14, 10, 10]]),
        ("unique-ids", ["generate x", "generate x"], ["x-1", "x-2"]),
    ],
)
def test_a_client_asks_the_same_server_for_all_that_an_operation_takes(
    workload: str, operations: list[str], answers: list[object]
) -> None:
    # A round for each request: of the read, and of the write that follows from it.
    rounds = "\n".join(["replicate n1 [n2]"] * 3)
    steps = "\n".join(f"propose n1 {operation}\n{rounds}" for operation in operations)
    result = stepped(f"with workload={workload}\nelect n1 [n2]\n{steps}\ncrash n3\nsettle")
    assert result.verdict.validity is Validity.VALID, result.verdict
    completions = [event for event in result.history if event.type != "invoke"]
    assert [event.type for event in completions[: len(answers)]] == ["ok"] * len(answers)
    assert [event.value for event in completions[: len(answers)]] == answers


def test_who_gives_up_while_it_reads_has_changed_nothing() -> None:
    result = stepped("with workload=counter\nelect n1 [n2]\npropose n1 add x #3\npropose n1 read x")
    assert told(result, "add") == [("fail", "add", 3)]


# The leader answers reads by itself, so that the write that follows is there at once.
BY_LEASE = """
    with workload=counter reads=lease check_quorum=true
    elect n1 [n2]
    replicate n1 [n2]
"""


def test_of_who_gives_up_while_it_writes_nobody_knows() -> None:
    result = stepped(f"{BY_LEASE}\npropose n1 add x #3\npropose n1 read x")
    assert told(result, "add") == [("info", "add", 3)]


def test_a_client_that_waits_asks_another_server_for_the_rest() -> None:
    result = stepped(
        f"""{BY_LEASE}
        propose n1 add x #3
        crash n1
        wait 1000 [n2 n3]
        elect n2 [n3]
        retry n2
        replicate n2 [n3]
        propose n2 read x
        replicate n2 [n3]
        """
    )
    assert told(result, "add", "read") == [("ok", "add", 3), ("ok", "read", 3)]
