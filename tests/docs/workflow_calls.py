"""What the steps of a workflow call, with the arguments that a shell gives; nothing is done."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from nemesis.cli import cli
from nemesis.errors import UnknownName
from tests.docs.blocks import ROOT
from tests.docs.folder import STAND_INS
from tests.docs.workflow_run import OF_GITHUB
from tests.docs.workflows import Step, WorkflowError

_STUB = """#!/bin/sh
{ printf '%s\\0' "${0##*/}" "$@"; echo; } >>"$CALLS"
"""
_BIN = ".venv/bin"
_OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
_CALLED = ("make", "pip", "pytest", "splitbrain")


def calls_of(
    step: Step, scratch: Path, variables: Mapping[str, str] = OF_GITHUB
) -> list[list[str]]:
    """The commands that a step calls, each as its words. Raises WorkflowError."""
    tools, calls = scratch / "tools", scratch / "calls"
    tools.mkdir(exist_ok=True)
    for name in _CALLED:
        (tools / name).write_text(_STUB)
        (tools / name).chmod(0o755)
    calls.write_bytes(b"")
    # Nothing else is found on the way.
    told = subprocess.run(
        ["/bin/bash", "-e", "-c", step.run or ""],
        env={**variables, **step.environment, "PATH": str(tools), "CALLS": str(calls)},
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        raise WorkflowError(f"{step.place}: {step.run}\n{told.stderr}")
    return [call.split("\0") for call in calls.read_text().split("\0\n") if call]


def parsed(arguments: list[str]) -> click.Context:
    """The command of splitbrain, with its parameters. Raises ClickException or UnknownName."""
    command: click.Command = cli
    rest = arguments
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0]) if rest else None
        if found is None:
            raise click.UsageError("there is no command")
        command, rest = found, rest[1:]
    return command.make_context("splitbrain", list(rest))


def refuse_wrong(call: list[str], place: str) -> None:
    """Raise WorkflowError unless what is called knows all its arguments."""
    name, *arguments = call
    checks: dict[str, Callable[[list[str]], object]] = {
        "make": _make,
        "pip": _pip,
        "pytest": _pytest,
        "splitbrain": parsed,
    }
    try:
        checks[name](arguments)
    except click.ClickException as error:
        raise WorkflowError(f"{place}: {shlex.join(call)}: {error.format_message()}") from None
    except UnknownName as error:
        raise WorkflowError(f"{place}: {shlex.join(call)}: {error}") from None
    except subprocess.CalledProcessError as error:
        raise WorkflowError(f"{place}: {shlex.join(call)}\n{error.output}") from None


def _make(arguments: list[str]) -> None:
    """Targets, variables, and what is called with them."""
    makefile = (ROOT / "Makefile").read_text()
    for variable in (each.partition("=")[0] for each in arguments if "=" in each):
        if not re.search(rf"^{re.escape(variable)} \?=", makefile, re.MULTILINE):
            raise click.UsageError(f"the Makefile has no variable {variable!r}")
    for line in _told(["make", "--dry-run", *arguments]).splitlines():
        words = line.partition(f"{_BIN}/")[2]
        if words.startswith("splitbrain "):
            parsed(shlex.split(words)[1:])
        elif words.startswith("python -m pytest "):
            _pytest(shlex.split(words)[3:])


def _pip(arguments: list[str]) -> None:
    _told([str(STAND_INS / "pip"), *arguments])


def _pytest(arguments: list[str]) -> None:
    collecting = ("--collect-only", "-q", "-n", "0", "-p", "no:cacheprovider")
    _told([sys.executable, "-m", "pytest", *arguments, *collecting])


def _told(command: list[str]) -> str:
    """What it prints, here. Raises CalledProcessError."""
    # What make was told that runs the tests is not for the one that is called here.
    variables = {name: value for name, value in os.environ.items() if name not in _OF_MAKE}
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**variables, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout
