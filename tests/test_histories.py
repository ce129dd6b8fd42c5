"""Every saved run, for ever: the same verdict, the same trace, and healthy Raft does not fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from nemesis.replay import replay

HISTORIES = Path(__file__).parent.parent / "histories"
SAVED = sorted(path.parent for path in HISTORIES.glob("*/results.json"))


@pytest.mark.parametrize("directory", SAVED, ids=lambda directory: directory.name)
def test_replay(directory: Path) -> None:
    result = replay(directory)
    assert result.problems == ()
    if result.not_replayed is not None:
        pytest.skip(f"not replayed: {result.not_replayed}")


def test_there_are_saved_runs_to_replay() -> None:
    assert len(SAVED) >= 10
