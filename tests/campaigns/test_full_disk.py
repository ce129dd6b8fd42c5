"""A disk that is full in the midst of a campaign, and one that cannot be written: a real one, small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# Mounts a disk that others do not see, and that goes with the process.
_MOUNT = 'mount -t tmpfs -o size=2m tmpfs "$1" && shift && exec "$@"'


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of it (tests.campaigns.full_disk, which examines what is on the disk, too)."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    disk = str(tmp_path_factory.mktemp("disk"))
    in_private = ["unshare", "--mount", "sh", "-c", _MOUNT, "sh", disk]
    if subprocess.run([*in_private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a disk in a namespace")
    done = subprocess.run(
        [*in_private, sys.executable, "-B", "-m", "tests.campaigns.full_disk", disk],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_a_campaign_ends_with_a_line_and_goes_on_when_there_is_room(told: dict[str, Any]) -> None:
    errors = told["campaigns"]
    assert all(error.startswith("StoreUnwritable: ") for error in errors), errors
    # At its beginning, in its database, in a run and in its page.
    assert "campaign.db: database or disk is full" in errors[0]
    assert any(
        "one-vote-a-term-4" in error and "not saved is one-vote-a-term: n1 voted" in error
        for error in errors
    )
    assert "report.html: No space left on device" in errors[-1]


def test_a_campaign_on_a_disk_that_is_read_only(told: dict[str, Any]) -> None:
    there, new = told["read-only"]
    assert "there: cannot be written: read-only" in there
    assert "new: Read-only file system" in new


def test_fuzz_tells_what_it_found_though_it_cannot_save_it(told: dict[str, Any]) -> None:
    nothing, found = told["fuzz"]
    assert nothing[0] == found[0] == 255
    assert nothing[1].count("\n") == found[1].count("\n") == 1
    assert "No space left on device; not saved is one-vote-a-term: n1 voted" in found[1]
