"""Time, randomness and the real world, as a program sees them while it runs in the simulation.

A program reads clocks and draws numbers through modules of the standard library. While one of its
callbacks runs, and only then, and in its thread only, the functions of ``time``, ``random``, ``os``
and others named here do something else: clocks read the node's clock, random numbers come from the
node's generator. What would leave the simulation (sockets, threads, processes, signals, writing
files) is refused by an audit hook, however it is reached.

Whoever has imported such a function by name has the real one, which nobody can exchange: so a
program that does is refused when it is loaded (``refuse_names_of``).
"""

from __future__ import annotations

import _thread
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from random import Random
from threading import get_ident
from types import ModuleType
from typing import Any, Final, Protocol

from nemesis.subjects.asyncio_programs.errors import LeavesTheSimulation

_SECOND: Final = 1_000_000_000
# What ``time.time`` shows when a simulation begins, in s: some day in 2023.
_EPOCH: Final = 1_700_000_000
_DRAWING: Final = (
    "betavariate",
    "choice",
    "choices",
    "expovariate",
    "gammavariate",
    "gauss",
    "getrandbits",
    "getstate",
    "lognormvariate",
    "normalvariate",
    "paretovariate",
    "randbytes",
    "randint",
    "random",
    "randrange",
    "sample",
    "seed",
    "setstate",
    "shuffle",
    "triangular",
    "uniform",
    "vonmisesvariate",
    "weibullvariate",
)
# Audit events (PEP 578) of what leaves the simulation; a name that ends in a dot is a prefix.
_REFUSED: Final = {
    "socket.": "asyncio.open_connection, asyncio.start_server, loop.create_datagram_endpoint",
    "subprocess.Popen": "nothing: other processes are not simulated",
    "os.exec": "nothing: other processes are not simulated",
    "os.fork": "nothing: other processes are not simulated",
    "os.forkpty": "nothing: other processes are not simulated",
    "os.posix_spawn": "nothing: other processes are not simulated",
    "os.spawn": "nothing: other processes are not simulated",
    "os.system": "nothing: other processes are not simulated",
    "os.kill": "nothing: other processes are not simulated",
    "os.link": "host.disk",
    "os.mkdir": "host.disk",
    "os.remove": "host.disk",
    "os.rename": "host.disk",
    "os.rmdir": "host.disk",
    "os.symlink": "host.disk",
    "os.truncate": "host.disk",
    "shutil.": "host.disk",
    "tempfile.": "host.disk",
    "sqlite3.connect": "host.disk",
}
# Of these packages only the module with the program is looked at.
_OURS: Final = ("nemesis", "raft", "checker")
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Process(Protocol):
    """A simulated process, while its code runs."""

    @property
    def reading(self) -> int:
        """Of its clock, in ns; never goes back."""
        ...

    @property
    def random(self) -> Random:
        """Its generator."""
        ...

    def refused(self, error: LeavesTheSimulation) -> None:
        """It asked for what is not simulated: that must not get lost in some handler of its own."""
        ...

    def forgets(self, generator: Any) -> None:
        """It does not hold an asynchronous generator any more that has not ended."""
        ...


# The process whose code runs now, and the thread that it runs in.
_present: Process | None = None
_present_thread = 0
# How many processes there are; what was done with generators before there were any.
_processes = 0
_hooks: tuple[Any, Any] = (None, None)
_is_watched = False


def refuse(what: str, instead: str) -> LeavesTheSimulation:
    """The error for whoever asks for ``what``, to be raised; the process that runs is told."""
    error = LeavesTheSimulation(
        f"the program asks for {what}, which leaves the simulation; use {instead}"
    )
    if _present is not None:
        _present.refused(error)
    return error


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook. It stays for as long as Python runs, and does nothing unless a program does
    something in the simulation."""
    if _present is None or get_ident() != _present_thread:
        return
    instead = _REFUSED.get(event) or _REFUSED.get(event.partition(".")[0] + ".")
    if instead is not None:
        raise refuse(event, instead)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        raise refuse(f"writing to the file {arguments[0]!r}", "host.disk")


def _either(real: Callable[..., Any], simulated: Callable[..., Any]) -> Callable[..., Any]:
    """``simulated`` where a program runs; other threads of this process get the real one."""

    def call(*arguments: Any, **options: Any) -> Any:
        if _present is None or get_ident() != _present_thread:
            return real(*arguments, **options)
        return simulated(_present, *arguments, **options)

    return call


def _drawing(name: str) -> Callable[..., Any]:
    def draw(process: Process, *arguments: Any, **options: Any) -> Any:
        return getattr(process.random, name)(*arguments, **options)

    return draw


def _refusing(what: str, instead: str) -> Callable[..., Any]:
    def call(_process: Process, *_arguments: Any, **_options: Any) -> Any:
        raise refuse(what, instead)

    return call


class _SeededRandom(Random):
    """``random.Random`` without a seed would take one from the operating system."""

    def __init__(self, seed: Any = None) -> None:
        if seed is None and _present is not None and get_ident() == _present_thread:
            seed = _present.random.getrandbits(64)
        super().__init__(seed)


_SIMULATED: Final[dict[ModuleType, dict[str, Callable[..., Any]]]] = {
    time: {
        "time": lambda process: _EPOCH + process.reading / _SECOND,
        "time_ns": lambda process: _EPOCH * _SECOND + process.reading,
        "monotonic": lambda process: process.reading / _SECOND,
        "monotonic_ns": lambda process: process.reading,
        "perf_counter": lambda process: process.reading / _SECOND,
        "perf_counter_ns": lambda process: process.reading,
        "sleep": _refusing("time.sleep", "await asyncio.sleep"),
    },
    random: {name: _drawing(name) for name in _DRAWING},
    os: {"urandom": lambda process, size: process.random.randbytes(size)},
    signal: {"signal": _refusing("signal.signal", "nothing: signals are not simulated")},
    # Below threading.Thread, as far as no audit event tells of it (before Python 3.12).
    _thread: {"start_new_thread": _refusing("a thread", "tasks")},
    threading: {
        name: _refusing("a thread", "tasks")
        for name in ("_start_new_thread", "_start_joinable_thread")
        if hasattr(threading, name)
    },
}
_REAL: Final[list[tuple[dict[str, Any], dict[str, Any]]]] = [
    (vars(module), {name: getattr(module, name) for name in names})
    for module, names in _SIMULATED.items()
]
_EXCHANGED: Final[list[tuple[dict[str, Any], dict[str, Any]]]] = [
    (vars(module), {name: _either(getattr(module, name), call) for name, call in names.items()})
    for module, names in _SIMULATED.items()
]
# Functions by the ids of what a module has that imported them by name.
_NAMES: Final = {
    id(getattr(module, name)): f"{module.__name__}.{name}"
    for module, names in _SIMULATED.items()
    for name in names
}
_REAL.append((vars(random), {"Random": Random, "_urandom": os.urandom}))
_EXCHANGED.append(
    (
        vars(random),
        {"Random": _SeededRandom, "_urandom": _either(os.urandom, _SIMULATED[os]["urandom"])},
    )
)


def process_starts() -> None:
    """Exchange the functions, if this is the only process; they do as they always do unless a
    program runs (``enter``). To exchange them for each callback would take longer than most."""
    global _processes, _is_watched, _hooks  # noqa: PLW0603
    if not _is_watched:
        sys.addaudithook(_watch)
        _is_watched = True
    _processes += 1
    if _processes == 1:
        _hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, _on_forgotten_generator)
        for namespace, names in _EXCHANGED:
            namespace.update(names)


def process_ends() -> None:
    """A process is gone; after the last one everything is as it was."""
    global _processes  # noqa: PLW0603
    _processes -= 1
    if not _processes:
        sys.set_asyncgen_hooks(*_hooks)
        for namespace, names in _REAL:
            namespace.update(names)


def enter(process: Process) -> None:
    """From now on, until ``leave``, the code of ``process`` runs."""
    global _present, _present_thread
    _present, _present_thread = process, get_ident()


def leave() -> None:
    """The code of the process returns."""
    global _present  # noqa: PLW0603
    _present = None


def _on_forgotten_generator(generator: Any) -> None:
    """Nobody holds an asynchronous generator any more that has not come to its end. The loop of the
    program is told, if one runs: else it was the garbage collector that came across it, and nobody
    knows when that is."""
    if _present is not None and get_ident() == _present_thread:
        _present.forgets(generator)


def refuse_names_of(module: ModuleType) -> None:
    """Raise LeavesTheSimulation if ``module``, or one of its package that it uses, has imported by
    name what only its own module can exchange: it would read the real clock."""
    for each in _used_by(module):
        for name, value in vars(each).items():
            if (known := _NAMES.get(id(value))) is not None:
                owner = known.partition(".")[0]
                raise LeavesTheSimulation(
                    f"{each.__name__} has imported {known} by name, as {name}: import {owner}, and "
                    f"call {known}, which the simulation can exchange"
                )


def _used_by(module: ModuleType) -> list[ModuleType]:
    """The module and those of its package that it holds or has names of, and so on."""
    package = module.__name__.partition(".")[0]
    found = {module.__name__: module}
    todo = [] if package in _OURS else [module]
    while todo:
        for value in list(vars(todo.pop()).values()):
            name = value.__name__ if isinstance(value, ModuleType) else _home(value)
            if name.partition(".")[0] == package and name not in found and name in sys.modules:
                found[name] = sys.modules[name]
                todo.append(found[name])
    return list(found.values())


def _home(value: object) -> str:
    name = getattr(value, "__module__", None)
    return name if isinstance(name, str) else ""
