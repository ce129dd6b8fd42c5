"""Every example of docs/formats.md is read, and says what the page says that it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from checker.formats import detect_format, parse_history
from checker.history import History
from checker.lincheck import check
from checker.models import get_model
from checker.verdict import Validity

PAGE = Path(__file__).parent.parent.parent / "docs" / "formats.md"

EXAMPLES = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)

KINDS = {"jsonl": "splitbrain", "edn": "edn", "log": "jepsen-log", "csv": "csv"}


def test_the_page_has_examples_of_all_formats() -> None:
    assert {language for language, _ in EXAMPLES} == {*KINDS, "python"}


@pytest.mark.parametrize(("language", "text"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_tells_the_same_story(language: str, text: str) -> None:
    if language == "python":
        names: dict[str, Any] = {}
        exec(text, names)
        history: History = names["history"]
    else:
        assert detect_format(text) == KINDS[language]
        history = parse_history(text)
    told = [(o.process, o.f, o.argument, o.outcome) for o in history.operations()]
    assert told == [(0, "write", 1, "ok"), (1, "read", None, "ok"), (2, "write", 2, "info")]
    assert history.operations()[1].result == 1
    assert check(history, get_model("register")).validity is Validity.VALID
