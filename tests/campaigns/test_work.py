"""What a worker does: one batch after the other, whatever threads there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import pytest

from nemesis.campaigns import work as workshop
from nemesis.campaigns.settings import Settings
from nemesis.campaigns.work import work
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
