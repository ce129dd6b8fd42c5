"""Runs a job of a workflow as GitHub does: each step in a shell of its own, until one fails."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.docs.folder import environment
from tests.docs.sessions import LIMIT
from tests.docs.workflows import CONTEXT, Job, Upload, WorkflowError

# What GitHub tells jobs. That of itself is out of reach: nothing listens on port 9.
OF_GITHUB: Mapping[str, str] = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": CONTEXT["github.repository"],
    "GITHUB_RUN_NUMBER": "7",
    "https_proxy": "http://127.0.0.1:9",
}


class Ended(NamedTuple):
    """How a job ended: its code is that of the step that failed, 0 if none did."""

    code: int
    printed: str
    # The files of each artifact, relative to the folder.
    artifacts: Mapping[str, Sequence[Path]]
    # What the page of the job shows.
    summary: str


def run_job(job: Job, stand_ins: Sequence[tuple[str, str]], folder: Path, scratch: Path) -> Ended:
    """Run all steps in a folder. Raises WorkflowError for what is not there: to be stood in for, or
    to be uploaded."""
    summary = scratch / "summary.md"
    variables = {**environment(folder), **OF_GITHUB, "GITHUB_STEP_SUMMARY": str(summary)}
    left = dict(stand_ins)
    code, printed = 0, ""
    artifacts: dict[str, Sequence[Path]] = {}
    for step in job.steps:
        if code and not step.is_always:
            continue
        if step.upload is not None:
            artifacts[step.upload.name] = _uploaded(step.upload, folder, step.place)
        if step.run is None:
            continue
        command = step.run
        for old, new in stand_ins:
            if old in command:
                command = command.replace(old, new)
                left.pop(old, None)
        ended, told = _run(command, folder, {**variables, **step.environment}, scratch)
        printed += f"{step.place}: {command}\n{told}\n"
        code = code or ended
    if left and not code:
        raise WorkflowError(f"{job.workflow}: {job.name}: there is no {' and no '.join(left)}")
    return Ended(code, printed, artifacts, summary.read_text() if summary.exists() else "")


def _run(
    command: str, folder: Path, variables: Mapping[str, str], scratch: Path
) -> tuple[int, str]:
    script = scratch / "step.sh"
    script.write_text(command)
    process = subprocess.Popen(
        ["bash", "-e", str(script)],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise WorkflowError(f"{command}\ntook more than {LIMIT:.0f} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode, printed


def _uploaded(upload: Upload, folder: Path, place: str) -> list[Path]:
    """The files that are there. Hidden ones are left out unless they are asked for."""
    files: list[Path] = []
    for name in upload.paths:
        path = folder / name
        found = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        named = [each.relative_to(folder) for each in found]
        shown = [
            each
            for each in named
            if upload.has_hidden_files or not any(part.startswith(".") for part in each.parts)
        ]
        if not shown and not upload.may_be_missing:
            raise WorkflowError(f"{place}: there is no {name} to be uploaded")
        files += shown
    return files
