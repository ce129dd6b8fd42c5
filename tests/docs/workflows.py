"""The workflows of GitHub Actions: their jobs, read as GitHub reads them; the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.docs.blocks import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

# What expressions stand for, beside those of the matrix.
CONTEXT: Mapping[str, str] = {
    "github.ref": "refs/heads/main",
    "github.repository": "owner/repository",
    "secrets.GITHUB_TOKEN": "token",
}
# The actions that are used, and what each is given; GitHub ignores what they do not know.
ACTIONS: Mapping[str, set[str]] = {
    "actions/checkout@v4": set(),
    "actions/setup-python@v5": {"python-version", "cache"},
    "actions/upload-artifact@v4": {"name", "path", "if-no-files-found", "include-hidden-files"},
}

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_OF_WORKFLOW = {"name", "on", "permissions", "concurrency", "jobs"}
_OF_JOB = {"runs-on", "timeout-minutes", "strategy", "steps"}
_OF_STEP = {"name", "if", "uses", "with", "run", "env"}
_CONDITIONS = {None, "always()"}


class WorkflowError(Exception):
    """A workflow that GitHub would not take, or not as it is meant: which, where, and why."""


@dataclass(frozen=True)
class Upload:
    """What an artifact is made of."""

    name: str
    paths: tuple[str, ...]
    may_be_missing: bool
    has_hidden_files: bool


@dataclass(frozen=True)
class Step:
    """A step that runs something, or uploads; the others prepare the machine."""

    place: str
    run: str | None
    environment: Mapping[str, str]
    upload: Upload | None
    # Whether it is done where one before it has failed.
    is_always: bool


@dataclass(frozen=True)
class Job:
    """A job on one machine: for a matrix there are several."""

    workflow: str
    name: str
    matrix: Mapping[str, str]
    steps: tuple[Step, ...]


def read_workflow(path: Path) -> list[Job]:
    """The jobs of a workflow, in order. Raises WorkflowError."""
    return parse_workflow(path.read_text(), path.name)


def parse_workflow(text: str, name: str) -> list[Job]:
    """The same of a text. Raises WorkflowError."""
    try:
        workflow = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WorkflowError(f"{name}: this is no yaml: {error}") from None
    # To YAML 1.1, which is what the parser reads, "on" is a truth value.
    known = {"on" if key is True else key: value for key, value in workflow.items()}
    _refuse_unknown(name, known, _OF_WORKFLOW)
    substituted(str(known.get("concurrency", "")), CONTEXT, name)
    return [
        Job(name, job, matrix, tuple(_steps(each, matrix, f"{name}: {job}")))
        for job, each in known["jobs"].items()
        for matrix in _matrices(each, f"{name}: {job}")
    ]


def substituted(text: str, values: Mapping[str, str], place: str) -> str:
    """The text with its expressions replaced. Raises WorkflowError for one that nobody knows."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise WorkflowError(f"{place}: nobody knows the expression {found[1]!r}")
        return values[found[1]]

    return _EXPRESSION.sub(value, text)


def _matrices(job: Any, place: str) -> list[Mapping[str, str]]:
    _refuse_unknown(place, job, _OF_JOB)
    matrix = job.get("strategy", {}).get("matrix", {})
    values = [[str(value) for value in each] for each in matrix.values()]
    return [dict(zip(matrix, chosen, strict=True)) for chosen in product(*values)]


def _steps(job: Any, matrix: Mapping[str, str], where: str) -> Iterator[Step]:
    values = {**CONTEXT, **{f"matrix.{key}": value for key, value in matrix.items()}}
    for number, step in enumerate(job["steps"], 1):
        place = f"{where}, step {number}"
        _refuse_unknown(place, step, _OF_STEP)
        if ("run" in step) == ("uses" in step):
            raise WorkflowError(f"{place}: a step has either 'run' or 'uses'")
        if step.get("if") not in _CONDITIONS:
            raise WorkflowError(f"{place}: nobody knows the condition {step['if']!r}")

        def filled(value: object, place: str = place) -> str:
            return substituted(str(value), values, place)

        upload = None
        if "uses" in step:
            given = step.get("with", {})
            if step["uses"] not in ACTIONS:
                raise WorkflowError(f"{place}: nobody knows the action {step['uses']!r}")
            _refuse_unknown(place, given, ACTIONS[step["uses"]])
            if step["uses"].startswith("actions/upload-artifact@"):
                upload = Upload(
                    filled(given["name"]),
                    tuple(filled(given["path"]).split()),
                    given.get("if-no-files-found") == "ignore",
                    given.get("include-hidden-files") is True,
                )
        yield Step(
            place,
            filled(step["run"]) if "run" in step else None,
            {name: filled(value) for name, value in step.get("env", {}).items()},
            upload,
            step.get("if") == "always()",
        )


def _refuse_unknown(place: str, given: Mapping[str, object], known: set[str]) -> None:
    unknown = given.keys() - known
    if unknown:
        raise WorkflowError(f"{place}: nobody knows {', '.join(sorted(map(str, unknown)))}")
