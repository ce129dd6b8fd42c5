"""What is judged along ways that are given, on a bug and on the healthy Raft."""

from __future__ import annotations

import pytest

from nemesis.cluster.stepped.post import KINDS
from nemesis.explore.conviction import convict
from nemesis.explore.moves import Bounds
from nemesis.explore.properties import Committed, Past, forget, logs_match
from nemesis.explore.search import Found
from nemesis.explore.servers import LogEntry, Violation
from nemesis.explore.world import World
from nemesis.macro.steps import Deliver, MacroStep, Propose
from nemesis.macro.text import parse_steps
from raft.bugs import get_bug
from raft.consensus.state import LEADER
from raft.replica import HEALTHY

BOUNDS = Bounds(
    commands=1, reads=1, deliveries=2, copies=True, unanswered=True, crashes=1, symmetry=False
)

STALE_READ = """
    elect n1 [n2]
    replicate n1 [n2]
    elect n2 [n3]
    propose n2 put x 1
    replicate n2 [n3]
    read n1 x as c1
"""
TWO_VOTES = "elect n1 []\nelect n2 [n1]"
STALE_VOTE = "elect n1 [n2?]\nelect n1 []\ndeliver n2 n1 vote-reply"
CLEARED_VOTE = "elect n1 [n2]\nreplicate n1 [n2]\ncrash n2\nrestart n2"
OWN_TAIL = "elect n1 [n2]\nelect n2 [n3]\nreplicate n2 [n1]"
LATE_APPEND = """
    elect n1 [n2]
    propose n1 put x 1
    replicate n1 [n2]
    deliver n1 n2 append
"""


def go(world: World, text: str) -> tuple[int | Violation, tuple[int, ...]]:
    """The state after these steps, or the violation of the last, and the numbers of the moves."""
    state: int | Violation = world.first
    codes = []
    asked = 0
    for step in parse_steps(text):
        assert isinstance(state, int), f"{state} before {step}"
        code, state = next(
            (code, following)
            for code, following in world.successors(state)
            if _is(world, code, step, asked)
        )
        asked += isinstance(step, Propose)
        codes.append(code)
    return state, tuple(codes)


def _is(world: World, code: int, step: MacroStep, asked: int) -> bool:
    if code < len(world.moves):
        return world.moves[code].step(world.names, asked) == step
    message, is_copy = world.delivery(code)
    return isinstance(step, Deliver) and (
        (message.source, message.target, KINDS[type(message)], is_copy)
        == (step.source, step.target, step.message, step.copy)
    )


@pytest.mark.parametrize(
    ("bug", "text", "kind"),
    [
        ("stale-read", STALE_READ, "linearizability"),
        ("vote-twice", TWO_VOTES, "one-vote-a-term"),
        ("stale-vote-counted", STALE_VOTE, "elected-by-quorum"),
        ("vote-cleared-by-append", CLEARED_VOTE, "one-vote-a-term"),
        ("acks-own-tail", OWN_TAIL, "committed-on-majority"),
    ],
)
def test_a_bug_is_convicted_on_the_way_and_the_healthy_raft_is_not(
    bug: str, text: str, kind: str
) -> None:
    world = World(BOUNDS, get_bug(bug).variant)
    violation, codes = go(world, text)
    assert isinstance(violation, Violation)
    assert violation.kind == kind
    convicted = convict(world, Found(violation, codes))
    assert convicted.verdict.failures[0].kind == kind
    assert convicted.schedule.steps == parse_steps(text)
    assert isinstance(go(World(BOUNDS, HEALTHY), text)[0], int)


def test_a_delayed_vote_may_elect_a_leader_of_an_old_term() -> None:
    """It lacks what was committed meanwhile, in a newer term, and nothing is wrong with that."""
    world = World(BOUNDS)
    state, _ = go(
        world,
        """
        elect n1 [n2?]
        elect n3 []
        elect n3 [n2]
        replicate n3 [n2]
        deliver n2 n1 vote-reply
        """,
    )
    assert isinstance(state, int)
    servers, past, _, _ = world.decode(state)
    assert servers[0].process is not None
    assert servers[0].process.role == LEADER
    assert servers[0].process.log == (LogEntry(1, b""),)
    assert [each.entry.term for each in past.committed] == [2]


def test_a_copy_is_still_held_and_what_arrived_is_not() -> None:
    world = World(BOUNDS)
    once, _ = go(world, LATE_APPEND)
    again, _ = go(world, LATE_APPEND.rstrip() + " copy")
    assert isinstance(once, int)
    assert isinstance(again, int)
    assert len(world.decode(again)[2]) == len(world.decode(once)[2]) + 1


def test_logs_match_if_they_are_equal_up_to_what_they_have_in_common() -> None:
    mine, theirs = LogEntry(1, b"n1"), LogEntry(1, b"n2")
    newer = LogEntry(2, b"")
    assert logs_match((mine,), ())
    assert logs_match((mine, newer), (mine,))
    assert logs_match((mine,), (newer,))
    assert not logs_match((mine,), (theirs,))
    assert not logs_match((mine, newer), (theirs, newer))


def test_the_past_is_forgotten_up_to_where_elections_may_still_be() -> None:
    entry = LogEntry(1, b"n1")
    past = Past(((1, "n1"), (2, "n2"), (3, "n1")), (Committed(entry, 1), Committed(entry, 2)), 2)
    assert forget(past, 2, reads=True) == Past(
        ((2, "n2"), (3, "n1")), (Committed(entry, 0), Committed(entry, 2)), 2
    )
    assert forget(past, 1, reads=False) == past._replace(acknowledged=0)
