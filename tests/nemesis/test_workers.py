"""Processes that work for this one: they finish what they have begun, unless nobody waits for it."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Event, Thread
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


def stay(told: Path) -> None:
    """Hold Python's lock for ever, and be no burden to the machine if nobody ends it."""
    resource.setrlimit(resource.RLIMIT_CPU, (200, 200))
    told.touch()
    re.match(r"(a+)+$", "a" * 80 + "b")


def interrupt(told: list[Path]) -> None:
    while not all(each.exists() for each in told):
        sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def stay_until_interrupted(way: str, directory: Path) -> None:
    """Every worker of a pool, or one that works alone."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    told = [directory / str(number) for number in range(1 if way == "alone" else 2)]
    Thread(target=interrupt, args=(told,), daemon=True).start()
    try:
        if way == "alone":
            alone(stay, told[0])
        with workers(len(told)) as pool:
            list(pool.map(stay, told))
    except KeyboardInterrupt:
        print("interrupted")


@pytest.mark.parametrize("way", ["alone", "pool"])
def test_what_holds_pythons_lock_does_not_hold_up_ctrl_c(way: str, tmp_path: Path) -> None:
    """Nor does it outlive who waited for it: the pipe would not end."""
    program = "import sys; from pathlib import Path; from tests.nemesis import test_workers as it; "
    program += "it.stay_until_interrupted(sys.argv[1], Path(sys.argv[2]))"
    done = subprocess.run(
        [sys.executable, "-c", program, way, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=90,
    )
    assert done.stdout == "interrupted\n"


def test_no_process_hears_of_ctrl_c_before_it_can_say_that_it_is_the_parents() -> None:
    """They are copies of one that is deaf to it, which starts meanwhile."""
    assert signal.SIGINT in alone(signal.pthread_sigmask, signal.SIG_BLOCK, [])


@pytest.fixture
def pressed_while_processes_are_made(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ctrl-C, each time that one has just been started, before anybody wrote that down."""
    start = ForkServerProcess.start

    def start_and_press(process: ForkServerProcess) -> None:
        start(process)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ForkServerProcess, "start", start_and_press)
    # Where the tests run in the background, SIGINT would be ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("pressed_while_processes_are_made")
def test_a_process_that_was_being_made_is_ended_with_the_others() -> None:
    with pytest.raises(KeyboardInterrupt), workers(1) as pool:
        pool.submit(sleep, _LONG)
    assert active_children() == []
    with pytest.raises(KeyboardInterrupt):
        alone(sleep, _LONG)
    assert active_children() == []


class Odd(Exception):
    """Of two arguments; its pickle holds one."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def leave_a_thread() -> int:
    Thread(target=Event().wait).start()
    return 3


def test_what_it_leaves_does_not_keep_one_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nemesis.search.workers._PATIENCE", 0.1)
    assert alone(leave_a_thread) == 3


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
