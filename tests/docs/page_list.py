"""The pages of the documentation."""

from __future__ import annotations

from pathlib import Path

from tests.docs.blocks import ROOT

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md"))
    # docs/bugs is written by the program, and tests/zoo holds that, and runs its schedules.
    if path.parent.name != "bugs"
)


def path_of(name: str) -> Path:
    """Where the page of this name is."""
    return ROOT / name
