"""The pages of the documentation."""

from __future__ import annotations

from pathlib import Path

from tests.docs.blocks import ROOT

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md"))
    # What the program writes of each bug is held, and its run done, by tests/nemesis/test_describe.py.
    if path.parent.name != "bugs" or path.name == "README.md"
)


def path_of(name: str) -> Path:
    """Where the page of this name is."""
    return ROOT / name
