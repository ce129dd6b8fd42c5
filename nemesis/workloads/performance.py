"""An operation of a client, as the requests that it takes, one after the other.

A program is a generator: it yields what is asked of the service next, is sent the answer, and
returns the outcome. Whoever drives it (a simulated client, a stepped or a real one) only passes on
requests and answers; what a missing answer means is decided here.

    the service refused a request        nothing came of it: ``fail``
    no answer, and the request reads     nobody was told, nothing was changed: ``fail``
    no answer, and the request writes    nobody knows whether it will: ``info``

If a request before had written already, the operation has happened in part, and nobody knows how
it stands: ``info``, whatever becomes of the rest.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from raft.kv.commands import CompareAndSet, Get, Operation, Result, Transaction


class Outcome(NamedTuple):
    """How an answered operation stands in the history: ``ok`` or ``fail``, with value and error."""

    type: str
    value: Any
    error: str | None = None


Program = Generator[Operation, Result, Outcome]


class Performance:
    """A program being performed. ``request`` is what the service is asked for now."""

    __slots__ = ("_has_written", "_program", "_value", "request")

    def __init__(self, program: Program, value: Any) -> None:
        """``value`` is the operation's argument, which stands in the history where nothing is
        answered. Raises what the program raises before its first request."""
        self._program = program
        self._value = value
        self._has_written = False
        self.request: Operation = next(program)

    def answer(self, result: Result) -> Outcome | None:
        """The request was answered so. None: the next one is ``request``."""
        self._has_written |= has_written(self.request, result)
        try:
            self.request = self._program.send(result)
        except StopIteration as ended:
            outcome: Outcome = ended.value
            return outcome
        return None

    def refused(self, error: str) -> Outcome:
        """The request has not happened, and never will."""
        return self._end("info" if self._has_written else "fail", error)

    def unanswered(self, error: str) -> Outcome:
        """Nobody knows what became of the request."""
        is_open = self._has_written or not only_reads(self.request)
        return self._end("info" if is_open else "fail", error)

    def _end(self, type_: str, error: str) -> Outcome:
        self._program.close()
        return Outcome(type_, self._value, error)


def only_reads(operation: Operation) -> bool:
    """Whether it changes nothing, whatever it finds."""
    if isinstance(operation, Transaction):
        return all(isinstance(each, Get) for each in (*operation.then, *operation.otherwise))
    return isinstance(operation, Get)


def has_written(operation: Operation, result: Result) -> bool:
    """Whether an operation that was answered so may have changed anything."""
    if isinstance(operation, CompareAndSet):
        return result.succeeded
    if isinstance(operation, Transaction):
        branch = operation.then if result.succeeded else operation.otherwise
        return not all(isinstance(each, Get) for each in branch)
    return not isinstance(operation, Get)
