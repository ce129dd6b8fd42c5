"""Errors planted in each engine: the comparison of engines must notice every one of them.

A comparison that notices nothing proves nothing. Each error here is a slip that somebody might
make: a rule too greedy, a check that is missing, a bound that is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from checker.lincheck import (
    checking,
    choice,
    depth_first,
    earliest,
    frontier,
    judge,
    monitor,
    parts,
    pending,
    refutation,
    sections,
    short_registers,
    trials,
    widening,
)
from checker.lincheck.certificate import CertificateError
from checker.lincheck.engine import Impossible, Possible
from checker.lincheck.monitors import (
    MONITORS,
    chains,
    counter,
    fifo_rules,
    list_append,
    list_transactions,
    priority_queue,
    registers,
    sets,
    stack,
)
from checker.lincheck.monitors.streaming import RegisterStream
from checker.lincheck.state_table import StateTable
from checker.lincheck.visited import Visited
from checker.models import Model, get_model
from checker.models.model import DEAD
from tests.checker.brute_force import possible
from tests.checker.lincheck.engines import compare, small

SEEDS = 1_500
"""Small histories that are looked at for a difference; most errors show in the first ten."""

SIGNS = (AssertionError, CertificateError, LookupError, TypeError, ValueError)
"""How the comparison complains, or the engine itself."""

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]

ERRORS: dict[str, tuple[Plant, str, str]] = {}
"""What is planted, the engine in which it must be noticed, and the model."""


def plants(engine: str, model_name: str) -> Callable[[Plant], Plant]:
    def keep(plant: Plant) -> Plant:
        ERRORS[plant.__name__.lstrip("_")] = plant, engine, model_name
        return plant

    return keep


def noticed(engine: str, name: str, model: Model, seeds: int = SEEDS) -> bool:
    """Whether the comparison sees anything wrong in the histories of the first seeds."""
    for seed in range(seeds):
        operations = small(name, seed)
        try:
            compare(operations, model, possible(operations, get_model(name)), engines=(engine,))
        except SIGNS:
            return True
    return False


# The frontier and its lanes


@plants("exact", "register")
def _a_state_holds_only_its_first_configuration(patch: Patch) -> None:
    admit = frontier.admit
    patch.setattr(
        frontier,
        "admit",
        lambda held, state, mask, trace: state not in held and admit(held, state, mask, trace),
    )


@plants("exact", "fifo-queue")
def _fewer_bits_count_as_dominated(patch: Patch) -> None:
    def admit(held: Any, state: Any, mask: int, trace: Any) -> bool:
        masks = held.setdefault(state, {})
        if any(other.bit_count() > mask.bit_count() for other in masks):
            return False
        return masks.setdefault(mask, trace) is trace

    patch.setattr(frontier, "admit", admit)


@plants("exact", "counter")
def _equal_calls_have_the_wrong_order(patch: Patch) -> None:
    after = pending._after
    patch.setattr(pending, "_after", lambda one, other: after(one, other)._replace(undone=one.done))


@plants("exact", "mutex")
def _crashed_operations_are_used_twice(patch: Patch) -> None:
    begin = frontier.FrontierEngine.__init__

    def reusing(self: Any, *given: Any, **options: Any) -> None:
        begin(self, *given, **{**options, "reusable": widening.Everything()})

    patch.setattr(frontier.FrontierEngine, "__init__", reusing)


@plants("exact", "fifo-queue")
def _a_view_keeps_what_has_completed(patch: Patch) -> None:
    patch.setattr(frontier.FrontierEngine, "_leave", lambda *_: None)


@plants("narrowest", "cas-register")
def _the_narrow_frontier_calls_itself_exact(patch: Patch) -> None:
    narrow = frontier.FrontierEngine._narrow

    def lying(self: Any, width: int) -> None:
        narrow(self, width)
        self.is_exact = True

    patch.setattr(frontier.FrontierEngine, "_narrow", lying)


@plants("raced lanes", "register")
def _a_fork_starts_from_nothing_pending(patch: Patch) -> None:
    restore = frontier.FrontierEngine.restore

    def forgetful(self: Any, snapshot: Any, width: int | None) -> None:
        restore(self, snapshot._replace(observations={}, mutations={}), width)

    patch.setattr(frontier.FrontierEngine, "restore", forgetful)


@plants("raced lanes", "cas-register")
def _what_the_relaxed_lane_finds_possible_is_believed(patch: Patch) -> None:
    patch.setattr(widening, "relaxed", lambda p, e, events: widening.exact(p, e, events, 0, True))


@plants("raced lanes", "register")
def _the_race_takes_giving_up_for_an_answer(patch: Patch) -> None:
    def race(lanes: Sequence[Any]) -> Iterator[None]:
        outcome = yield from lanes[0]
        return outcome or Impossible(0)  # type: ignore[return-value]

    patch.setattr(widening, "race", race)


@plants("search", "kv")
def _the_race_begins_with_a_stale_lane(patch: Patch) -> None:
    patch.setattr(judge, "_DEEP_FREE", 0)
    patch.setattr(judge, "_DEEP_PER_ENTRY", 0)
    patch.setattr(judge, "_WIDE_PER_ENTRY", 0)
    patch.setattr(judge, "race", lambda lanes: (yield from [None]) or Possible([]))


# Depth first


@plants("depth first", "cas-register")
def _every_configuration_was_visited(patch: Patch) -> None:
    patch.setattr(Visited, "dominates", lambda *_: True)


@plants("depth first", "register")
def _pending_operations_share_a_bit(patch: Patch) -> None:
    patch.setattr(depth_first, "slots_of", lambda invoked, _: ([0] * len(invoked), 1))


@plants("depth first", "cas-register")
def _every_state_is_closed(patch: Patch) -> None:
    closed = choice.Choice.closed
    patch.setattr(choice.Choice, "closed", lambda *given: closed(*given) or False)


@plants("depth first", "cas-register")
def _crashed_operations_have_no_use(patch: Patch) -> None:
    patch.setattr(choice.Choice, "crashed", lambda *_: [])


@plants("depth first", "cas-register")
def _all_might_come_before_the_crashed_one(patch: Patch) -> None:
    patch.setattr(choice.Choice, "not_later", lambda *_: True)


@plants("depth first", "register")
def _dead_states_have_no_exit(patch: Patch) -> None:
    patch.setattr(choice.Choice, "hopeless", lambda *_: True)


@plants("depth first", "register")
def _all_that_overwrites_is_buried(patch: Patch) -> None:
    def buried(self: Any) -> frozenset[int]:
        distinct = self._columns.distinct
        return frozenset(at for at, call in enumerate(distinct) if call[4] == "overwrites")

    patch.setattr(choice.Choice, "_find_buried", buried)


@plants("depth first", "register")
def _observations_see_the_initial_state(patch: Patch) -> None:
    def foresee(self: Any, sees: Any) -> None:
        self.sees[:] = [
            0 if call[4] == "observes" else ask
            for call, ask in zip(self.calls, self.sees, strict=True)
        ]

    patch.setattr(StateTable, "_foresee", foresee)


# Short histories of one register


@plants("short register", "cas-register")
def _nothing_short_is_new(patch: Patch) -> None:
    patch.setattr(short_registers, "_is_new", lambda *_: False)


@plants("short register", "register")
def _crashes_have_no_use_in_short(patch: Patch) -> None:
    patch.setattr(short_registers, "_useful", lambda *_: [])


@plants("short register", "cas-register")
def _who_failed_later_had_failed_before(patch: Patch) -> None:
    patch.setattr(short_registers, "_some_failed_later", lambda *_: False)


@plants("short register", "cas-register")
def _any_swap_is_a_write(patch: Patch) -> None:
    patch.setattr(short_registers, "_SWAP", short_registers._WRITE)


# Monitors


@plants("monitor", "register")
def _zones_are_in_the_order_of_their_first_completions(patch: Patch) -> None:
    patch.setattr(
        chains,
        "arrange",
        lambda earliest, _: sorted(range(len(earliest)), key=earliest.__getitem__),
    )


@plants("monitor", "register")
def _zones_never_conflict(patch: Patch) -> None:
    patch.setattr(chains, "conflict", lambda *_: None)


@plants("monitor", "cas-register")
def _mismatches_have_a_place_anywhere(patch: Patch) -> None:
    patch.setattr(registers, "place", lambda clusters, line, starts, stops: [0] * len(starts))


@plants("monitor", "counter")
def _adds_happen_in_any_order(patch: Patch) -> None:
    patch.setattr(counter, "heappop", list.pop)


@plants("monitor", "g-set")
def _reads_of_a_set_are_not_compared(patch: Patch) -> None:
    patch.setattr(sets, "judge_reads", lambda told, judged: None)


@plants("monitor", "fifo-queue")
def _a_queue_keeps_no_order(patch: Patch) -> None:
    patch.setattr(fifo_rules, "_keep_order", lambda *_: None)


@plants("monitor", "fifo-queue")
def _a_queue_is_empty_at_any_time(patch: Patch) -> None:
    patch.setattr(fifo_rules, "_moments_of_emptiness", lambda *_: [])


@plants("monitor", "stack")
def _elements_of_a_stack_cover_nothing(patch: Patch) -> None:
    patch.setattr(stack, "_cover", lambda long, settled, until, slots: [0] * slots)


@plants("monitor", "priority-queue")
def _greater_values_go_first(patch: Patch) -> None:
    ascending = priority_queue._ascending
    patch.setattr(priority_queue, "_ascending", lambda elements: ascending(elements)[::-1])


@plants("monitor", "list-append")
def _the_chain_of_reads_is_not_held_against_time(patch: Patch) -> None:
    def walk(told: Any, by_length: Any, longest: Any, order: bool) -> Possible:
        chain = [told.appends[element] for element in longest]
        return Possible([*chain, *(at for at in told.appends.values() if at not in chain)])

    patch.setattr(list_append, "_walk", walk)


@plants("monitor", "unique-ids")
def _the_first_operations_tell_all(patch: Patch) -> None:
    whole = MONITORS["unique-ids"]
    patch.setitem(MONITORS, "unique-ids", lambda o, meter, order: whole(o[:3], meter, order))


# Streams


@plants("streamed", "cas-register")
def _the_stream_does_not_wait_for_answers(patch: Patch) -> None:
    take = monitor._Stream._take
    patch.setattr(
        monitor._Stream,
        "_take",
        lambda self, engine, live, held, wait: take(self, engine, live, held, wait=False),
    )


@plants("streamed zones", "register")
def _overwritten_values_may_be_read(patch: Patch) -> None:
    patch.setattr(RegisterStream, "_convict_of_overwritten", lambda *_: None)


@plants("streamed zones", "register")
def _a_read_takes_no_time(patch: Patch) -> None:
    read = RegisterStream._read
    patch.setattr(RegisterStream, "_read", lambda self, value, invoked: read(self, value, 0))


# Small histories, and what is around the engines


@plants("refuter", "register")
def _the_refuter_keeps_one_way(patch: Patch) -> None:
    admit = refutation._admit
    patch.setattr(
        refutation,
        "_admit",
        lambda ways, state, *more: state not in ways and admit(ways, state, *more),
    )


@plants("check", "kv")
def _transactions_tie_nothing(patch: Patch) -> None:
    patch.setattr(sections, "_may_tie", lambda *_: False)


@plants("frontier", "kv-empty")
def _a_put_overwrites_the_keys_beside_it(patch: Patch) -> None:
    patch.setattr(parts, "_beside_others", lambda entry: entry)


@plants("check", "register")
def _orders_of_keys_are_put_one_after_the_other(patch: Patch) -> None:
    def merge(findings: Any, meter: Any) -> tuple[Any, ...]:
        return tuple(f.operations[at] for f in findings for at in f.outcome.order)

    patch.setattr(checking, "_merge", merge)


@plants("tied monitor", "list-append")
def _time_does_not_count_for_transactions(patch: Patch) -> None:
    patch.setattr(list_transactions._Demands, "_demand_real_time", lambda self: None)


@plants("tied monitor", "list-append")
def _transactions_that_nobody_read_come_whenever_they_like(patch: Patch) -> None:
    patch.setattr(list_transactions._Demands, "all_before", lambda self, firsts, seconds: None)


@plants("check", "register")
def _the_conflict_is_cut_down_too_far(patch: Patch) -> None:
    patch.setattr(
        trials.Trials,
        "impossible",
        lambda self, entries, start: entries if len(entries) > 1 else None,
    )


@plants("check", "stack")
def _the_last_event_is_to_blame(patch: Patch) -> None:
    def last(finding: Any, *_: Any) -> Any:
        ends = (o.completed for o in finding.operations if o.completed is not None)
        return earliest._First(max(ends), finding)

    patch.setattr(earliest, "_first_event", last)


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_noticed(error: str, monkeypatch: Patch) -> None:
    plant, engine, name = ERRORS[error]
    plant(monkeypatch)
    assert noticed(engine, name, get_model(name))


# Models that lie


def _useless(model: Model) -> Model:
    """All crashed calls serve nobody."""
    return _foreseeing(model, useless=lambda call: True)


def _dead(model: Model) -> Model:
    """No state can be told from any other."""
    return _foreseeing(model, collapse=lambda state: DEAD, sees=None)


def _foreseeing(model: Model, **lies: Any) -> Model:
    foresee = model.foresee
    assert foresee is not None

    def lie(calls: Any) -> Any:
        foresight = foresee(calls)
        return None if foresight is None else foresight._replace(**lies)

    return replace(model, foresee=lie)


def _needy(model: Model) -> Model:
    """All calls need the initial state."""
    return replace(model, needs=lambda call: model.initial)


def _overwriting(model: Model) -> Model:
    """All writes that may be refused are said to overwrite."""
    parse = model.parse

    def lie(operation: Any) -> Any:
        call = parse(operation)
        if call is None or call.effect != "depends":
            return call
        return call._replace(effect="overwrites")

    return replace(model, parse=lie)


LIES = (_useless, _dead, _needy, _overwriting)


@pytest.mark.parametrize(
    ("lie", "engine"),
    # The depth-first search does not ask what a call needs.
    [(lie, "exact") for lie in LIES] + [(lie, "depth first") for lie in LIES if lie is not _needy],
)
def test_a_model_that_lies_is_noticed(lie: Callable[[Model], Model], engine: str) -> None:
    assert noticed(engine, "cas-register", lie(get_model("cas-register")))


def test_nothing_is_noticed_where_nothing_is_planted() -> None:
    for engine, name in {(engine, name) for _, engine, name in ERRORS.values()}:
        assert not noticed(engine, name, get_model(name), SEEDS // 20), (engine, name)
