"""All pages are written by the rules (README.md beside this); make test-docs runs them."""

from __future__ import annotations

import pytest

from tests.docs.blocks import ROOT, parse_page, read_page
from tests.docs.commands import commands_of
from tests.docs.needs import NEEDS
from tests.docs.page_list import PAGES, path_of

# Blocks that no test runs: the page, and why. It is to stay short.
NOT_RUN: set[tuple[str, str]] = {
    ("docs/maelstrom.md", "the program is in Maelstrom's repository"),
}
# Blocks with a command that may run again, since what it does depends on the machine, even with the
# same seed: a convicted Raft of others, as real processes.
RUN_AGAIN = ["README.md", "docs/seed.md"]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_written_by_the_rules(name: str) -> None:
    for block in read_page(path_of(name)):
        assert set(block.said.needs) <= NEEDS.keys(), block.place
        if block.language in ("bash", "console") and block.said.roles() == []:
            assert commands_of(block)


def test_what_is_not_run_is_known() -> None:
    blocks = [block for name in PAGES for block in read_page(path_of(name))]
    found = {(block.page, block.said.not_run) for block in blocks if block.said.not_run is not None}
    assert found == NOT_RUN


def test_what_may_run_again_is_known() -> None:
    blocks = [block for name in PAGES for block in read_page(path_of(name))]
    assert sorted(block.page for block in blocks if block.said.attempts) == RUN_AGAIN


def test_what_the_program_writes_is_fenced_and_has_languages() -> None:
    # That it is what the program writes, and that its schedules do what they say: tests/zoo.
    for path in sorted((ROOT / "docs" / "bugs").glob("*.md")):
        assert parse_page(path.read_text(), path.name, is_generated=True), path.name


def test_the_pages_are_there() -> None:
    assert len(PAGES) > 30
