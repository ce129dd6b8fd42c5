"""The pages of docs/ that hold code run it, and lead nowhere that is not there."""

from __future__ import annotations

import re

import pytest

from tests.checker.documents import ROOT, run_code_blocks

PAGES = sorted((ROOT / "docs").glob("*.md"))


def test_the_page_of_lincheck_runs() -> None:
    assert run_code_blocks("docs/lincheck.md") == 2


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "README.md", ROOT / "ARCHITECTURE.md"], ids=lambda path: path.name
)
def test_links_lead_to_files(page: object) -> None:
    path = ROOT / str(page)
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"
