"""Processes that work for this one: they finish what they have begun, unless nobody waits for it."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from time import sleep
from typing import Any

import pytest

from nemesis.errors import UnknownName
from nemesis.search import campaign as campaigns
from nemesis.search.block import Block, Campaign, Report
from nemesis.search.tally import Tally
from nemesis.search.workers import WorkerDied, WorkerRaised, alone, workers
from nemesis.subjects.registry import subject_named

# In s; a worker that was waited for would take as long.
_LONG = 20


def test_what_has_begun_is_finished() -> None:
    with workers(1) as pool:
        done = pool.submit(sum, (1, 2))
    assert done.result() == 3


def begin_and_raise(reason: type[BaseException], begun: list[Future[None]]) -> None:
    with workers(1) as pool:
        assert pool.submit(sum, (1, 2)).result() == 3
        begun.append(pool.submit(sleep, _LONG))
        while not begun[0].running():
            pass
        raise reason


@pytest.mark.parametrize("reason", [KeyboardInterrupt, GeneratorExit])
def test_nobody_waits_for_workers_after_an_exception(reason: type[BaseException]) -> None:
    begun: list[Future[None]] = []
    with pytest.raises(reason):
        begin_and_raise(reason, begun)
    assert isinstance(begun[0].exception(), BrokenProcessPool)


class Odd(Exception):
    """Of two arguments; its pickle holds one."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def raise_odd() -> None:
    raise Odd("this", "that")


def test_what_is_raised_alone_is_raised_here() -> None:
    with pytest.raises(UnknownName, match="unknown subject 'helthy': did you mean 'healthy'"):
        alone(subject_named, "helthy")
    with pytest.raises(WorkerRaised, match=r"(?s)in raise_odd.*Odd: this and that"):
        alone(raise_odd)


@pytest.mark.parametrize("runs", [10, 1])
def test_each_seed_of_a_block_that_is_lost_counts_once(
    runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One seed ends every process; once it is skipped, the block ends its process all the same, as
    a machine does that has no memory left."""

    def die(_function: object, _what: Campaign, block: Block, **_others: Any) -> Report:
        raise WorkerDied("killed by SIGKILL", (0 if not block.skipped else 7, False), "")

    def die_of_the_first(function: object, what: Campaign, block: Block, **others: Any) -> Report:
        if block.first == 7:
            return Report(Tally(runs=1), [])
        return die(function, what, block, **others)

    monkeypatch.setattr(campaigns, "alone", die_of_the_first)
    report = campaigns.do_alone(Campaign(stop_at_first=False), Block(0, runs, 0))
    assert [death.seed for death in report.deaths] == report.tally.died == [0]
    assert (report.tally.runs, report.tally.lost) == (runs, runs - 1)
    assert report.tally.verdicts.total() == runs
    assert report.tally.unknown == list(range(1, runs))
