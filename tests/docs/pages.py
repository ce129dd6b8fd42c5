"""Every page of the documentation, run from top to bottom: make test-docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import read_page
from tests.docs.page_list import PAGES, path_of
from tests.docs.page_run import BlockFailed, PageRun

# They take longest, so they begin first.
LONG = (
    "README.md",
    "docs/hypothesis.md",
    "docs/disks.md",
    "docs/ci.md",
    "docs/report-page.md",
    "docs/foreign-rafts.md",
    "docs/testing-your-raft.md",
    "docs/server.md",
)


@pytest.mark.parametrize("name", sorted(PAGES, key=lambda name: name not in LONG))
def test_page(name: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    blocks = read_page(path_of(name))
    running = PageRun(blocks, tmp_path)
    failure = None
    try:
        for block in blocks:
            running.run(block)
    except BlockFailed as error:
        failure = str(error)
    finally:
        running.close()
    if failure is not None:
        pytest.fail(failure, pytrace=False)
    if running.skipped:
        lacking = "; ".join(running.skipped)
        if pytestconfig.getoption("--all-needs"):
            pytest.fail(f"blocks that could not run here: {lacking}")
        pytest.skip(f"the rest of the page ran, but not {lacking}")
