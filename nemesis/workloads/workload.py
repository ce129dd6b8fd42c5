"""What a workload is, and the registry of them.

A workload says which operations clients perform, what each asks of the service and what the answers
mean for the history, by which model the history is judged, and what else is to be said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from checker.accounting import NOTHING, Account
from checker.history import Event, History
from nemesis.chooser import Chooser
from nemesis.schedule import Operate
from nemesis.workloads.performance import Outcome, Performance, Program
from nemesis.workloads.values import Values
from raft.kv.commands import Operation, Result


class Workload:
    """Base of all workloads; they hold no state.

    What is one request to the service says so by ``operation`` and ``outcome``; what takes several
    is a program, ``perform``.
    """

    name: ClassVar[str]
    # The model of checker.models that judges its histories.
    model: ClassVar[str]
    # The kinds of operations, the simplest first, and those of them that change nothing.
    operations: ClassVar[tuple[str, ...]]
    reads: ClassVar[frozenset[str]]
    # Kinds that say little without each other: a run has all of them, or none.
    inseparable: ClassVar[frozenset[str]] = frozenset()
    # Whether values may be written twice: a share of the runs does so, on purpose.
    may_repeat: ClassVar[bool] = True

    def draw(
        self,
        chooser: Chooser,
        kinds: Sequence[str],
        keys: Sequence[str],
        client: int,
        values: Values,
        wait: int,
    ) -> Operate:
        """Draw an operation of one of ``kinds``. ``values`` gives what to write and what to
        compare with."""
        f = chooser.pick(kinds)
        value = self.new_value(f, chooser, values)
        return Operate(client=client, f=f, key=chooser.pick(keys), value=value, wait=wait)

    def new_value(self, f: str, chooser: Chooser, values: Values) -> Any:
        """Draw what an operation of this kind is to be given; None if it is given nothing."""
        return None

    def simpler(self, operate: Operate) -> Iterator[Operate]:
        """Simpler operations that the shrinker may try in the place of this one."""
        yield from ()

    def expecting(self, operate: Operate, value_of: Callable[[str], str | None]) -> Operate:
        """The same operation, comparing with what the keys hold according to ``value_of``."""
        return operate

    def renamed(
        self, value: Any, key_name: Callable[[str], str], value_name: Callable[[str], str]
    ) -> Any:
        """The value of an operation with keys and values of other names; by default all texts in
        it are values. Anything else, also None, an absent value, stays what it is."""
        if isinstance(value, str):
            return value_name(value)
        if isinstance(value, list | tuple):
            return [self.renamed(each, key_name, value_name) for each in value]
        return value

    def perform(self, f: str, key: str | None, value: Any) -> Program:
        """What is asked of the service, request by request, and what the operation comes to. Raises
        ScheduleError, before it asks anything, for an ``f`` or a ``value`` that the workload does
        not know."""
        result = yield self.operation(f, key, value)
        return self.outcome(f, value, result)

    def begin(self, operate: Operate) -> Performance:
        """The operation as it is performed. Raises ScheduleError."""
        return Performance(self.perform(operate.f, operate.key, operate.value), operate.value)

    def operation(self, f: str, key: str | None, value: Any) -> Operation:
        """What is asked of the service, in one request. Raises ScheduleError."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it asks")

    def outcome(self, f: str, value: Any, result: Result) -> Outcome:
        """What the answer to that request means for the history."""
        raise NotImplementedError(f"{type(self).__name__} does not say what answers mean")

    def last_operations(
        self, kinds: Sequence[str], keys: Sequence[str], events: Sequence[Event] = ()
    ) -> list[list[Operate]]:
        """Operations that must succeed after all faults have ended, in groups that are performed
        one after the other: one of each of ``kinds``, a write, and a read of each of ``keys``, so
        that what was acknowledged is seen to be still there. ``events``: the history so far."""
        raise NotImplementedError(f"{type(self).__name__} has no last operations")

    def account(self, history: History) -> Account:
        """What became of that which the workload is about, beside what the model says."""
        return NOTHING


def each_key(f: str, keys: Iterable[str]) -> list[Operate]:
    """The operation on each of the keys, by one client after the other."""
    return [Operate(client=at, f=f, key=key) for at, key in enumerate(keys)]


WORKLOADS: dict[str, Workload] = {}

_W = TypeVar("_W", bound=type[Workload])


def workload(cls: _W) -> _W:
    """Register a workload under its name."""
    if cls.name in WORKLOADS:
        raise ValueError(f"two workloads are named {cls.name!r}")
    WORKLOADS[cls.name] = cls()
    return cls
