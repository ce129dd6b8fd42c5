"""The data of the page: the same in Python and in TypeScript, complete, and inert in the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checker.history import Event, History
from checker.lincheck import check
from checker.models import get_model
from checker.report import data
from checker.report.data import Report, encode_report
from checker.report.html import inert, page
from nemesis.report import report_of_history
from tests.report.samples import SAMPLES

TWIN = Path(data.__file__).with_name("page") / "src" / "data.ts"
# What TypeScript calls otherwise: Promise is a word of its own.
RENAMED = {"Promise": "Promised"}
# Parts that TypeScript writes where they are used.
INLINE = {"Step", "Stuck"}


def structs() -> dict[str, type[msgspec.Struct]]:
    return {
        name: value
        for name, value in vars(data).items()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and name[0] != "_"
        if value is not msgspec.Struct and name not in INLINE
    }


def interfaces() -> dict[str, set[str]]:
    source = re.sub(r"/\*.*?\*/|//[^\n]*", "", TWIN.read_text(), flags=re.DOTALL)
    found = {}
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", source, re.DOTALL):
        found[name] = set(re.findall(r"^  (\w+)\??:", body, re.MULTILINE))
    return found


@pytest.mark.parametrize("name", structs())
def test_both_languages_have_the_same_fields(name: str) -> None:
    fields = set(structs()[name].__struct_fields__)
    assert interfaces()[RENAMED.get(name, name)] == fields


@pytest.mark.parametrize("sample", SAMPLES)
def test_columns_are_of_one_length(sample: str) -> None:
    report = SAMPLES[sample]()
    tables = {"processes", "functions", "keys", "errors", "kinds", "texts", "fates", "labels"}
    tables |= {"initial"}
    for part in (report.operations, report.trace, report.messages):
        if part is not None:
            lengths = {
                len(column)
                for name in part.__struct_fields__
                if name not in tables and isinstance(column := getattr(part, name), list | tuple)
            }
            assert len(lengths) == 1


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_the_page_reads_is_what_was_written(sample: str) -> None:
    report = SAMPLES[sample]()
    (block,) = re.findall(
        r'<script type="application/json" id="report-data">(.*?)</script>', page(report), re.DOTALL
    )
    assert not set("<>&\u2028\u2029") & set(block)
    assert msgspec.json.decode(block, type=Report) == report


HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    "\u2028\u2029&lt;",
    "\ud800 alone",
    "\x00\x1b[31m\r\n",
    "'\"`${alert(1)}",
    "{policy}{data}{code}",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_history_holds_is_inert(text: str) -> None:
    """In the place of a value, a key, a function, a process and an error."""
    events = [
        Event(0, text, "invoke", "put", text, text, 1),
        Event(1, text, "ok", "put", text, text, 2),
        Event(2, 1, "invoke", "get", text, None, 3),
        Event(3, 1, "ok", "get", text, f"{text}!", 4),
        Event(4, 2, "invoke", "get", text, None, 5),
        Event(5, 2, "info", "get", text, None, 6, text),
    ]
    history = History(events, source=text)
    model = get_model("kv")
    verdict = check(history, model)
    assert verdict.conflict is not None
    report = report_of_history(history, model, verdict)
    written = page(report)
    assert written.encode()
    (block,) = re.findall(
        r'<script type="application/json" id="report-data">(.*?)</script>', written, re.DOTALL
    )
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block)["operations"]["processes"] == list(report.operations.processes)  # type: ignore[union-attr]
    # Beside the data the page says nothing of it but in its head, escaped.
    rest = written.replace(block, "")
    assert "<script>alert" not in rest
    # The data's own element and the code's, and what the code itself says.
    head, code = rest[: rest.rindex("<script>")], rest[rest.rindex("<script>") :]
    assert (head.count("<script"), code.count("</script>")) == (1, 1)


def test_inert_json_means_the_same() -> None:
    value: dict[str, Any] = {"<a>&": ["</script>", "\u2028", "<!--", "\\u003c", "ä"]}
    text = inert(msgspec.json.encode(value))
    assert json.loads(text) == value
    assert "<" not in text


def test_long_values_are_cut_and_a_note_says_so() -> None:
    long = "x" * 100_000
    events = [
        Event(0, 0, "invoke", "put", "k", long, 1),
        Event(1, 0, "ok", "put", "k", long, 2),
        Event(2, 1, "invoke", "get", "k", None, 3),
        Event(3, 1, "ok", "get", "k", long + "y", 4),
    ]
    history = History(events)
    verdict = check(history, get_model("kv"))
    assert verdict.conflict is not None
    report = report_of_history(history, get_model("kv"), verdict)
    assert len(encode_report(report)) < 8_000
    assert any("too long" in note for note in report.notes)
    assert report.operations is not None
    assert report.operations.value[0].endswith("(100,002 characters)")
