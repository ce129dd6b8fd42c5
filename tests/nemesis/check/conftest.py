"""A directory with a few histories, and what comes from outside: standard input, Ctrl-C."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nemesis.cli.check_progress import Progress
from tests.nemesis.check.checks import BROKEN, GOOD, LOST_UPDATE, STALE, WRONG


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good").write_text(GOOD)
    Path("stale").write_text(STALE)
    Path("wrong").write_text(WRONG)
    Path("broken").write_text(BROKEN)
    Path("lost.edn").write_text(LOST_UPDATE)


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return give


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Ctrl-C at a tick."""

    def at(number: int) -> None:
        ticks = iter(range(number))

        def tick(_progress: Progress) -> bool:
            if next(ticks, None) is None:
                raise KeyboardInterrupt
            return False

        monkeypatch.setattr(Progress, "tick", tick)

    return at
