"""docs/checking.md is true: its files are written, its commands run, their output compared."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nemesis.cli import run
from tests.checker.documents import ROOT, run_code_blocks

PAGE = ROOT / "docs" / "checking.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Command(NamedTuple):
    line: str
    output: str


def files() -> Iterator[tuple[str, str]]:
    """The name before each block of data, and what is in it."""
    text = PAGE.read_text()
    for block in BLOCK.finditer(text):
        if block[1] in ("jsonl", "csv", "edn"):
            before = text[: block.start()].rstrip()
            name = re.search(r"`([\w.]+)`:$", before)
            assert name is not None, before[-80:]
            yield name[1], block[2]


def commands() -> Iterator[Command]:
    for block in BLOCK.finditer(PAGE.read_text()):
        if block[1] == "console":
            for each in block[2].split("$ ")[1:]:
                line, _, output = each.partition("\n")
                yield Command(line, output)


def timeless(text: str) -> str:
    return re.sub(r"\d+\.\d\d s\)", "0.00 s)", text)


def test_every_command_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in files():
        Path(name).write_text(content)
    code = 0
    told = list(commands())
    assert len(told) >= 12
    for line, expected in told:
        found = b""
        for stage in line.split(" | "):
            match shlex.split(stage):
                case ["cat", name]:
                    found = Path(name).read_bytes()
                case ["echo", "$?"]:
                    found = f"{code}\n".encode()
                case ["python", "-m", "json.tool"]:
                    found = json.dumps(json.loads(found), indent=4).encode()
                case ["splitbrain", *arguments]:
                    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(found)))
                    # As on a terminal, where both streams are seen as they come.
                    monkeypatch.setattr(sys, "stderr", sys.stdout)
                    code = run(arguments)
                    found = capfd.readouterr().out.encode()
                case other:
                    raise AssertionError(f"what is {other}?")
        output = timeless(found.decode())
        if expected.endswith("...\n"):
            assert output.startswith(expected.removesuffix("...\n")), line
        else:
            assert output == expected, line


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_the_code_of_the_page_runs() -> None:
    assert run_code_blocks("docs/checking.md") == 1
