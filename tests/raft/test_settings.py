"""Settings that cannot work are refused."""

from __future__ import annotations

import pytest

from raft.consensus import Settings
from raft.consensus.settings import SettingsError


@pytest.mark.parametrize(
    "name",
    ["max_entries_per_append", "max_appends_in_flight", "snapshot_chunk_bytes", "max_sessions"],
)
def test_a_limit_that_lets_nothing_through_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is 0: it must be at least 1"):
        Settings(**{name: 0})
    assert getattr(Settings(**{name: 1}), name) == 1
