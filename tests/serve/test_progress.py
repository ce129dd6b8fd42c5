"""How campaigns go: runs over time, and what each worker does."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="pip install 'splitbrain[dask]'")

from nemesis.campaigns.account import Recorded
from nemesis.serve.progress import bars_of, speed_lately, workers_of


def batch(ended: float | None, runs: int = 10, worker: str = "here:1", failed: int = 0) -> Recorded:
    return Recorded(0, runs, runs, failed, 2.0, worker, ended)


def test_runs_over_time() -> None:
    assert bars_of([batch(None)]).bars == []
    bars = bars_of([batch(7.5), batch(3.2, failed=1), batch(3.9), batch(None)])
    assert bars.width == 1
    assert [(bar.begin, bar.runs, bar.failed) for bar in bars.bars] == [
        (3, 20, 1),
        (4, 0, 0),
        (5, 0, 0),
        (6, 0, 0),
        (7, 10, 0),
    ]
    assert bars.highest == 20
    for last in (59.0, 3e3, 1e5, 1e7, 1e10):
        found = bars_of([batch(0.0), batch(last)])
        assert len(found.bars) <= 60
        assert sum(bar.runs for bar in found.bars) == 20
        assert found.bars[-1].runs == 10


def test_workers_and_their_speed() -> None:
    found = workers_of([batch(1.0), batch(5.0, 30), batch(9.0, worker="there:1"), batch(None)])
    assert [(row.name, row.batches, row.runs, row.last) for row in found.rows] == [
        ("there:1", 1, 10, 9.0),
        ("here:1", 3, 50, 5.0),
    ]
    assert found.rows[1].speed == 50 / 6
    assert workers_of(batch(1.0, worker=str(at)) for at in range(70)).all == 70
    assert speed_lately([batch(100.0, 60), batch(39.0, 600), batch(101.0, 7)], 100.0) == 1.0
