"""What a worker does: one batch after the other, whatever threads there are."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from threading import Barrier, BrokenBarrierError

import pytest

from nemesis.campaigns import work as workshop
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.work import Done, work, work_alone
from nemesis.search.block import Block, Campaign, Report
from nemesis.search.tally import Tally

# In s, for as long two batches would meet if they could.
_MEETING = 0.2


def test_the_threads_of_a_worker_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Native code keeps one state for its process: two runs at once would be convicted of what
    neither does."""
    both = Barrier(2)

    def meet(_what: Campaign, block: Block) -> Report:
        with pytest.raises(BrokenBarrierError):
            both.wait(_MEETING)
        both.reset()
        return Report(Tally(runs=block.runs), [])

    monkeypatch.setattr(workshop, "run_block", meet)
    with ThreadPoolExecutor(2) as threads:
        blocks = [Block(0, 3, 0), Block(3, 4, 3)]
        done = list(threads.map(lambda block: work(Settings(seed=0), block, frozenset()), blocks))
    assert [each.report.tally.runs for each in done] == [3, 4]


def _run_as_a_daemon(results: Connection) -> None:
    results.send(work_alone(Settings(seed=0), Block(0, 1, 0), frozenset()))


def test_workers_that_are_daemons_run_batches_alone() -> None:
    """As those are that ``dask worker`` starts; multiprocessing lets daemons have no children."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    daemon = context.Process(target=_run_as_a_daemon, args=(sender,), daemon=True)
    daemon.start()
    sender.close()
    done: Done = receiver.recv()
    daemon.join()
    assert done.report.tally.verdicts == {"valid": 1}
