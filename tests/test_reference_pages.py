"""The pages of reference name all that there is, with its defaults, and nothing else."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import click
import msgspec
import pytest

from checker.models import model_names
from checker.trace import TraceEvent
from nemesis.cli import reference
from nemesis.cluster.real import disks
from nemesis.cluster.real.kinds import capabilities
from nemesis.cluster.real.process import ProcessCluster
from nemesis.faults import ENDS, FAULTS, Fault
from nemesis.faults.fault import MILLISECOND
from nemesis.faults.partition import SHAPES
from nemesis.macro import text as macro_text
from nemesis.macro.steps import MacroStep, MessageKind
from nemesis.macro.text import parse_steps
from nemesis.outcome import Evidence, Statistics
from nemesis.schedule import decode_schedule
from nemesis.store import Results, SavedFailure
from nemesis.workloads import WORKLOADS
from tests.docs.blocks import ROOT

FAULT_PAGE = (ROOT / "docs" / "faults.md").read_text()
MACRO_PAGE = (ROOT / "docs" / "macro-steps.md").read_text()
FILE_PAGE = (ROOT / "docs" / "files.md").read_text()
BENCH_PAGE = (ROOT / "docs" / "benchmarks.md").read_text()
# Fields that the page tells of once, for all.
COMMON = {"wait", "pick"}


def rows(page: str, heading: str) -> list[dict[str, str]]:
    """The rows of all tables with such a first column, by their columns' headings."""
    found: list[dict[str, str]] = []
    columns: list[str] = []
    for line in page.splitlines():
        # An escaped bar stands for itself.
        cells = [each.strip() for each in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            columns = []
        elif not columns:
            columns = cells
        elif set(cells[0]) != {"-"} and columns[0] == heading:
            found.append(dict(zip(columns, cells, strict=True)))
    return found


def described() -> dict[str, dict[str, str]]:
    """The rows that say what a fault does, or what a step of operators asks for."""
    steps = [row for row in rows(FAULT_PAGE, "step") if "fields" in row]
    return {next(iter(row.values())).strip("`"): row for row in rows(FAULT_PAGE, "fault") + steps}


def as_written(value: object) -> str:
    """A default as the page has it."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return f"`{value}`"
    if isinstance(value, int) and value >= MILLISECOND:
        return f"{value // MILLISECOND} ms"
    return json.dumps(value)


def own_fields(kind: type[Fault]) -> dict[str, object]:
    """The fields that a fault has of its own, or of which the default is its own."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    return {
        name: value
        for name, value in defaults.items()
        if name not in COMMON and (name, value) != ("target", "leader")
    }


def test_every_fault_stands_in_the_reference_once() -> None:
    assert set(described()) == set(FAULTS)
    assert len(described()) == len(rows(FAULT_PAGE, "fault")) + sum(
        "fields" in row for row in rows(FAULT_PAGE, "step")
    )


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_has_all_its_fields_with_their_defaults(name: str) -> None:
    told = dict(re.findall(r"`(\w+)`: (.*?)(?=, `|$)", described()[name]["fields"]))
    expected = {field: as_written(value) for field, value in own_fields(FAULTS[name]).items()}
    assert {field: value for field, value in told.items() if field not in COMMON} == expected


def test_what_ends_a_fault_is_told() -> None:
    for name, row in described().items():
        end = ENDS.get(name)
        assert end is None or f"`{end}`" in row.get("ended by", row.get("what it asks for", ""))
        if "ended by" in row and end is None:
            assert row["ended by"] == "", name


def test_the_reference_says_which_cluster_can_be_hit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if this machine had FUSE and libfaketime."""
    monkeypatch.setattr(disks, "why_not", lambda: None)
    monkeypatch.setattr(ProcessCluster, "clock_library", classmethod(lambda cls: Path("there")))
    told = [row for row in rows(FAULT_PAGE, "step") if "sim" in row]
    assert [row["step"].strip("`") for row in told] == list(described())
    for row in told:
        name = row.pop("step").strip("`")
        able = {kind for kind, cell in row.items() if cell == "yes"}
        assert set(row.values()) <= {"yes", ""}
        expected = {kind for kind in row if kind != "sim" and name in capabilities(kind)}
        assert able == expected | ({"sim"} if FAULTS[name].is_simulated else set()), name


def test_the_examples_have_every_fault_of_the_simulator() -> None:
    examples = re.findall(r"```json\n(.*?)```", FAULT_PAGE, flags=re.DOTALL)
    shown = {
        fault.kind for each in examples for fault in decode_schedule(each.encode(), "page").faults
    }
    assert shown == {name for name, kind in FAULTS.items() if kind.is_simulated}


def test_every_shape_of_partitions_stands_in_the_reference() -> None:
    assert [row["shape"].strip("`") for row in rows(FAULT_PAGE, "shape")] == list(SHAPES)


def test_every_macro_step_stands_in_the_reference_as_it_is_written() -> None:
    lines = [row["step"].strip("`") for row in rows(MACRO_PAGE, "step")]
    shown = {type(step) for step in parse_steps("\n".join(lines))}
    assert shown == set(MacroStep.__subclasses__())
    for kind in get_args(MessageKind):
        assert f"`{kind}`" in MACRO_PAGE


def test_every_word_of_a_macro_step_stands_in_the_reference() -> None:
    asked = re.findall(r"take_if\(([^)]*)\)", inspect.getsource(macro_text))
    words = {word for each in asked for word in re.findall(r'"([a-z]+)"', each)}
    assert {"hastily", "newest", "copy", "torn", "held", "explicit"} <= words
    cells = " ".join(cell for row in rows(MACRO_PAGE, "step") for cell in row.values())
    told = set(re.findall(r"[a-z]+", " ".join(re.findall(r"`[^`]+`", cells))))
    assert words - told == set()


# -- Files, models, workloads ------------------------------------------------------------------------


def test_every_event_of_a_trace_stands_in_the_reference_with_its_fields() -> None:
    common = {"sequence", "time", "node"}
    expected = {
        str(event.__struct_config__.tag): [
            field for field in event.__struct_fields__ if field not in common
        ]
        for event in get_args(TraceEvent)
    }
    told = {
        row["event"].strip("`"): re.findall(r"`(\w+)`", row["fields"])
        for row in rows(FILE_PAGE, "event")
    }
    assert told == expected


def test_all_that_results_hold_stands_in_the_reference() -> None:
    told = {row["field"].strip("`"): row["meaning"] for row in rows(FILE_PAGE, "field")}
    assert list(told) == list(Results.__struct_fields__)
    parts = {
        "failures": SavedFailure.__struct_fields__,
        "statistics": [field.name for field in fields(Statistics)],
        "evidence": [field.name for field in fields(Evidence)],
    }
    for name, inside in parts.items():
        assert all(f"`{each}`" in told[name] for each in inside), name


def test_every_model_and_every_workload_has_its_place() -> None:
    for names, page in ((model_names(), "models.md"), (WORKLOADS, "workloads.md")):
        text = (ROOT / "docs" / page).read_text()
        assert [name for name in names if not re.search(rf"`{name}[`:(]", text)] == []


# -- Commands ----------------------------------------------------------------------------------------


def test_the_page_of_the_command_line_is_what_the_program_says() -> None:
    """If this fails: python -m nemesis.cli.reference"""
    assert (ROOT / "docs" / "command-line.md").read_text() == reference.page()


def test_every_command_and_every_option_stands_in_the_reference() -> None:
    page = reference.page()
    for path, command in reference.commands():
        section = page.split(f"\n## {path}\n")[1].split("\n## ")[0]
        options = [each for each in command.params if isinstance(each, click.Option)]
        for name in (name for each in options for name in (*each.opts, *each.secondary_opts)):
            assert f"`{name}`" in section, f"{path} {name}"
        assert section.count("\n| `-") == len(options)


# -- Benchmarks --------------------------------------------------------------------------------------


def test_every_benchmark_stands_in_the_reference() -> None:
    measured = [row["benchmark"].strip("`") for row in rows(BENCH_PAGE, "benchmark")]
    parts = re.findall(
        r"^Parts that others use: .*?(?:\n\n|\Z)", BENCH_PAGE, re.DOTALL | re.MULTILINE
    )
    shared = re.findall(r"`(\w+\.py)`", " ".join(parts))
    assert sorted(measured + shared) == sorted(path.name for path in (ROOT / "bench").glob("*.py"))
    for row in rows(BENCH_PAGE, "benchmark"):
        name = row["benchmark"].strip("`")
        assert f"bench/{name}" in row["command"] or f"bench.{name[:-3]}" in row["command"]
        assert row["last figures"]
