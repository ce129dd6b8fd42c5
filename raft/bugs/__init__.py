"""The zoo: variants of our Raft, each with one bug that somebody's Raft really had.

A tester that does not find them is not one. A new bug: a file here, with a subclass that overrides
one decision and a call of ``register``.
"""

from importlib import import_module
from pkgutil import iter_modules

from raft.bugs.bug import BUGS, Bug, UnknownBug, get_bug

__all__ = ["BUGS", "Bug", "UnknownBug", "get_bug"]

# Importing a bug's file registers it.
for _module in sorted(each.name for each in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
