"""Loads a version of PySyncObj beside others, each with modules and surroundings of its own.

Its modules are executed with built-in functions of ours: ``import`` finds its own modules and those
of the surroundings, also where it is called late, inside a function; ``open`` opens simulated
files. In ``sys.modules`` they stand under a name with the version, by which pickle finds their
classes again.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from nemesis.subjects.pysyncobj.build import sources
from nemesis.subjects.pysyncobj.mends import mended
from nemesis.subjects.pysyncobj.surroundings import PURE, Surroundings

_PUBLISHED: Final = "pysyncobj"
# What its own transport needs, which is replaced: sockets.
_LEFT_OUT: Final = {
    "tcp_connection": SimpleNamespace(TcpConnection=None, CONNECTION_STATE=None),
    "tcp_server": SimpleNamespace(TcpServer=None),
}


class Loaded:
    """A version: its modules by name, and what is around them."""

    def __init__(self, version: str, folder: Path, mends: tuple[str, ...] = ()) -> None:
        self.version = version
        self.surroundings = Surroundings()
        self.name = "_".join((_PUBLISHED, *version.split("."), *mends)).replace("-", "_")
        self._folder = folder
        self._mends = mends
        self._modules: dict[str, ModuleType] = {}
        self._package = ModuleType(self.name)
        self._package.__path__ = []
        sys.modules[self.name] = self._package
        self._builtins = {
            **vars(builtins),
            "__import__": self._import,
            "open": self.surroundings.open,
        }

    def module(self, name: str) -> Any:
        """One of its modules, which is executed if it was not yet."""
        if name in _LEFT_OUT:
            return _LEFT_OUT[name]
        full_name = f"{self.name}.{name}"
        if name in self._modules:
            return self._modules[name]
        path = self._folder / f"{name}.py"
        source = path.read_text(encoding="utf-8")
        if name == "syncobj":
            source = mended(source, self._mends)
        module = ModuleType(full_name)
        module.__file__ = str(path)
        module.__package__ = self.name
        module.__dict__["__builtins__"] = self._builtins
        self._modules[name] = sys.modules[full_name] = module
        exec(compile(source, str(path), "exec"), module.__dict__)
        setattr(self._package, name, module)
        return module

    def _import(
        self,
        name: str,
        globals_: Mapping[str, Any] | None = None,
        locals_: Mapping[str, Any] | None = None,
        names: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if level or name.startswith(f"{_PUBLISHED}."):
            module = self.module(name.removeprefix(f"{_PUBLISHED}."))
            return module if names else self._package
        if name in self.surroundings.modules:
            return self.surroundings.modules[name]
        # What pickle asks for: classes of its own, and of the program under test.
        if name not in PURE and not name.startswith((f"{self.name}.", "nemesis.")):
            raise ImportError(name)
        return builtins.__import__(name, globals_, locals_, names or (), level)


def load(version: str, mends: tuple[str, ...] = ()) -> Loaded:
    """The version, with these mends, once a process. Raises SubjectMissing, MendError."""
    return _load(version, mends)


@cache
def _load(version: str, mends: tuple[str, ...]) -> Loaded:
    return Loaded(version, sources(version), mends)
