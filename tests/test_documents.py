"""What the pages of docs/ name is there, and so is what they lead to. Their code: tests/docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nemesis.faults import FAULTS
from nemesis.faults.targets import TARGETS
from nemesis.schedule import Knobs
from raft.consensus import Settings
from raft.observer import Observer
from tests.docs.blocks import ROOT

PAGES = sorted((ROOT / "docs").glob("*.md"))
RAFT = (ROOT / "docs" / "raft.md").read_text()
SCENARIOS = ROOT / "tests" / "acceptance" / "scenarios"


def test_the_page_of_schedules_names_every_step_and_every_knob() -> None:
    page = (ROOT / "docs" / "schedules.md").read_text()
    for name in (*FAULTS, *Knobs.__struct_fields__, *TARGETS):
        assert f"`{name}`" in page, name


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "README.md", ROOT / "ARCHITECTURE.md"], ids=lambda path: path.name
)
def test_links_lead_to_files(page: object) -> None:
    path = ROOT / str(page)
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


FILE_IN_CODE = re.compile(r"`(?:python )?((?:raft|checker|nemesis|tests|bench|docker)/[\w./-]+)")
MODULE_IN_CODE = re.compile(r"`python -m ((?:raft|checker|nemesis|tests|bench)[\w.]*)")


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "README.md", ROOT / "ARCHITECTURE.md"], ids=lambda path: path.name
)
def test_files_and_modules_that_are_named_are_there(page: Path) -> None:
    text = page.read_text()
    for name in FILE_IN_CODE.findall(text):
        assert (ROOT / name).exists(), f"{page.name} names {name}"
    for name in MODULE_IN_CODE.findall(text):
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name


# -- The page of our Raft ----------------------------------------------------------------------------


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables below a heading, without the tables' own headings."""
    section = RAFT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|") for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    begins = [at for at, row in enumerate(cells) if set(row[0]) == {"-"}]
    return [row for at, row in enumerate(cells) if at not in begins and at + 1 not in begins]


def as_written(value: object, unit: str) -> str:
    """A default as the table of settings has it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int) and value:
        return f"{value // 1_000_000 if unit == 'ms' else value:,}"
    return "none"


def test_the_page_of_raft_has_every_setting_and_its_default() -> None:
    nothing = {"no limit", "never"}
    written = {
        name.strip("`"): "none" if default in nothing else default
        for name, default, *_ in rows("Settings")
    }
    units = {name.strip("`"): unit for name, _, unit, _ in rows("Settings")}
    defaults = {
        name: as_written(getattr(Settings(), name), units.get(name, ""))
        for name in Settings.__struct_fields__
    }
    assert written == defaults
    assert set(units.values()) == {"", "ms", "entries", "bytes", "messages", "sessions", "ppm"}


def test_the_page_of_raft_names_methods_where_they_are() -> None:
    named = 0
    for row in rows("The rules, and where they live"):
        for file, names in re.findall(r"`([a-z_/]+\.py)`:((?: `\w+`,?)+)", row[2]):
            path = ROOT / "raft" / "consensus" / file
            source = (path if path.exists() else ROOT / "raft" / file).read_text()
            for name in re.findall(r"`(\w+)`", names):
                assert re.search(rf"(def|class) {name}\b", source), f"{file} has no {name}"
                named += 1
    assert named > 60


def test_the_page_of_raft_names_all_that_observers_are_told() -> None:
    told = [name for name in vars(Observer) if not name.startswith("_")]
    written = [
        name for row in rows("What is told to observers") for name in re.findall(r"`(\w+)`", row[1])
    ]
    assert sorted(written) == sorted(told)


def test_the_page_of_raft_names_every_scenario_and_suite() -> None:
    tables = rows("What the acceptance suites assert")
    patterns = [each for row in tables for each in re.findall(r"`([a-z_]+\*?)`", row[1])]
    for pattern in patterns:
        assert list(SCENARIOS.glob(f"{pattern}.txt")), f"no scenario is called {pattern}"
    matched = {path for pattern in patterns for path in SCENARIOS.glob(f"{pattern}.txt")}
    assert matched == set(SCENARIOS.glob("*.txt"))
    for suite in re.findall(r"`(test_\w+\.py)`", " ".join(row[0] for row in tables)):
        assert (SCENARIOS.parent / suite).exists()


# -- The site ----------------------------------------------------------------------------------------


def test_every_page_has_its_place_on_the_site() -> None:
    """make docs tells of links that lead nowhere; this is the cheap half."""
    site = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    named = re.findall(r"([\w/-]+\.md)$", site, flags=re.MULTILINE)
    assert len(named) == len(set(named))
    outside = {"architecture.md", "changelog.md"}
    assert set(named) == {page.name for page in PAGES} | {"bugs/README.md"} | outside
