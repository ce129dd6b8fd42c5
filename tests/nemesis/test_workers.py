"""Processes that work for this one: they finish what they have begun, unless nobody waits for it."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from time import sleep

import pytest

from nemesis.errors import UnknownName
from nemesis.search.workers import WorkerRaised, alone, workers
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
