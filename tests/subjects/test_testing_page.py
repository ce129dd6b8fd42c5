"""docs/testing-your-raft.md is true: its errors are found. Its commands run with the page."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from checker.invariants import MONITORS
from nemesis.faults import FAULTS
from nemesis.run import run
from nemesis.search.generate import generate
from nemesis.subjects import adapters
from nemesis.subjects.registry import subject_named
from tests.docs.blocks import ROOT, read_page

PATH = ROOT / "docs" / "testing-your-raft.md"
PAGE = PATH.read_text()
MODULES = ("tiny_raft", "tiny_subject")


class Mutation(NamedTuple):
    file: str
    old: str
    new: str
    kind: str


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without the table's own."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[2:]]


FILES = {block.said.file: block.text for block in read_page(PATH) if block.said.file is not None}
MUTATIONS = [
    Mutation(*(cell.strip("` ") for cell in row)) for row in rows("Ruling out the harness")
]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with the files of the page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name, None)


def test_the_complete_example_is_short() -> None:
    assert sum(len(FILES[f"{name}.py"].splitlines()) for name in MODULES) < 150


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.kind)
def test_what_is_broken_on_purpose_is_convicted(mutation: Mutation, directory: Path) -> None:
    text = FILES[mutation.file]
    assert text.count(mutation.old) == 1
    (directory / mutation.file).write_text(text.replace(mutation.old, mutation.new))
    subject = subject_named("tiny_subject:TinySubject")
    for seed in range(20):
        failures = run(generate(seed, tested=subject), subject).verdict.failures
        if failures:
            assert failures[0].kind == mutation.kind
            return
    pytest.fail("not convicted in 20 runs")


def test_what_the_page_names_exists() -> None:
    unlocked = " ".join(row[1] for row in rows("What each capability unlocks"))
    for name in re.findall(r"[a-z]+(?:-[a-z]+)+", unlocked):
        assert name in MONITORS, name
    for family, faults, _ in rows("Claiming faults honestly")[:-1]:
        names = set(faults.split(", "))
        assert names == getattr(adapters, family.strip("`"))
        assert names <= FAULTS.keys()
