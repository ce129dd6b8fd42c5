"""Tests of real clusters: what a run of another session has left is no verdict on this one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nemesis.testing.real import attack_real
from nemesis.testing.target import Target

SAVED = Path(__file__).parents[2] / "histories" / "stale-read-linearizability-57"


def test_what_was_ended_before_it_began_has_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SAVED, tmp_path / "earlier")
    (tmp_path / "latest").symlink_to("earlier")
    ended = subprocess.CompletedProcess([], 2, "splitbrain: interrupted: no verdict")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)
    attacked = attack_real(Target(cluster="process"), 1, None, tmp_path)
    assert attacked.run is None
    assert attacked.problem == f"there is no verdict:\n{ended.stdout}"
