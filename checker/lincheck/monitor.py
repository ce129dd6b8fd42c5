"""Judging a run while it runs: events come one by one, and memory is bounded by concurrency.

    monitor = Monitor(get_model("cas-register"))
    for event in events:
        if not monitor.feed(event):
            print(monitor.failure)      # from which event on it is impossible, and on which key
            break
    monitor.finish()                    # what is still open counts as info

Theory of operation
-------------------
Keys are judged by themselves. The frontier takes the events of a key in order, but what a call can
do depends on its result, and that is known only when it ends. So an event is held until all
operations invoked before it on its key have ended, or been given up with ``info``: memory is
bounded by what happens while one operation is open. ``failure`` names the first event by which the
key is impossible, whenever that becomes known; ``finish`` does not wait for what is still open.

With ``unique_values``, registers are judged by zones instead, at once and in constant time an
event (see ``monitors.streaming``).

Events of equal time are concurrent, so completions are held until time goes on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from checker.history import EVENT_TYPES, NEMESIS, Event, HistoryError, Operation
from checker.lincheck.budget import Budget, Meter
from checker.lincheck.frontier import FrontierEngine
from checker.lincheck.monitors.streaming import RegisterStream
from checker.models.model import CallError, Key, Model, distinct


@dataclass(frozen=True, slots=True)
class StreamFailure:
    """Where a run became impossible: by the event of this index, on this key."""

    key: Key
    event: int
    reason: str

    def __str__(self) -> str:
        where = "" if self.key is None else f" on {self.key!r}"
        return f"by event {self.event} the history{where} is impossible: {self.reason}"


class _Open:
    """An operation of a process, from its invocation on; ``ended`` is its completion."""

    __slots__ = ("ended", "invocation", "number", "rank", "until")

    def __init__(self, number: int, rank: int, invocation: Event) -> None:
        self.number = number
        self.rank = rank
        self.invocation = invocation
        self.ended: Event | None = None
        # The rank of its completion; None: it has none, or not yet.
        self.until: int | None = None

    def operation(self) -> Operation:
        """As it is known now."""
        invocation, ended = self.invocation, self.ended
        told = ended is not None and ended.type != "info"
        return Operation(
            invocation.process,
            invocation.f,
            invocation.key,
            invocation.value,
            ended.value if ended is not None and told else None,
            ended.type if ended is not None else "info",
            self.rank,
            self.until if told else None,
            ended.error if ended is not None else None,
            invocation.index,
            ended.index if ended is not None else None,
        )


class _Stream:
    """One key through the frontier."""

    def __init__(self, model: Model, meter: Meter) -> None:
        specification = model.specification()
        self._parse = model.parse
        self._engine = FrontierEngine(
            specification.initial,
            specification.advance,
            None,
            meter.lane(),
            needs=specification.needs,
        )
        # Events in order: True with an operation that begins, False with one that ends.
        self._held: deque[tuple[bool, _Open]] = deque()
        self._live: set[int] = set()

    def begin(self, operation: _Open) -> Operation | None:
        self._held.append((True, operation))
        return None

    def end(self, operation: _Open) -> Operation | None:
        """The operation by whose completion the key became impossible, if one did."""
        self._held.append((False, operation))
        return self._take(self._engine, self._live, self._held, wait=True)

    def finish(self) -> Operation | None:
        """As ``end``, if what is open now never ends."""
        if not self._held:
            return None
        fork = self._engine.fork(None)
        return self._take(fork, set(self._live), deque(self._held), wait=False)

    def _take(
        self,
        engine: FrontierEngine,
        live: set[int],
        held: deque[tuple[bool, _Open]],
        *,
        wait: bool,
    ) -> Operation | None:
        while held:
            begins, operation = held[0]
            if begins and wait and operation.ended is None:
                return None
            held.popleft()
            number = operation.number
            if begins:
                known = operation.operation()
                call = self._parse(known)
                if call is not None:
                    engine.invoke(number, call, known.completed)
                    if known.completed is not None:
                        live.add(number)
            elif number in live:
                live.remove(number)
                alive = engine.complete(number)
                while engine.is_paused:
                    alive = engine.resume()
                if not alive:
                    return operation.operation()
        return None


class _RegisterStream:
    """One register with unique values, by zones."""

    def __init__(self, model: Model) -> None:
        self._stream = RegisterStream(model.initial)

    def begin(self, operation: _Open) -> Operation | None:
        self._stream.feed(operation.invocation)
        return None

    def end(self, operation: _Open) -> Operation | None:
        assert operation.ended is not None
        return None if self._stream.feed(operation.ended) else operation.operation()

    def finish(self) -> Operation | None:
        return None


class Monitor:
    """Consumes events as they come, and says when the run became impossible.

    Raises HistoryError for events that contradict each other, for an operation that the model does
    not know, and for one that ties keys together (a transaction): keys are judged by themselves
    here. BudgetExhausted, when the budget does not suffice; NotApplicable, if ``unique_values``
    were promised and are not.
    """

    def __init__(
        self, model: Model, *, budget: Budget | None = None, unique_values: bool = False
    ) -> None:
        if unique_values and model.name != "register":
            raise ValueError(f"unique values help with a register, not with {model.name!r}")
        self.failure: StreamFailure | None = None
        # Events that were fed, and operations answered with ok.
        self.events = 0
        self.answered = 0
        self._model = model
        self._unique = unique_values
        self._meter = Meter(budget or Budget(seconds=None))
        self._streams: dict[Key, _Stream | _RegisterStream] = {}
        self._open: dict[int | str, _Open] = {}
        self._retired: set[int | str] = set()
        self._number = 0
        self._rank = 0
        self._time: int | None = None
        # Completions of the present time.
        self._waiting: list[tuple[_Open, Event]] = []

    def feed(self, event: Event) -> bool:
        """Take the next event; False once the run is known to be impossible."""
        self.events += 1
        if event.process == NEMESIS or self.failure is not None:
            return self.failure is None
        time = event.time
        if self._waiting and (time is None or time != self._time):
            self._complete_waiting()
        self._time = time
        if event.type == "invoke":
            self._invoke(event)
        elif event.type not in EVENT_TYPES:
            raise _error(event, f"unknown type {event.type!r}")
        else:
            operation = self._pair(event)
            if time is None:
                self._complete(operation, event)
            else:
                self._waiting.append((operation, event))
        return self.failure is None

    def finish(self) -> bool:
        """Whether the run is possible if it ends here: what is open may have happened or not."""
        self._complete_waiting()
        for key, stream in self._streams.items():
            if self.failure is None:
                self._judge(key, stream.finish())
        return self.failure is None

    def _complete_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for operation, event in waiting:
            if self.failure is None:
                self._complete(operation, event)

    def _invoke(self, event: Event) -> None:
        process = event.process
        if process in self._open:
            raise _error(event, f"process {process!r} has an operation open")
        if process in self._retired:
            raise _error(event, f"process {process!r} is used again after an info")
        ties = self._model.ties
        if ties is not None and event.f in ties:
            raise _error(
                event,
                f"{event.f!r} ties keys together, which cannot be judged as it comes; "
                "check the history when it is whole",
            )
        operation = _Open(self._number, self._rank, event)
        self._number += 1
        self._rank += 1
        self._open[process] = operation
        self._stream_of(event).begin(operation)

    def _pair(self, event: Event) -> _Open:
        operation = self._open.pop(event.process, None)
        if operation is None:
            raise _error(event, f"process {event.process!r} completes what it has not invoked")
        invocation = operation.invocation
        if event.f != invocation.f or (event.key is not None and event.key != invocation.key):
            raise _error(event, f"it completes {event.f!r}, but {invocation.f!r} was invoked")
        if event.type == "info":
            self._retired.add(event.process)
        return operation

    def _complete(self, operation: _Open, event: Event) -> None:
        operation.ended = event
        self.answered += event.type == "ok"
        if event.type != "info":
            operation.until = self._rank
        self._rank += 1
        try:
            found = self._stream_of(operation.invocation).end(operation)
        except CallError as error:
            raise _error(event, str(error)) from None
        self._judge(operation.invocation.key, found)

    def _judge(self, key: Key, found: Operation | None) -> None:
        if found is not None:
            assert found.completion is not None
            self.failure = StreamFailure(key, found.completion, str(found))

    def _stream_of(self, event: Event) -> _Stream | _RegisterStream:
        key: Any = None
        if self._model.per_key:
            try:
                key = distinct(event.key)
            except CallError as error:
                raise _error(event, str(error)) from None
        stream = self._streams.get(key)
        if stream is None:
            if self._unique:
                stream = _RegisterStream(self._model)
            else:
                stream = _Stream(self._model, self._meter)
            self._streams[key] = stream
        return stream


def _error(event: Event, reason: str) -> HistoryError:
    return HistoryError(f"event {event.index}: {reason}")
