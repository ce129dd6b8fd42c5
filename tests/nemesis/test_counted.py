"""Numbers of things, as people write them."""

from __future__ import annotations

import pytest

from nemesis.counted import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1_200, "1,200 runs")]
)
def test_one_is_no_plural(number: int, said: str) -> None:
    assert counted(number, "run") == said


def test_a_plural_of_its_own() -> None:
    assert [counted(each, "process", "processes") for each in (1, 2)] == [
        "1 process",
        "2 processes",
    ]
