"""Long tests first, in every process, and none of the others is lost."""

from __future__ import annotations

import pytest

from tests.order import dealt


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 7])
@pytest.mark.parametrize(("long", "short"), [(0, 0), (0, 5), (5, 0), (2, 1), (7, 50), (8, 3)])
def test_each_test_is_run_once(processes: int, long: int, short: int) -> None:
    longs = [f"long {number}" for number in range(long)]
    shorts = [f"short {number}" for number in range(short)]
    assert sorted(dealt(longs, shorts, processes)) == sorted(longs + shorts)


def test_each_process_begins_with_its_share_of_the_long_ones() -> None:
    # Parts of 3, 3 and 4.
    assert dealt("ABCD", "efghij", 3) == ["A", "D", "e", "B", "f", "g", "C", "h", "i", "j"]
