"""What a gate came to, for machines and for people: JUnit XML, and Markdown for a job's summary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from checker.verdict import Validity
from nemesis.gate.stage import Case, Stage, verdict_of

# Problems that are written out, of one stage, and the longest of them, in characters.
_MOST_PROBLEMS = 20
_LONGEST = 4_000
# What XML 1.0 cannot hold, in whatever form.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SIGNS = {Validity.VALID: "✅", Validity.INVALID: "❌", Validity.UNKNOWN: "❔"}


def junit(stages: Sequence[Stage]) -> bytes:
    """A test suite for each stage, as most CI servers read it."""
    root = ElementTree.Element("testsuites", name="splitbrain gate")
    for stage in stages:
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=stage.name,
            time=f"{stage.seconds:.3f}",
            tests=str(len(stage.cases) or 1),
            failures=str(len(stage.problems)),
            errors="0",
            skipped=str(sum(case.skipped is not None for case in stage.cases)),
        )
        cases = stage.cases
        if stage.validity is not Validity.VALID and not stage.problems:
            # Nobody may take for a success what is none.
            cases = (*cases, Case("verdict", 0.0, f"{stage.validity}: {stage.words}"))
            suite.set("tests", str(len(cases)))
            suite.set("failures", "1")
        for case in cases:
            _add_case(suite, stage.name, case)
        ElementTree.SubElement(suite, "system-out").text = _xml_text(stage.words)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _add_case(suite: ElementTree.Element, stage: str, case: Case) -> None:
    element = ElementTree.SubElement(
        suite,
        "testcase",
        classname=f"splitbrain.{stage}",
        name=_xml_text(case.name),
        time=f"{case.seconds:.3f}",
    )
    if case.problem is not None:
        first = case.problem.splitlines()[0] if case.problem else ""
        failure = ElementTree.SubElement(element, "failure", message=_xml_text(first))
        failure.text = _xml_text(case.problem)
    elif case.skipped is not None:
        ElementTree.SubElement(element, "skipped", message=_xml_text(case.skipped))


def _xml_text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def markdown(stages: Sequence[Stage]) -> str:
    """A table of the stages, and what is wrong, if anything."""
    verdict = verdict_of(stages)
    lines = [
        f"## splitbrain gate: {_SIGNS[verdict]} {verdict}",
        "",
        "| stage | verdict | what was done | s |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {stage.name} | {_SIGNS[stage.validity]} {stage.validity} | {_cell(stage.words)} "
        f"| {stage.seconds:.0f} |"
        for stage in stages
    ]
    for stage in stages:
        problems = stage.problems
        for case in problems[:_MOST_PROBLEMS]:
            lines += ["", f"### {stage.name}: {_cell(case.name)}", "", *_block(case.problem or "")]
        if len(problems) > _MOST_PROBLEMS:
            lines += ["", f"... and {len(problems) - _MOST_PROBLEMS} more of {stage.name}."]
        if skipped := stage.left_out:
            reasons = "; ".join(sorted({case.skipped or "" for case in skipped}))
            lines += ["", f"{stage.name}: {len(skipped)} left out: {_cell(reasons)}"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """What comes from a history is no markup, and no end of a cell."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|#!&~])", r"\\\1", text)
    return " ".join(escaped.split())


def _block(text: str) -> list[str]:
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "\n..."
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", text, fence]
