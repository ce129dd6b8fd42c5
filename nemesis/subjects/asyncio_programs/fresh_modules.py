"""Modules of a program's own for each life of a server, for programs that keep state in globals.

All servers are one process here, so a module's globals would be shared by all of them, and outlive
crashes. A program can ask for copies: of its own module, and of others by the names of packages.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class FreshModules:
    """The copies of one life. They stand in ``sys.modules`` while the program runs, for what is
    imported late, and for pickle."""

    def __init__(self, packages: tuple[str, ...]) -> None:
        self._packages = packages
        self._own: dict[str, ModuleType] = {}
        self._others = self._present() if packages else {}
        # How many modules there were when the program began to run: any more are its own.
        self._count = 0

    def find(self, module: str, name: str) -> Any:
        """What is called ``name`` in a copy of the module."""
        self.enter()
        try:
            found: Any = import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
            return found
        finally:
            self.leave()

    def enter(self) -> None:
        """The program runs: its copies are the modules."""
        if self._packages:
            modules = sys.modules
            for name in self._others:
                modules.pop(name, None)
            modules.update(self._own)
            self._count = len(modules)

    def leave(self) -> None:
        """Everybody else's modules are there again."""
        if self._packages:
            modules = sys.modules
            if len(modules) != self._count:
                self._own = self._present()
            for name in self._own:
                modules.pop(name, None)
            modules.update(self._others)

    def _present(self) -> dict[str, ModuleType]:
        return {name: each for name, each in sys.modules.items() if self._is_copied(name)}

    def _is_copied(self, name: str) -> bool:
        return any(name == each or name.startswith(f"{each}.") for each in self._packages)
