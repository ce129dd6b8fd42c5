"""Values of a server's attributes, frozen: equal ones are equal tuples, and can be thawed."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from nemesis.errors import NemesisError
from raft.consensus.configuration import Configuration
from raft.consensus.progress import Progress
from raft.consensus.reads import ConfirmedRead, PendingRead

_STRUCTS: dict[str, type[msgspec.Struct]] = {
    each.__name__: each for each in (Configuration, ConfirmedRead, PendingRead)
}
_PLAIN = (int, str, bytes, float, type(None))


class NotModelled(NemesisError):
    """This part of a variant, or of what it remembers, has no place in a world that is explored;
    the message names it."""


def freeze(value: Any) -> Any:
    """The value as a tuple of plain values, or itself if it is one. Raises NotModelled."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Progress):
        return ("progress", *(freeze(getattr(value, name)) for name in Progress.__slots__))
    if isinstance(value, list | tuple | deque):
        return (type(value).__name__, *map(freeze, value))
    if isinstance(value, set | frozenset):
        return (type(value).__name__, *sorted(map(freeze, value), key=repr))
    if isinstance(value, dict):
        items = ((freeze(key), freeze(each)) for key, each in value.items())
        return ("dict", *sorted(items, key=repr))
    name = type(value).__name__
    if name in _STRUCTS:
        return (name, *(freeze(getattr(value, field)) for field in value.__struct_fields__))
    raise NotModelled(f"a server remembers a {name}, which exploring cannot save and restore")


def thaw(frozen: Any) -> Any:
    """The value again, nothing of it shared with others."""
    if not isinstance(frozen, tuple):
        return frozen
    kind, *items = frozen
    if kind == "progress":
        progress = Progress.__new__(Progress)
        for name, item in zip(Progress.__slots__, items, strict=True):
            setattr(progress, name, thaw(item))
        return progress
    if kind == "dict":
        return {thaw(key): thaw(each) for key, each in items}
    if kind in _STRUCTS:
        return _STRUCTS[kind](*map(thaw, items))
    return _COLLECTIONS[kind](map(thaw, items))


_COLLECTIONS: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "deque": deque,
    "set": set,
    "frozenset": frozenset,
}
