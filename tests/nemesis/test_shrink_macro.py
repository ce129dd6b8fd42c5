"""Shrinking schedules of macro-steps: to a local minimum, always the same, that one can read."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from random import Random
from textwrap import dedent

import msgspec
import pytest

from nemesis.macro import steps as macro
from nemesis.macro.scenario import PLAIN, format_schedule, parse_schedule
from nemesis.macro.steps import MacroStep, nodes_of
from nemesis.run import Run, run
from nemesis.schedule import Knobs, Schedule
from nemesis.search.shrink import shrink
from nemesis.search.shrink_servers import with_servers_in_order, without_servers
from nemesis.search.shrink_size import size_of
from nemesis.search.shrink_steps import with_moved_steps
from raft.bugs import BUGS
from raft.replica import HEALTHY

SOME_BUGS = (
    "append-truncates",
    "commit-of-old-term",
    "length-only",
    "log-not-synced",
    "no-up-to-date-check",
    "retry-applied-twice",
    "vote-not-persisted",
    "vote-twice",
)
# Shrinking all of them takes minutes; the bugs are as different in every sixth.
WITNESSED = sorted(BUGS)[::6]


# -- Failing runs, long and full of what does not matter -------------------------------------------


def some_of(random: Random, servers: list[str]) -> tuple[str, ...]:
    return tuple(server for server in servers if random.random() < 0.5)


def drawn_step(random: Random, servers: tuple[str, ...], number: int) -> MacroStep:
    node = random.choice(servers)
    others = [server for server in servers if server != node]
    client = random.randrange(3)
    draw = random.random()
    if draw < 0.3:
        voters = some_of(random, others)
        unanswered = some_of(random, list(voters)) if random.random() < 0.2 else ()
        return macro.Elect(
            node=node, voters=voters, unanswered=unanswered, hasty=random.random() < 0.1
        )
    if draw < 0.5:
        return macro.Replicate(node=node, peers=some_of(random, others))
    if draw < 0.7:
        f, key = random.choice(("put", "get", "append")), random.choice("pq")
        value = None if f == "get" else str(100 + number)
        return macro.Propose(node=node, f=f, key=key, value=value, client=client)
    if draw < 0.8:
        kinds: tuple[macro.MessageKind, ...] = ("append", "append-reply", "vote", "vote-reply")
        return macro.Deliver(
            source=node,
            target=random.choice(others),
            message=random.choice(kinds),
            nth=random.choice((0, -1)),
            copy=random.random() < 0.3,
        )
    if draw < 0.87:
        return macro.Crash(node=node)
    if draw < 0.95:
        return macro.Restart(node=node)
    return macro.Retry(node=node, client=client)


def drawn_schedule(seed: int) -> Schedule:
    random = Random(seed)
    knobs = msgspec.structs.replace(
        random.choice((PLAIN, Knobs())),
        replicas=random.choice((3, 3, 5)),
        spares=random.choice((0, 1)),
        max_entries_per_append=random.choice((1, 16)),
    )
    steps = (drawn_step(random, knobs.servers, number) for number in range(40))
    return Schedule(knobs=knobs, steps=tuple(steps))


@cache
def found(name: str, count: int = 3) -> list[Run]:
    """The first runs of drawn schedules that the bug fails."""
    failed = []
    for seed in range(4_000):
        result = run(drawn_schedule(seed), BUGS[name].variant)
        if result.verdict.failures:
            failed.append(result)
            if len(failed) == count:
                return failed
    raise AssertionError(f"{name} was found only {len(failed)} times")


def padded(witness: Schedule, seed: int) -> Schedule:
    random = Random(seed)
    steps = list(witness.steps)
    for number in range(random.randint(1, 15)):
        step = drawn_step(random, witness.knobs.servers, number)
        steps.insert(random.randrange(len(steps) + 1), step)
    return msgspec.structs.replace(witness, steps=tuple(steps))


def kind_of(result: Run) -> str | None:
    return result.verdict.failures[0].kind if result.verdict.failures else None


def shrunk_text(name: str, text: str) -> str:
    failed = run(parse_schedule(text), BUGS[name].variant)
    return format_schedule(shrink(failed, BUGS[name].variant).run.schedule)


def lines(text: str) -> str:
    return dedent(text).lstrip()


# -- What is left is small, in every sense ---------------------------------------------------------


@pytest.mark.parametrize("name", SOME_BUGS)
def test_nothing_can_be_left_out_of_a_shrunk_run(name: str) -> None:
    variant = BUGS[name].variant
    for failed in found(name):
        smallest = shrink(failed, variant).run
        schedule, kind = smallest.schedule, kind_of(failed)
        assert kind_of(smallest) == kind
        assert len(schedule.steps) <= 8

        def still_fails(candidate: Schedule, kind: str | None = kind) -> bool:
            return kind_of(run(candidate, variant)) == kind

        assert still_fails(schedule)
        for count in (1, 2):
            for out in combinations(range(len(schedule.steps)), count):
                left = tuple(step for at, step in enumerate(schedule.steps) if at not in out)
                assert not left or not still_fails(msgspec.structs.replace(schedule, steps=left))
        for at, step in enumerate(schedule.steps):
            for field in ("voters", "peers", "unanswered"):
                servers = getattr(step, field, ())
                for server in servers if isinstance(servers, tuple) else ():
                    named = tuple(each for each in servers if each != server)
                    milder = msgspec.structs.replace(step, **{field: named})  # type: ignore[type-var]
                    steps = (*schedule.steps[:at], milder, *schedule.steps[at + 1 :])
                    assert not still_fails(msgspec.structs.replace(schedule, steps=steps)), milder
        for server in schedule.knobs.servers:
            if len(schedule.knobs.servers) > 3:
                assert not still_fails(without_servers(schedule, (server,)))
        for changed in msgspec.structs.asdict(schedule.knobs):
            if getattr(schedule.knobs, changed) != getattr(PLAIN, changed):
                plain = {changed: getattr(PLAIN, changed)}
                knobs = msgspec.structs.replace(schedule.knobs, **plain)
                assert not still_fails(msgspec.structs.replace(schedule, knobs=knobs)), changed


@pytest.mark.parametrize("name", SOME_BUGS)
def test_shrinking_is_deterministic_and_leaves_what_is_shrunk(name: str) -> None:
    variant = BUGS[name].variant
    for failed in found(name):
        once = shrink(failed, variant)
        twice = shrink(failed, variant)
        assert twice == once
        assert shrink(once.run, variant).run.schedule == once.run.schedule


@pytest.mark.parametrize("name", SOME_BUGS)
def test_the_healthy_raft_passes_what_is_left(name: str) -> None:
    for failed in found(name):
        smallest = shrink(failed, BUGS[name].variant).run
        assert run(smallest.schedule, HEALTHY).verdict.failures == ()


@pytest.mark.parametrize("name", WITNESSED)
def test_a_witness_among_other_steps_is_found_again(name: str) -> None:
    bug = BUGS[name]
    witness = parse_schedule(bug.witness, name)
    kind = kind_of(run(witness, bug.variant))
    again = 0
    for seed in range(30):
        failed = run(padded(witness, seed), bug.variant)
        if kind_of(failed) == kind:
            again += 1
            smallest = shrink(failed, bug.variant).run.schedule
            assert len(smallest.steps) <= len(witness.steps), format_schedule(smallest)
            assert run(smallest, HEALTHY).verdict.failures == ()
        if again == 2:
            return
    assert again


# -- It reads as a scenario ------------------------------------------------------------------------


def test_servers_keys_values_and_clients_are_named_in_the_order_of_their_use() -> None:
    text = """
        with replicas=5 spares=2 clients=5 pre_vote=true check_quorum=true priorities={"n4":1}
        elect n4 [n2 n5]
        propose n4 put far "17" as c3
        elect n1 [n2 n3]
        propose n4 append near "9" as c4
        retry n4 as c3
        replicate n4 [n2 n5]
    """
    assert shrunk_text("retry-applied-twice", text) == lines("""
        elect n1 [n2]
        propose n1 put x 1
        retry n1
        replicate n1 [n2]
    """)


@pytest.mark.parametrize("name", WITNESSED)
def test_steps_stand_in_an_order_of_their_own_where_it_does_not_matter(name: str) -> None:
    bug = BUGS[name]
    failed = run(parse_schedule(bug.witness, name), bug.variant)
    schedule = shrink(failed, bug.variant).run.schedule
    for moved in with_moved_steps(schedule):
        if size_of(moved) < size_of(schedule):
            assert kind_of(run(moved, bug.variant)) != kind_of(failed), format_schedule(moved)


def test_the_steps_of_one_server_stand_together() -> None:
    together = parse_schedule("elect n1 [n2]\npropose n1 put x 1\nelect n2 [n3]\nelect n3 [n1]")
    apart = parse_schedule("elect n1 [n2]\nelect n2 [n3]\npropose n1 put x 1\nelect n3 [n1]")
    assert size_of(together) < size_of(apart)


def test_what_is_useless_only_together_is_left_out_together() -> None:
    text = """
        elect n1 []
        elect n1 []
        elect n2 []
        elect n2 [n1]
    """
    assert shrunk_text("vote-twice", text) == lines("""
        elect n1 []
        elect n2 [n1]
    """)


def test_a_second_attempt_stays_only_where_the_first_is_needed() -> None:
    text = """
        elect n1 [n2]
        replicate n1 [n2]
        propose n3 put x 1
        elect n2 [n3]
        retry n2
        replicate n2 [n3]
        read n1 x as c2
    """
    assert "retry" not in shrunk_text("stale-read", text)


def test_one_client_does_what_several_need_not_do() -> None:
    text = """
        elect n1 [n2]
        replicate n1 [n2]
        elect n2 [n3]
        propose n2 put x 1 as c1
        replicate n2 [n3]
        read n1 x as c2
    """
    assert shrunk_text("stale-read", text) == lines("""
        elect n1 [n2]
        replicate n1 [n2]
        elect n2 [n3]
        propose n2 put x 1
        replicate n2 [n3]
        read n1 x
    """)


def test_single_deliveries_become_the_rounds_that_they_belong_to() -> None:
    text = """
        elect n1 []
        deliver n1 n2 vote
        deliver n2 n1 vote-reply
        replicate n1 []
        deliver n1 n3 append
        deliver n3 n1 append-reply
        elect n2 []
        deliver n2 n3 vote
        deliver n3 n2 vote-reply
    """
    assert shrunk_text("no-up-to-date-check", text) == lines("""
        elect n1 [n2]
        replicate n1 [n3]
        elect n2 [n3]
    """)


def test_a_single_delivery_stays_where_no_round_does_the_same() -> None:
    text = """
        elect n1 [n2]
        propose n1 put x 1
        replicate n1 [n3]
        deliver n1 n3 append newest copy
        deliver n1 n3 append copy
    """
    text = shrunk_text("append-truncates", text)
    assert text.splitlines()[-1] == "deliver n1 n3 append"


def test_the_paper_is_preferred_to_what_was_drawn() -> None:
    text = """
        with reads=lease check_quorum=true pre_vote=true workload=register heartbeat_interval=50000000
        elect n2 [n1]
        propose n2 write x 5
        retry n2
        replicate n2 [n1]
    """
    schedule = parse_schedule(shrunk_text("retry-applied-twice", text))
    assert schedule.knobs == PLAIN


def test_changes_of_the_membership_are_renamed_with_the_servers() -> None:
    schedule = parse_schedule("""
        with spares=2 priorities={"n2":3}
        elect n2 [n3]
        change n2 add-voter n5, remove n3 explicit
        change n2 target n2 n5 / n4
    """)
    assert format_schedule(next(with_servers_in_order(schedule))) == lines("""
        with spares=2 priorities={"n1":3}
        elect n1 [n2]
        change n1 add-voter n4, remove n2 explicit
        change n1 target n1 n4 / n5
    """)
    assert format_schedule(without_servers(schedule, ("n3", "n5"))) == lines("""
        with replicas=2 spares=1 priorities={"n2":3}
        elect n2 []
        change n2 target n2 / n3
    """)


def test_names_appear_in_the_order_of_their_numbers() -> None:
    for name in SOME_BUGS:
        for failed in found(name):
            schedule = shrink(failed, BUGS[name].variant).run.schedule
            seen = dict.fromkeys(
                node
                for step in schedule.steps
                if isinstance(step, MacroStep)
                for node in nodes_of(step)
            )
            assert list(seen) == list(schedule.knobs.servers[: len(seen)])


def test_of_two_schedules_one_is_smaller() -> None:
    schedules = [drawn_schedule(seed) for seed in range(50)]
    sizes = [size_of(schedule) for schedule in schedules]
    assert len(set(sizes)) == len(sizes)
    shorter = msgspec.structs.replace(schedules[0], steps=schedules[0].steps[:-1])
    assert size_of(shorter) < sizes[0]


# -- Its bounds ------------------------------------------------------------------------------------


def test_the_budget_is_kept() -> None:
    failed = found("length-only", 1)[0]
    variant = BUGS["length-only"].variant
    whole = shrink(failed, variant)
    part = shrink(failed, variant, executions=10)
    assert part.executions == 10 < whole.executions
    assert kind_of(part.run) == kind_of(failed)
    stopped = shrink(failed, variant, may_go_on=lambda: False)
    assert stopped.executions == 0
    assert stopped.run.schedule == failed.schedule


def test_a_run_that_passes_is_refused() -> None:
    passed = run(parse_schedule("elect n1 [n2]"))
    with pytest.raises(ValueError, match="only a run that failed"):
        shrink(passed, HEALTHY)
