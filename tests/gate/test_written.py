"""What machines and people read of a gate."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from checker.verdict import Validity
from nemesis.gate.stage import Case, Stage
from nemesis.gate.written import junit, markdown

GOOD = Stage(
    "replay", Validity.VALID, "2 replayed", 1.5, (Case("a", 0.5), Case("b", skipped="why"))
)
BAD = Stage("fuzz", Validity.INVALID, "10 runs", 2.0, (Case("seed 7", 0.1, "first line\nsecond"),))
OPEN = Stage("fuzz", Validity.UNKNOWN, "nobody can tell of seed 5", 2.0, (Case("9 runs"),))


def test_junit_counts_what_failed_and_what_was_left_out() -> None:
    root = ElementTree.fromstring(junit([GOOD, BAD]))
    replay, fuzz = root.iter("testsuite")
    assert (replay.get("tests"), replay.get("failures"), replay.get("skipped")) == ("2", "0", "1")
    assert (fuzz.get("tests"), fuzz.get("failures")) == ("1", "1")
    failure = fuzz.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "first line"
    assert failure.text == "first line\nsecond"


def test_an_unknown_stage_is_no_success_in_junit() -> None:
    (suite,) = ElementTree.fromstring(junit([OPEN])).iter("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert "nobody can tell" in str(ElementTree.tostring(suite))


def test_markdown_says_the_verdict_first() -> None:
    text = markdown([GOOD, BAD])
    assert text.splitlines()[0] == "## splitbrain gate: ❌ invalid"
    assert "| replay | ✅ valid | 2 replayed | 2 |" in text
    assert "```text\nfirst line\nsecond\n```" in text
    assert "replay: 1 left out: why" in text


def test_what_comes_from_a_history_is_no_markup() -> None:
    evil = "```\n# <script>alert(1)</script>\n````"
    stage = Stage("fuzz", Validity.INVALID, "a | b <b>", 0.0, (Case("<i>", 0.0, evil),))
    text = markdown([stage])
    assert "a \\| b \\<b\\>" in text
    assert f"`````text\n{evil}\n`````" in text
    assert "### fuzz: \\<i\\>" in text


@given(st.text(), st.text())
def test_junit_is_xml_whatever_a_history_holds(name: str, problem: str) -> None:
    stage = Stage("fuzz", Validity.INVALID, problem, 0.0, (Case(name, 0.0, problem),))
    root = ElementTree.fromstring(junit([stage]))
    assert len(list(root.iter("failure"))) == 1
