"""The pages of the documentation."""

from __future__ import annotations

from pathlib import Path

from tests.docs.blocks import ROOT

# Those whose blocks are not yet written by the rules.
UNCONVERTED = {
    "README.md",
    "ARCHITECTURE.md",
    "docs/campaigns.md",
    "docs/certificates.md",
    "docs/checking.md",
    "docs/ci.md",
    "docs/conditions.md",
    "docs/disks.md",
    "docs/docker.md",
    "docs/evidence.md",
    "docs/exploring.md",
    "docs/formats.md",
}

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md"))
    # docs/bugs is written by the program; tests/nemesis/test_describe.py holds that it is, and goes.
    if path.parent.name != "bugs"
)
CONVERTED = [name for name in PAGES if name not in UNCONVERTED]


def path_of(name: str) -> Path:
    return ROOT / name
