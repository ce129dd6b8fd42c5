"""Judging events as they come, and ending at the first impossible one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import click

from checker.errors import CheckerError
from checker.formats import ByteFile, read_events
from checker.history import Event, HistoryError
from checker.lincheck import BudgetExhausted, Monitor, StreamFailure
from checker.lincheck.conditions import LINEARIZABLE
from checker.models import UnknownModelError
from checker.verdict import Validity
from nemesis.cli.check_files import open_standard_input, unreadable
from nemesis.cli.check_linearizable import NOTHING_TOLD
from nemesis.cli.check_progress import Progress
from nemesis.cli.check_report import (
    STANDARD_INPUT,
    Report,
    cut,
    exit_code,
    label,
    plain,
    show,
)
from nemesis.cli.check_request import Request
from nemesis.counted import counted

_BETWEEN_LOOKS = 0.2
"""Seconds until it is looked again whether something was added to a file."""


def check_stream(file: str, request: Request, follow: bool) -> int:
    """Judge the events of a file as they come, and report; the exit code.

    Ctrl-C ends the run that is judged: the verdict is on what has come.
    """
    if request.model is None:
        raise click.UsageError("--stream needs --model: a verdict cannot wait for the history")
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(label(file)))
        try:
            opened: ByteFile = _open(file, stack)
        except OSError as error:
            raise unreadable(error, file) from error
        if follow and file != STANDARD_INPUT:
            opened = Growing(opened)
        monitor = Monitor(request.model, budget=request.budget)
        events = read_events(opened, source=label(file), independent=request.independent)
        report = _judge(file, monitor, events, progress)
        report.data["model"] = request.model.name
    show(report, request.as_json)
    return exit_code([report])


def _open(file: str, stack: ExitStack) -> ByteFile:
    if file == STANDARD_INPUT:
        return open_standard_input()
    return stack.enter_context(open(file, "rb"))


def _judge(file: str, monitor: Monitor, events: Iterable[Event], progress: Progress) -> Report:
    reason, was_interrupted = "", False
    progress.now(lambda: counted(monitor.events, "event"))
    try:
        try:
            for event in events:
                progress.tick()
                if not monitor.feed(event):
                    break
        except KeyboardInterrupt:
            was_interrupted = True
        monitor.finish()
    except BudgetExhausted as error:
        reason = str(error)
    except (HistoryError, CheckerError, UnknownModelError) as error:
        where = "" if isinstance(error, HistoryError) and error.source else f"{label(file)}: "
        return Report(file, error=f"{where}{error}", data=_data(monitor, None, ""))
    failure = monitor.failure
    facts = counted(monitor.events, "event")
    if was_interrupted:
        facts += ", then interrupted"
    if failure is not None:
        validity = Validity.INVALID
        lines = [cut(f"impossible from event {failure.event} on: {failure.reason}")]
    elif reason or not monitor.answered:
        reason = reason or NOTHING_TOLD
        validity, lines = Validity.UNKNOWN, [reason]
    else:
        validity, lines = Validity.VALID, []
    return Report(file, validity, None, facts, tuple(lines), _data(monitor, failure, reason))


def _data(monitor: Monitor, failure: StreamFailure | None, reason: str) -> dict[str, Any]:
    return {
        "condition": LINEARIZABLE,
        "reasons": [reason] if reason else [],
        "failures": []
        if failure is None
        else [{"kind": "linearizability", "message": str(failure)}],
        "keys": [] if failure is None or failure.key is None else [plain(failure.key)],
        "event": None if failure is None else failure.event,
        "events": monitor.events,
    }


class Growing:
    """A file to which somebody still adds: at its end it waits for more, for ever."""

    def __init__(self, file: ByteFile, wait: Callable[[float], None] = time.sleep) -> None:
        self._read1: Callable[[int], bytes] = getattr(file, "read1", file.read)
        self._wait = wait

    def read(self, size: int = -1) -> bytes:
        """As ``read1``; nothing if nothing was asked for."""
        return self.read1(size) if size else b""

    def read1(self, size: int = -1) -> bytes:
        """What is there, at least a byte."""
        while not (content := self._read1(size)):
            self._wait(_BETWEEN_LOOKS)
        return content
