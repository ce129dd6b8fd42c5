"""Ctrl-C and SIGTERM that come more than once, or while workers are made or ended."""

from __future__ import annotations

import signal
from collections.abc import Hashable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from nemesis.campaigns.cluster import dask_workers
from nemesis.campaigns.errors import WorkersGone
from nemesis.cli import main, run
from nemesis.interrupts import interrupted_once, unheard, uninterrupted
from tests.campaigns.crew import Crew


@pytest.fixture(autouse=True)
def both_are_ctrl_c() -> Iterator[None]:
    """As where the command line is a process of its own; these tests may run in the background,
    where shells have SIGINT ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_the_first_ends_and_those_after_it_do_nothing() -> None:
    ended: list[bool] = []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
            ended.append(True)

    with pytest.raises(KeyboardInterrupt), interrupted_once():
        work()
    assert ended
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_once_the_end_has_begun_nothing_is_heard() -> None:
    with unheard():
        signal.raise_signal(signal.SIGINT)
        with uninterrupted():
            signal.raise_signal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_what_must_be_whole_comes_to_its_end() -> None:
    done: list[int] = []

    def work(*numbers: int) -> None:
        for number in numbers:
            signal.raise_signal(number)
            done.append(number)

    with pytest.raises(KeyboardInterrupt), uninterrupted():
        work(signal.SIGINT, signal.SIGTERM)
    assert done == [signal.SIGINT, signal.SIGTERM]
    with uninterrupted():
        work()


def test_what_failed_when_a_signal_came_was_interrupted() -> None:
    """It may have reached processes that were just being made, too."""

    def work() -> None:
        signal.raise_signal(signal.SIGTERM)
        raise RuntimeError("Nanny failed to start.")

    with pytest.raises(KeyboardInterrupt), uninterrupted():
        work()


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    def raised(number: int, frame: FrameType | None) -> NoReturn:
        raise AssertionError(number)

    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interrupted_once(), uninterrupted():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_signals_without_end_end_a_campaign_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient(Crew):
        """Whoever waits presses Ctrl-C, and again while what was handed out is dropped."""

        def finished(self, tasks: Sequence[Hashable], patience: float) -> Sequence[Hashable]:
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("it goes on")

        def drop(self, tasks: Sequence[Hashable]) -> None:
            signal.raise_signal(signal.SIGINT)
            super().drop(tasks)
            signal.raise_signal(signal.SIGTERM)

    crew = Impatient()
    monkeypatch.setattr("nemesis.campaigns.cluster.dask_workers", lambda *_: nullcontext(crew))
    run(["campaign", "--budget", "50", "--store", str(tmp_path)])
    told = capsys.readouterr()
    assert told.out.count("interrupted") == 1
    assert "interrupted: the same command goes on" in told.out
    assert told.err == ""
    assert crew.dropped


def test_what_comes_when_all_is_told_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python takes itself down: what it calls meanwhile would tell of it in a traceback."""
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("nemesis.cli.run", lambda _: 3)
    try:
        with pytest.raises(SystemExit, match="3"):
            main([])
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)


class Cluster:
    """Of Dask. It is interrupted while it is made, and while it is ended."""

    made: list[Cluster] = []  # noqa: RUF012 (emptied by each test)
    fails = False

    def __init__(self, **_settings: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        self.workers: dict[int, object] = {}
        self.ended = False
        self.made.append(self)
        if self.fails:
            raise RuntimeError("Nanny failed to start.")

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True


def test_workers_are_made_and_ended_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")
    monkeypatch.setattr("distributed.LocalCluster", Cluster)
    Cluster.made.clear()
    with pytest.raises(KeyboardInterrupt), dask_workers(None, 1, None):
        raise AssertionError("nobody works")
    assert [cluster.ended for cluster in Cluster.made] == [True]
    monkeypatch.setattr(Cluster, "fails", True)
    with pytest.raises(KeyboardInterrupt), dask_workers(None, 1, None):
        raise AssertionError("nobody works")


def test_what_is_ended_is_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="pip install 'splitbrain[dask]'")
    ended: list[str] = []

    class Client:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def __enter__(self) -> Client:
            return self

        def __exit__(self, *_: object) -> None:
            signal.raise_signal(signal.SIGTERM)
            ended.append("client")

    async def answers(_address: str) -> None:
        pass

    monkeypatch.setattr("distributed.Client", Client)
    monkeypatch.setattr("nemesis.campaigns.cluster._require_answer", answers)
    monkeypatch.setattr("nemesis.campaigns.cluster.DaskWorkers.require_scheduler", lambda _: None)
    with pytest.raises(KeyboardInterrupt), dask_workers("tcp://127.0.0.1:1", 1, None):
        raise WorkersGone("gone")
    assert ended == ["client"]
